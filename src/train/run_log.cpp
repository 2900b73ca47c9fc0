#include "train/run_log.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/log.h"

namespace chestmap {

RunLog::RunLog(std::filesystem::path folder, std::vector<std::string> findings,
               std::vector<std::int64_t> stages)
    : folder_(std::move(folder)),
      findings_(std::move(findings)),
      stages_(std::move(stages)),
      board_(folder_ / "tensorboard") {}

void RunLog::begin(Progression& progression) const {
  if (progression.log.empty()) {
    std::vector<std::string> header = {"epoch", "learning_rate", "train_loss", "valid_loss",
                                       "valid_auroc"};
    for (const std::string& finding : findings_) header.push_back("auroc." + finding);
    progression.log = csv_line(header);
  }
  if (progression.relevance_log.empty())
    progression.relevance_log = "epoch,finding,stage,relevance\n";
}

void RunLog::write(const EpochReport& report, Progression& progression) {
  const Validation& validation = report.validation;
  std::vector<std::string> row = {
      std::to_string(report.epoch), fmt::format("{:.6g}", report.learning_rate),
      fmt::format("{:.6f}", report.train_loss), fmt::format("{:.6f}", validation.loss),
      fmt::format("{:.6f}", validation.mean_auroc)};
  for (const auto& value : validation.auroc)
    row.push_back(value ? fmt::format("{:.6f}", *value) : "");
  progression.log += csv_line(row);
  write_file(folder_ / "log.csv", progression.log);
  write_relevance(report, progression);
  board_.scalar("loss/train", report.train_loss, report.epoch);
  board_.scalar("loss/valid", validation.loss, report.epoch);
  board_.scalar("auroc/mean", validation.mean_auroc, report.epoch);
  board_.scalar("learning_rate", report.learning_rate, report.epoch);
  for (std::size_t f = 0; f < validation.auroc.size(); ++f)
    if (validation.auroc[f])
      board_.scalar("auroc/" + findings_[f], *validation.auroc[f], report.epoch);
  note(
      "epoch {}/{}: train loss {:.4f}, validation loss {:.4f}, mean AUROC {:.4f}{}; {:.0f} % of "
      "the "
      "training time went into waiting for images",
      report.epoch, report.epochs, report.train_loss, validation.loss, validation.mean_auroc,
      report.best ? " (best)" : "", 100.0 * report.waited);
}

void RunLog::write_relevance(const EpochReport& report, Progression& progression) {
  const at::Tensor alpha = report.relevance.contiguous();
  const auto values = alpha.accessor<float, 2>();
  for (std::size_t f = 0; f < findings_.size(); ++f)
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const float value = values[static_cast<std::int64_t>(f)][static_cast<std::int64_t>(s)];
      progression.relevance_log += fmt::format("{},{},{},{:.6f}\n", report.epoch,
                                               csv_field(findings_[f]), stages_[s], value);
      board_.scalar(fmt::format("relevance/{}/stage{}", findings_[f], stages_[s]), value,
                    report.epoch);
    }
  write_file(folder_ / "relevance.csv", progression.relevance_log);
}

void note_traffic(const BucketTraffic& traffic, int ranks, bool timed) {
  if (traffic.steps == 0) return;
  const auto steps = static_cast<double>(traffic.steps);
  const std::string times =
      timed ? fmt::format("; sums took {:.1f} ms a step, {:.0f} % of that behind the backward pass",
                          1e3 * traffic.exchanging / steps,
                          100.0 * traffic.behind_backward / std::max(traffic.exchanging, 1e-9))
            : std::string();
  note("{} ranks: each sent {:.3f} MB of gradients a step, in {} {}{}", ranks,
       1e-6 * traffic.sent(ranks) / steps, traffic.buckets,
       traffic.buckets == 1 ? "bucket" : "buckets", times);
}

}  // namespace chestmap
