#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "data/loader.h"
#include "distributed/communicator.h"
#include "nn/loss.h"

namespace chestmap {

/// This rank's part of a batch, and what it must know of the whole.
struct BatchShare {
  Batch batch;
  std::int64_t first = 0;   ///< place of its first image in the whole batch
  std::int64_t images = 0;  ///< of the whole batch
  std::int64_t fewest = 0;  ///< images of the rank that has fewest
  LabelCounts counts;       ///< of the whole batch, on the CPU, float
};

/// The batches of a loader that makes one rank's parts. What the ranks tell each other about a
/// batch is exchanged while the one before it is computed.
class BatchFeed {
 public:
  /// `images` are those of an epoch, over all ranks; of them at most the share `most_skipped` may
  /// be unreadable.
  BatchFeed(Loader& loader, Communicator& communicator, std::size_t findings, std::size_t images,
            double most_skipped);

  /// Begins `epoch` at batch `first_batch`.
  void start(std::uint64_t epoch, std::size_t first_batch, Content content);
  /// The share of the time since `start` was called that went into waiting for this rank's loader,
  /// in [0, 1].
  [[nodiscard]] double waited_share() const;
  /// The next batch, or nothing at the epoch's end: on all ranks alike. Throws UserError on all of
  /// them where too many images of the epoch cannot be read.
  [[nodiscard]] std::optional<BatchShare> next();

 private:
  struct Ahead {
    Batch batch;
    at::Tensor numbers;  // images of each rank, unreadable ones, positives and negatives a finding
    Communicator::Pending sum;
  };

  [[nodiscard]] std::optional<Ahead> look_ahead();
  void check_unreadable() const;

  Loader& loader_;
  Communicator& communicator_;
  std::int64_t findings_;
  std::size_t images_;
  double most_skipped_;
  std::optional<Ahead> ahead_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::duration<double> waited_{};
  std::size_t unreadable_ = 0;  // of the epoch, over all ranks
};

}  // namespace chestmap
