#include "distributed/gradient_buckets.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace chestmap {

namespace {

constexpr std::size_t kFirstShare = 4;  // the first bucket's share of a bucket's size
constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

double seconds(Communicator::Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

double BucketTraffic::sent(int ranks) const noexcept {
  return 2.0 * (ranks - 1) / ranks * static_cast<double>(payload);
}

std::vector<std::vector<std::size_t>> plan_buckets(std::span<const std::size_t> bytes,
                                                   std::size_t limit) {
  std::vector<std::vector<std::size_t>> buckets;
  std::size_t filled = 0;
  bool open = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!open) buckets.emplace_back();
    buckets.back().push_back(i);
    filled = (open ? filled : 0) + bytes[i];
    open = filled < (buckets.size() == 1 ? limit / kFirstShare : limit);
  }
  return buckets;
}

GradientBuckets::GradientBuckets(std::vector<at::Tensor> parameters, Communicator& communicator,
                                 std::size_t bucket_bytes)
    : parameters_(std::move(parameters)), communicator_(communicator), bucket_bytes_(bucket_bytes) {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    hooks_.push_back(parameters_[i].register_hook(
        [this, i](const at::Tensor& gradient) { on_gradient(i, gradient); }));
}

GradientBuckets::~GradientBuckets() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].remove_hook(hooks_[i]);
}

void GradientBuckets::start() {
  for (const at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  arrived_.clear();
  next_to_send_ = 0;
  for (Bucket& bucket : buckets_) bucket.waiting = bucket.slots.size();
}

void GradientBuckets::on_gradient(std::size_t parameter, const at::Tensor& gradient) {
  if (!gradient.defined()) return;
  if (buckets_.empty()) {
    arrived_.push_back(parameter);
    return;
  }
  const Place place = places_[parameter];
  if (place.bucket == kNowhere)
    throw std::logic_error("a parameter without a gradient in the first step has one now");
  Bucket& bucket = buckets_[place.bucket];
  fill(bucket, bucket.slots[place.slot], gradient);
  send_ready();
}

void GradientBuckets::fill(Bucket& bucket, const Slot& slot, const at::Tensor& gradient) {
  const at::NoGradGuard no_gradient;
  slot.view.copy_(gradient);
  --bucket.waiting;
}

void GradientBuckets::send_ready() {
  for (; next_to_send_ < buckets_.size() && buckets_[next_to_send_].waiting == 0; ++next_to_send_)
    buckets_[next_to_send_].sum = communicator_.start_sum(buckets_[next_to_send_].values);
}

void GradientBuckets::plan() {
  // One order for all, whatever the ranks saw.
  std::vector<std::int64_t> order(arrived_.begin(), arrived_.end());
  const at::Tensor shared = at::tensor(order, at::kLong);
  communicator_.broadcast(shared);
  std::vector<std::size_t> bytes;
  for (std::int64_t i = 0; i < shared.numel(); ++i) {
    arrived_[static_cast<std::size_t>(i)] =
        static_cast<std::size_t>(shared[i].item<std::int64_t>());
    bytes.push_back(parameters_[arrived_[static_cast<std::size_t>(i)]].nbytes());
  }
  places_.assign(parameters_.size(), {kNowhere, 0});
  for (const std::vector<std::size_t>& members : plan_buckets(bytes, bucket_bytes_)) {
    Bucket bucket;
    std::int64_t count = 0;
    for (const std::size_t i : members) count += parameters_[arrived_[i]].numel();
    bucket.values = at::zeros({count}, parameters_.front().detach().options());
    std::int64_t offset = 0;
    for (const std::size_t i : members) {
      const at::Tensor& parameter = parameters_[arrived_[i]];
      places_[arrived_[i]] = {buckets_.size(), bucket.slots.size()};
      bucket.slots.push_back(
          {arrived_[i], bucket.values.as_strided(parameter.sizes(), parameter.strides(), offset)});
      offset += parameter.numel();
    }
    bucket.waiting = bucket.slots.size();
    buckets_.push_back(std::move(bucket));
  }
}

void GradientBuckets::finish() {
  const auto backward_end = Communicator::Clock::now();
  if (buckets_.empty()) {
    plan();
    for (Bucket& bucket : buckets_)
      for (const Slot& slot : bucket.slots) fill(bucket, slot, parameters_[slot.parameter].grad());
    send_ready();
  }
  if (next_to_send_ != buckets_.size())
    throw std::logic_error("a parameter with a gradient in the first step has none now");
  for (Bucket& bucket : buckets_) {
    bucket.sum.wait();
    for (const Slot& slot : bucket.slots) parameters_[slot.parameter].mutable_grad() = slot.view;
  }
  count(backward_end);
}

void GradientBuckets::count(Communicator::Clock::time_point backward_end) {
  ++traffic_.steps;
  traffic_.buckets = buckets_.size();
  // Sums overlap each other: the time in which any was under way.
  Communicator::Clock::time_point covered{};
  for (const Bucket& bucket : buckets_) {
    traffic_.payload += static_cast<std::int64_t>(bucket.values.nbytes());
    const auto began = std::max(bucket.sum.began(), covered);
    const auto ended = std::max(bucket.sum.ended(), began);
    traffic_.exchanging += seconds(ended - began);
    traffic_.behind_backward += seconds(std::max(std::min(ended, backward_end), began) - began);
    covered = ended;
  }
}

}  // namespace chestmap
