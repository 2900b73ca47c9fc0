#include "predictions/collector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "data/skipped.h"

namespace chestmap {

namespace {

template <typename Scored>
void sort_by_score(std::vector<Scored>& detections) {
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
}

}  // namespace

Collector::Collector(const Dataset& dataset)
    : dataset_(dataset), images_(dataset.records), findings_(dataset.findings) {}

std::optional<std::size_t> Collector::record(std::string_view image, const std::string& item) {
  const auto found = images_.find(image);
  if (!found) skip(item, "the image is not in the data set");
  return found;
}

std::optional<std::size_t> Collector::finding(std::string_view name, const std::string& item) {
  const auto found = findings_.find(name);
  if (found)
    mention(*found);
  else
    skip(item, fmt::format("the data set has no finding \"{}\"", name));
  return found;
}

std::optional<std::size_t> Collector::category(std::int64_t number, const std::string& item) {
  std::optional<std::size_t> found;
  const auto& ids = dataset_.category_ids;
  if (ids.empty()) {
    if (number >= 1 && static_cast<std::size_t>(number) <= dataset_.findings.size())
      found = static_cast<std::size_t>(number - 1);
  } else if (const auto place = std::find(ids.begin(), ids.end(), number); place != ids.end()) {
    found = static_cast<std::size_t>(place - ids.begin());
  }
  if (found)
    mention(*found);
  else
    skip(item, fmt::format("the data set has no category {}", number));
  return found;
}

ImagePrediction& Collector::at(std::size_t record, std::size_t finding) {
  const auto [place, added] =
      places_.emplace(record * dataset_.findings.size() + finding, items_.size());
  if (added) {
    items_.emplace_back();
    items_.back().record = record;
    items_.back().finding = finding;
    mention(finding);
  }
  return items_[place->second];
}

bool Collector::holds(std::size_t record, std::size_t finding) const {
  return places_.contains(record * dataset_.findings.size() + finding);
}

void Collector::skip(const std::string& item, const std::string& reason) {
  skipped_.push_back({item, reason});
}

PredictionSet Collector::finish(const std::filesystem::path& file, const std::string& format) {
  if (items_.empty() && !skipped_.empty())
    throw UserError(
        fmt::format("{}: nothing of it belongs to the data set: {}", file.string(),
                    fmt::join(skipped_summary(skipped_), "; ")),
        fmt::format("the data set ({}) has {} images, e.g. \"{}\", and the findings {}",
                    dataset_.name, dataset_.records.size(),
                    dataset_.records.empty() ? std::string() : dataset_.records.front().image,
                    fmt::join(dataset_.findings.names(), ", ")));
  PredictionSet set;
  set.name =
      file.filename().empty() ? file.parent_path().filename().string() : file.filename().string();
  set.format = format;
  std::vector<std::string> names;
  std::vector<std::size_t> moves(dataset_.findings.size());
  for (const std::size_t finding : mentioned_) {
    moves[finding] = names.size();
    names.push_back(dataset_.findings[finding]);
  }
  set.findings = FindingList(std::move(names));
  for (ImagePrediction& item : items_) {
    item.finding = moves[item.finding];
    sort_by_score(item.boxes);
    sort_by_score(item.masks);
  }
  std::sort(items_.begin(), items_.end(), [](const ImagePrediction& a, const ImagePrediction& b) {
    return std::tie(a.record, a.finding) < std::tie(b.record, b.finding);
  });
  set.items = std::move(items_);
  set.skipped = std::move(skipped_);
  return set;
}

}  // namespace chestmap
