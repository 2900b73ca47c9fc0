#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "train/late_value.h"
#include "train/step.h"

namespace chestmap {

/// Runs steps, on a GPU on a stream of their own, beside which the next batch is copied and
/// augmented. There a step can be a CUDA graph: after a few that warm up, one is recorded, and from
/// then on a batch of the same size is one launch, while a batch of another size runs operation by
/// operation. The step must read its input alone, wait for nothing, and keep what it changes on the
/// device. On the CPU, and where this libtorch has no CUDA, steps simply run.
class RecordedStep {
 public:
  using Step = std::function<at::Tensor(const StepInput&)>;

  /// `record` asks for the graph.
  RecordedStep(Step step, bool record);
  RecordedStep(const RecordedStep&) = delete;
  RecordedStep& operator=(const RecordedStep&) = delete;
  ~RecordedStep();

  /// What the step returns, a scalar. `prepare` runs right before, and is never recorded.
  [[nodiscard]] LateValue run(const StepInput& input, const std::function<void()>& prepare);
  /// What the caller queues from now on comes after the steps.
  void join();

 private:
  class Stream;

  Step step_;
  [[maybe_unused]] bool record_;    // where there is CUDA
  std::unique_ptr<Stream> stream_;  // of the GPU
};

}  // namespace chestmap
