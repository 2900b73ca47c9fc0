// The one file that includes c10d. Its interface differs between libtorch 1.13 and PyTorch 2: what
// exchanges tensors is a ProcessGroup there and a Backend here. libtorch's CMake package says by
// USE_C10D_GLOO and USE_C10D_NCCL what it was built with; NCCL's own header may be missing.
#include "distributed/communicator.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define CHESTMAP_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>

namespace chestmap {

namespace {

#if TORCH_VERSION_MAJOR >= 2
using Group = c10d::Backend;
#else
using Group = c10d::ProcessGroup;
#endif

constexpr int kGlooThreads = 2;

std::shared_ptr<gloo::transport::Device> gloo_device(const std::string& address) {
  using Gloo = c10d::ProcessGroupGloo;
  if (const auto interface = environment_variable("GLOO_SOCKET_IFNAME"))
    return Gloo::createDeviceForInterface(*interface);
  if (address == "127.0.0.1" || address == "localhost")
    return Gloo::createDeviceForHostname("127.0.0.1");
  return Gloo::createDefaultDevice();
}

c10::intrusive_ptr<c10d::Store> make_store(const RankPlace& place,
                                           std::chrono::milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = place.rank == 0 && !place.store_is_kept;
  options.numWorkers = static_cast<std::size_t>(place.ranks);
  options.waitWorkers = !place.store_is_kept;
  options.timeout = timeout;
  auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
  return c10::make_intrusive<c10d::PrefixStore>(place.store_prefix + "/chestmap", store);
}

c10::intrusive_ptr<Group> make_gloo(const c10::intrusive_ptr<c10d::Store>& store,
                                    const RankPlace& place, std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(gloo_device(place.address));
  options->threads = kGlooThreads;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::make_intrusive<c10d::PrefixStore>("gloo", store), place.rank, place.ranks, options);
}

#ifdef CHESTMAP_NCCL
c10::intrusive_ptr<Group> make_nccl(const c10::intrusive_ptr<c10d::Store>& store,
                                    const RankPlace& place, std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(
      c10::make_intrusive<c10d::PrefixStore>("nccl", store), place.rank, place.ranks, options);
}
#else
c10::intrusive_ptr<Group> make_nccl(const c10::intrusive_ptr<c10d::Store>& /*store*/,
                                    const RankPlace& /*place*/,
                                    std::chrono::milliseconds /*timeout*/) {
  throw UserError("several ranks on GPUs need NCCL, and this program was built without it",
                  "build against a PyTorch with CUDA, with NCCL's header at hand");
}
#endif

at::Tensor bytes_of(const std::string& text) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::memcpy(bytes.data_ptr(), text.data(), text.size());
  return bytes;
}

std::string text_of(const at::Tensor& bytes) {
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

}  // namespace

class Communicator::Groups {
 public:
  Groups(const RankPlace& place, c10::Device device, std::chrono::milliseconds timeout)
      : timeout_(timeout) {
    const auto store = make_store(place, timeout);
    cpu_ = make_gloo(store, place, timeout);
    if (device.is_cuda()) gpu_ = make_nccl(store, place, timeout);
  }
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;
  ~Groups() {
    if (!broken_) return;
    // They would wait for exchanges that never end.
    static_cast<void>(cpu_.release());
    static_cast<void>(gpu_.release());
  }

  [[nodiscard]] Group& of(const at::Tensor& tensor) const {
    return tensor.is_cuda() ? *gpu_ : *cpu_;
  }
  [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return timeout_; }
  void give_up() noexcept { broken_ = true; }

 private:
  std::chrono::milliseconds timeout_;
  c10::intrusive_ptr<Group> cpu_;
  c10::intrusive_ptr<Group> gpu_;
  bool broken_ = false;
};

struct Communicator::Pending::State {
  const Communicator* owner = nullptr;
  c10::intrusive_ptr<c10d::Work> work;
  std::vector<at::Tensor> tensors;
  Clock::time_point began = Clock::now();
  // Set by the thread that exchanges.
  std::shared_ptr<std::atomic<Clock::time_point>> ended =
      std::make_shared<std::atomic<Clock::time_point>>(Clock::time_point());
};

void Communicator::Pending::wait() {
  if (!state_) return;
  try {
    state_->work->wait();
  } catch (const std::exception& error) {
    state_->owner->fail(error.what());
  }
  if (state_->ended->load() == Clock::time_point()) state_->ended->store(Clock::now());
}

Communicator::Clock::time_point Communicator::Pending::began() const noexcept {
  return state_ ? state_->began : Clock::time_point();
}

