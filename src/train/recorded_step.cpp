#include "train/recorded_step.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#ifdef CHESTMAP_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/version.h>
#endif

namespace chestmap {

#ifdef CHESTMAP_CUDA

namespace {

/// The tensors of an input, in one order; undefined ones too.
std::vector<at::Tensor> tensors_of(const StepInput& input) {
  return {input.images, input.labels, input.counts.positives, input.counts.negatives,
          input.stage_keep};
}

StepInput input_of(const std::vector<at::Tensor>& tensors) {
  return {tensors[0], tensors[1], {tensors[2], tensors[3]}, tensors[4]};
}

bool same_sizes(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].defined() != b[i].defined() || (a[i].defined() && a[i].sizes() != b[i].sizes()))
      return false;
  return a.size() == b.size();
}

}  // namespace

/// The default stream cannot be recorded, and what libraries set up for a stream must be there
/// before.
class RecordedStep::Stream {
 public:
  Stream(c10::Device device, bool record)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())),
        record_(record) {}

  LateValue run(const Step& step, const StepInput& input, const std::function<void()>& prepare) {
    after(outside(), stream_);
    for (const at::Tensor& tensor : tensors_of(input))
      if (tensor.defined()) tensor.record_stream(stream_);  // or its memory is given away meanwhile
    const c10::cuda::CUDAStreamGuard guard(stream_);
    prepare();
    return LateValue(on_stream(step, input));
  }

  void join() { after(stream_, outside()); }

 private:
  static constexpr int kWarmUp = 3;

  [[nodiscard]] c10::cuda::CUDAStream outside() const {
    return c10::cuda::getCurrentCUDAStream(stream_.device_index());
  }

  /// Work queued on `later` from now on waits for what is queued on `earlier`.
  static void after(const c10::cuda::CUDAStream& earlier, const c10::cuda::CUDAStream& later) {
    at::cuda::CUDAEvent event;
    event.record(earlier);
    event.block(later);
  }

  at::Tensor on_stream(const Step& step, const StepInput& input) {
    if (!record_) return step(input);
    const std::vector<at::Tensor> given = tensors_of(input);
    if (steps_ == 0) shape_ = given;
    if (!same_sizes(given, shape_)) return step(input);
    if (steps_ < kWarmUp) {
      ++steps_;
      return step(input);
    }
    if (!graph_) record(step, given);
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i].defined()) own_[i].copy_(given[i], /*non_blocking=*/true);
    graph_->replay();
    return loss_;
  }

  void record(const Step& step, const std::vector<at::Tensor>& given) {
    for (const at::Tensor& tensor : given)
      own_.push_back(tensor.defined() ? at::empty_like(tensor) : tensor);
    shape_ = own_;  // the first batch's memory may go
    graph_ = std::make_unique<at::cuda::CUDAGraph>();
#if TORCH_VERSION_MAJOR >= 2
    // Other threads, which decode and copy images, are not recorded.
    graph_->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
#else
    graph_->capture_begin();
#endif
    loss_ = step(input_of(own_));
    graph_->capture_end();
  }

  c10::cuda::CUDAStream stream_;
  bool record_;
  int steps_ = 0;                  // of the recorded sizes
  std::vector<at::Tensor> shape_;  // inputs of those sizes
  std::vector<at::Tensor> own_;    // what the graph reads
  at::Tensor loss_;                // what it writes
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

LateValue RecordedStep::run(const StepInput& input, const std::function<void()>& prepare) {
  if (input.images.is_cuda()) {
    if (!stream_) stream_ = std::make_unique<Stream>(input.images.device(), record_);
    return stream_->run(step_, input, prepare);
  }
  prepare();
  return LateValue(step_(input));
}

void RecordedStep::join() {
  if (stream_) stream_->join();
}

#else

class RecordedStep::Stream {};

LateValue RecordedStep::run(const StepInput& input, const std::function<void()>& prepare) {
  prepare();
  return LateValue(step_(input));
}

void RecordedStep::join() {}

#endif

RecordedStep::RecordedStep(Step step, bool record) : step_(std::move(step)), record_(record) {}

RecordedStep::~RecordedStep() = default;

}  // namespace chestmap
