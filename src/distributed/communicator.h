#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "distributed/rank_place.h"

namespace chestmap {

/// Another rank has ended or does not answer. What went wrong is that rank's to say.
class LostRanks : public UserError {
 public:
  using UserError::UserError;
};

/// What the processes that train together exchange, by libtorch's c10d: tensors on the CPU through
/// Gloo, those on a GPU through NCCL. A communicator of one rank exchanges nothing, and every
/// operation leaves its tensor as it is.
///
/// All ranks call the same operations in the same order, with tensors of the same type and shape
/// where nothing else is said. Tensors are contiguous. Operations throw LostRanks where another
/// rank has ended, or has not answered within the timeout; nothing can be exchanged after that.
class Communicator {
 public:
  using Clock = std::chrono::steady_clock;

  /// One rank alone.
  Communicator();
  /// Waits for all ranks, at most for `timeout`, which is also how long each later operation waits
  /// for the others. `device` is where the tensors of training lie. Throws UserError where the
  /// ranks do not find each other, and for a GPU where this libtorch has no NCCL.
  Communicator(const RankPlace& place, c10::Device device, std::chrono::milliseconds timeout);
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  ~Communicator();

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int ranks() const noexcept { return ranks_; }
  /// Rank 0 alone writes files and says how far training is.
  [[nodiscard]] bool leads() const noexcept { return rank_ == 0; }

  /// An exchange that goes on while its rank computes.
  class Pending {
   public:
    /// Until the tensor holds the sum; on a GPU it is the stream that waits.
    void wait();
    /// When it began, and when it was done: the time of `wait` on a GPU.
    [[nodiscard]] Clock::time_point began() const noexcept;
    [[nodiscard]] Clock::time_point ended() const noexcept;

   private:
    friend class Communicator;
    struct State;
    std::shared_ptr<State> state_;  // null for one rank
  };

  /// Begins to make `tensor` its sum over the ranks, the same bits on each. It must not be touched
  /// before `wait`.
  [[nodiscard]] Pending start_sum(const at::Tensor& tensor);
  void sum(const at::Tensor& tensor);
  /// Makes `tensor` that of rank 0.
  void broadcast(const at::Tensor& tensor);
  /// Rank 0's text.
  [[nodiscard]] std::string broadcast(const std::string& text);
  /// The rows (N x ..., on the CPU) of all ranks in their order; N may differ between them.
  [[nodiscard]] at::Tensor gather_rows(const at::Tensor& rows);
  /// Each rank's text, in their order.
  [[nodiscard]] std::vector<std::string> gather(const std::string& text);

 private:
  class Groups;

  [[noreturn]] void fail(const std::string& reason) const;

  int rank_ = 0;
  int ranks_ = 1;
  std::unique_ptr<Groups> groups_;  // null for one rank
};

}  // namespace chestmap
