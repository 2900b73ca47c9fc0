#include "train/batch_feed.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace chestmap {

BatchFeed::BatchFeed(Loader& loader, Communicator& communicator, std::size_t findings,
                     std::size_t images, double most_skipped)
    : loader_(loader),
      communicator_(communicator),
      findings_(static_cast<std::int64_t>(findings)),
      images_(images),
      most_skipped_(most_skipped) {}

void BatchFeed::start(std::uint64_t epoch, std::size_t first_batch, Content content) {
  // Before the first batch is waited for, which is a wait like any other.
  started_ = std::chrono::steady_clock::now();
  waited_ = {};
  loader_.start(epoch, first_batch, content);
  unreadable_ = 0;
  ahead_ = look_ahead();
}

std::optional<BatchFeed::Ahead> BatchFeed::look_ahead() {
  const auto start = std::chrono::steady_clock::now();
  std::optional<Batch> batch = loader_.next();
  waited_ += std::chrono::steady_clock::now() - start;
  if (!batch) return std::nullopt;
  const std::int64_t ranks = communicator_.ranks();
  const auto count = static_cast<std::int64_t>(batch->records.size());
  // Doubles hold every count exactly.
  Ahead ahead{std::move(*batch), at::zeros({ranks + 1 + 2 * findings_}, at::kDouble), {}};
  ahead.numbers[communicator_.rank()] = count;
  ahead.numbers[ranks] = static_cast<std::int64_t>(ahead.batch.unreadable);
  const LabelCounts counts = count_labels(
      at::from_blob(ahead.batch.labels.data(), {count, findings_}, at::kChar).to(at::kDouble));
  ahead.numbers.narrow(0, ranks + 1, findings_).copy_(counts.positives);
  ahead.numbers.narrow(0, ranks + 1 + findings_, findings_).copy_(counts.negatives);
  ahead.sum = communicator_.start_sum(ahead.numbers);
  return ahead;
}

double BatchFeed::waited_share() const {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started_;
  return waited_ / std::max(passed, std::chrono::duration<double>(1e-9));
}

std::optional<BatchShare> BatchFeed::next() {
  if (!ahead_) return std::nullopt;
  Ahead now = std::move(*ahead_);
  ahead_ = look_ahead();
  now.sum.wait();
  const std::int64_t ranks = communicator_.ranks();
  const at::Tensor images = now.numbers.narrow(0, 0, ranks);
  BatchShare share;
  share.batch = std::move(now.batch);
  share.first = images.narrow(0, 0, communicator_.rank()).sum().item().to<std::int64_t>();
  share.images = images.sum().item().to<std::int64_t>();
  share.fewest = images.min().item().to<std::int64_t>();
  share.counts = {now.numbers.narrow(0, ranks + 1, findings_).to(at::kFloat),
                  now.numbers.narrow(0, ranks + 1 + findings_, findings_).to(at::kFloat)};
  unreadable_ += static_cast<std::size_t>(now.numbers[ranks].item().to<std::int64_t>());
  check_unreadable();
  return share;
}

void BatchFeed::check_unreadable() const {
  const double share = static_cast<double>(unreadable_) / static_cast<double>(images_);
  if (share <= most_skipped_) return;
  throw UserError(
      fmt::format("{} of {} images cannot be read by the ranks together, which is above the {} % "
                  "allowed by data.most_skipped",
                  unreadable_, images_, 100.0 * most_skipped_),
      "is the data folder complete on every machine, and the disk sound?");
}

}  // namespace chestmap
