#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "distributed/communicator.h"

namespace chestmap {

/// Groups tensors of the given sizes in bytes, in their order, so that a group closes once it holds
/// `limit` bytes or more; the first once it holds a quarter of that, so that sending begins early.
/// Indices into `bytes`; no group is empty.
[[nodiscard]] std::vector<std::vector<std::size_t>> plan_buckets(std::span<const std::size_t> bytes,
                                                                 std::size_t limit);

/// What was exchanged since the counting began.
struct BucketTraffic {
  std::int64_t steps = 0;
  std::size_t buckets = 0;       ///< of a step
  std::int64_t payload = 0;      ///< bytes of gradients summed, over all steps
  double exchanging = 0.0;       ///< seconds in which a sum was under way
  double behind_backward = 0.0;  ///< of these, while the backward pass was computing
  /// Bytes that a rank sends for them: the ring's 2 (R - 1) / R of the payload.
  [[nodiscard]] double sent(int ranks) const noexcept;
};

/// Sums gradients over the ranks during the backward pass. Parameters are grouped into buckets in
/// the order in which their gradients become ready; a bucket is sent once its last gradient is
/// there and all before it are sent, so that the ranks send in one order. That order is learned
/// from the first step, whose gradients are sent when it is over. Parameters that the first step
/// gives no gradient have none in any step. On the CPU the times are measured; on a GPU they are
/// not known.
class GradientBuckets {
 public:
  /// `parameters` are leaves of one type and device, dense in any order of their axes.
  GradientBuckets(std::vector<at::Tensor> parameters, Communicator& communicator,
                  std::size_t bucket_bytes);
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;
  ~GradientBuckets();

  /// Before each backward pass: no parameter has a gradient then.
  void start();
  /// After it: waits, and makes each gradient its sum over the ranks.
  void finish();

  [[nodiscard]] const BucketTraffic& traffic() const noexcept { return traffic_; }

 private:
  struct Slot {
    std::size_t parameter = 0;
    at::Tensor view;  // of the bucket, shaped as the parameter
  };
  struct Bucket {
    at::Tensor values;
    std::vector<Slot> slots;
    std::size_t waiting = 0;  // gradients that are not there yet
    Communicator::Pending sum;
  };
  struct Place {
    std::size_t bucket = 0;
    std::size_t slot = 0;
  };

  void on_gradient(std::size_t parameter, const at::Tensor& gradient);
  void fill(Bucket& bucket, const Slot& slot, const at::Tensor& gradient);
  void send_ready();
  void plan();
  void count(Communicator::Clock::time_point backward_end);

  std::vector<at::Tensor> parameters_;
  Communicator& communicator_;
  std::size_t bucket_bytes_;
  std::vector<unsigned> hooks_;
  std::vector<std::size_t> arrived_;  // in the first step
  std::vector<Bucket> buckets_;       // empty before its end
  std::vector<Place> places_;         // of each parameter
  std::size_t next_to_send_ = 0;
  BucketTraffic traffic_;
};

}  // namespace chestmap
