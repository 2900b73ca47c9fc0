#include "evaluate/joined.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"

namespace chestmap {

Joined::Joined(const Dataset& dataset, const Predictions& predictions,
               std::span<const std::size_t> boxed)
    : dataset_(dataset), predictions_(predictions), records_(predictions.records) {
  if (predictions.probabilities.size() != predictions.records.size() * predictions.findings.size())
    throw std::invalid_argument(fmt::format(
        "{} probabilities for {} images and {} findings", predictions.probabilities.size(),
        predictions.records.size(), predictions.findings.size()));
  records_.insert(records_.end(), boxed.begin(), boxed.end());
  std::sort(records_.begin(), records_.end());
  records_.erase(std::unique(records_.begin(), records_.end()), records_.end());
  if (!records_.empty() && records_.back() >= dataset.records.size())
    throw std::invalid_argument("a prediction names a record that the data set does not have");
  join_findings();
  join_boxes(boxed);
}

void Joined::join_findings() {
  for (std::size_t i = 0; i < predictions_.findings.size(); ++i) {
    const std::string& name = predictions_.findings[i];
    if (const auto labelled = dataset_.findings.find(name))
      findings_.push_back({name, i, *labelled});
  }
  if (findings_.empty())
    throw UserError(
        fmt::format("the predictions and the data set {} share no finding: {} against {}",
                    dataset_.name, fmt::join(predictions_.findings.names(), ", "),
                    fmt::join(dataset_.findings.names(), ", ")),
        "findings are joined by their names; rename them in one of the two");
}

void Joined::join_boxes(std::span<const std::size_t> boxed) {
  boxed_.reserve(boxed.size());
  for (const std::size_t record : boxed) {
    BoxedImage image{image_of(record), dataset_.records[record].boxes.size(), {}};
    image.truth.resize(findings_.size());
    for (const FindingBox& box : dataset_.records[record].boxes)
      for (std::size_t f = 0; f < findings_.size(); ++f)
        if (findings_[f].labelled == box.finding) image.truth[f].push_back(box.box);
    boxed_.push_back(std::move(image));
  }
}

std::size_t Joined::image_of(std::size_t record) const {
  return static_cast<std::size_t>(std::lower_bound(records_.begin(), records_.end(), record) -
                                  records_.begin());
}

std::vector<std::string> Joined::patients() const {
  std::vector<std::string> patients;
  patients.reserve(records_.size());
  for (const std::size_t record : records_) {
    const Record& image = dataset_.records[record];
    // A line break keeps the image's name from being some patient's.
    patients.push_back(image.patient.empty() ? "\n" + image.image : image.patient);
  }
  return patients;
}

Ranking Joined::ranking(const JoinedFinding& finding) const {
  std::vector<ScoredLabel> images;
  images.reserve(predictions_.records.size());
  for (std::size_t row = 0; row < predictions_.records.size(); ++row) {
    const Record& record = dataset_.records[predictions_.records[row]];
    const float probability = predictions_.probability(row, finding.predicted);
    if (std::isnan(probability))
      throw UserError(
          fmt::format("the probability of {} on image {} is no number", finding.name, record.image),
          "the model or the predictions file is broken");
    const Label label = record.labels[finding.labelled];
    if (label == Label::unknown) continue;
    images.push_back({image_of(predictions_.records[row]), probability, label == Label::positive});
  }
  return Ranking(images);
}

std::size_t Joined::boxes_of(std::size_t finding) const {
  std::size_t boxes = 0;
  for (const BoxedImage& image : boxed_) boxes += image.truth[finding].size();
  return boxes;
}

}  // namespace chestmap
