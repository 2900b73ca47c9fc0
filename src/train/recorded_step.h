#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "train/step.h"

namespace chestmap {

/// Runs a step on a GPU as a CUDA graph: after a few steps that warm up, one is recorded, and from
/// then on a batch of the same size is one launch. A batch of another size, and every batch on the
/// CPU or where this libtorch has no CUDA, runs operation by operation. The step must read its
/// input alone, wait for nothing, and keep what it changes on the device.
class RecordedStep {
 public:
  using Step = std::function<at::Tensor(const StepInput&)>;

  /// `record` asks for the graph.
  RecordedStep(Step step, bool record);
  RecordedStep(const RecordedStep&) = delete;
  RecordedStep& operator=(const RecordedStep&) = delete;
  ~RecordedStep();

  /// What the step returns; to be read, or copied, before the next one is queued.
  at::Tensor run(const StepInput& input);

 private:
  class Graph;

  Step step_;
  bool record_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace chestmap