Communicator::Clock::time_point Communicator::Pending::ended() const noexcept {
  return state_ ? state_->ended->load() : Clock::time_point();
}

Communicator::Communicator() = default;

Communicator::Communicator(const RankPlace& place, c10::Device device,
                           std::chrono::milliseconds timeout)
    : rank_(place.rank), ranks_(place.ranks) {
  if (ranks_ == 1) return;
  try {
    groups_ = std::make_unique<Groups>(place, device, timeout);
  } catch (const UserError&) {
    throw;
  } catch (const std::exception& error) {
    throw UserError(
        fmt::format("rank {} of {} did not find the others at {}, port {}: {}", rank_, ranks_,
                    place.address, place.port, error.what()),
        "do all ranks run, with the same MASTER_ADDR and MASTER_PORT, and is the port free and "
        "open? GLOO_SOCKET_IFNAME names the network interface");
  }
}

Communicator::~Communicator() = default;

void Communicator::fail(const std::string& reason) const {
  groups_->give_up();
  throw LostRanks(
      fmt::format("rank {} of {} lost the others: one has ended, or has not answered for {} s ({})",
                  rank_, ranks_, groups_->timeout().count() / 1000, reason),
      "its own message says why; `chestmap train --resume` goes on from the last checkpoint, with "
      "any number of ranks");
}

Communicator::Pending Communicator::start_sum(const at::Tensor& tensor) {
  Pending pending;
  if (!groups_) return pending;
  pending.state_ = std::make_shared<Pending::State>();
  pending.state_->owner = this;
  pending.state_->tensors = {tensor};
  try {
    pending.state_->work = groups_->of(tensor).allreduce(pending.state_->tensors);
  } catch (const std::exception& error) {
    fail(error.what());
  }
  if (!tensor.is_cuda())
    pending.state_->work->getFuture()->addCallback(
        [ended = pending.state_->ended](c10::ivalue::Future& /*future*/) {
          ended->store(Clock::now());
        });
  return pending;
}

void Communicator::sum(const at::Tensor& tensor) { start_sum(tensor).wait(); }

void Communicator::broadcast(const at::Tensor& tensor) {
  if (!groups_ || tensor.numel() == 0) return;
  std::vector<at::Tensor> tensors = {tensor};
  try {
    groups_->of(tensor).broadcast(tensors)->wait();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

std::string Communicator::broadcast(const std::string& text) {
  if (!groups_) return text;
  const at::Tensor size = at::tensor(static_cast<std::int64_t>(text.size()), at::kLong);
  broadcast(size);
  const at::Tensor bytes =
      leads() ? bytes_of(text) : at::empty({size.item<std::int64_t>()}, at::kByte);
  broadcast(bytes);
  return text_of(bytes);
}

at::Tensor Communicator::gather_rows(const at::Tensor& rows) {
  if (!groups_) return rows;
  at::Tensor counts = at::zeros({ranks_}, at::kLong);
  counts[rank_] = rows.size(0);
  sum(counts);
  const auto most = counts.max().item<std::int64_t>();
  if (most == 0) return rows;
  // All ranks send equally many; the rest is padding.
  std::vector<std::int64_t> shape = rows.sizes().vec();
  shape[0] = most;
  std::vector<at::Tensor> own = {at::zeros(shape, rows.options())};
  own[0].narrow(0, 0, rows.size(0)).copy_(rows);
  std::vector<std::vector<at::Tensor>> all(1);
  for (int r = 0; r < ranks_; ++r) all[0].push_back(at::empty_like(own[0]));
  try {
    groups_->of(rows).allgather(all, own)->wait();
  } catch (const std::exception& error) {
    fail(error.what());
  }
  for (int r = 0; r < ranks_; ++r) {
    at::Tensor& part = all[0][static_cast<std::size_t>(r)];
    part = part.narrow(0, 0, counts[r].item<std::int64_t>());
  }
  return at::cat(all[0]);
}

std::vector<std::string> Communicator::gather(const std::string& text) {
  const at::Tensor sizes =
      gather_rows(at::tensor({static_cast<std::int64_t>(text.size())}, at::kLong));
  const std::string joined = text_of(gather_rows(bytes_of(text)));
  std::vector<std::string> texts;
  std::size_t begin = 0;
  for (std::int64_t r = 0; r < sizes.size(0); ++r) {
    const auto size = static_cast<std::size_t>(sizes[r].item<std::int64_t>());
    texts.push_back(joined.substr(begin, size));
    begin += size;
  }
  return texts;
}

}  // namespace chestmap
