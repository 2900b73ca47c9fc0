#pragma once

#include <ATen/core/Tensor.h>

#include "distributed/communicator.h"
#include "distributed/gradient_buckets.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "train/optimizer.h"
#include "train/train_config.h"
#include "train/weight_average.h"

namespace chestmap {

/// A batch, or this rank's part of one, on the device.
struct StepInput {
  at::Tensor images;      ///< N x H x W
  at::Tensor labels;      ///< N x C, float: 1, 0 or -1 for unknown
  LabelCounts counts;     ///< of the whole batch, float
  at::Tensor stage_keep;  ///< N x S, 1 where a stage is kept; undefined where all are
};

/// One step of training: the loss, its gradients summed over the ranks, the update of the weights
/// and of their average. Nothing in it waits for the device.
class TrainingStep {
 public:
  /// Everything given must outlive it; `buckets` is null where there is one rank.
  TrainingStep(Model& model, Optimizer& optimizer, WeightAverage& average, BalancedLoss loss,
               Communicator& ranks, GradientBuckets* buckets, const TrainOptions& options);

  /// The loss before the update, a scalar on the device: this rank's part, those of all ranks sum
  /// to the batch's.
  at::Tensor run(const StepInput& input);

 private:
  [[nodiscard]] at::Tensor loss_of(const HeadOutput& output, const StepInput& input);

  Model& model_;
  Optimizer& optimizer_;
  WeightAverage& average_;
  BalancedLoss loss_;
  Communicator& ranks_;
  GradientBuckets* buckets_;
  const TrainOptions& options_;
};

}  // namespace chestmap
