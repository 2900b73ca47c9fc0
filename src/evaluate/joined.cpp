#include "evaluate/joined.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"

namespace chestmap {

namespace {

void check_sizes(const Classifier& classifier) {
  const Predictions& predictions = classifier.predictions;
  const std::size_t findings = predictions.findings.size();
  if (predictions.probabilities.size() != predictions.records.size() * findings)
    throw std::invalid_argument(fmt::format("{} probabilities for {} images and {} findings",
                                            predictions.probabilities.size(),
                                            predictions.records.size(), findings));
  if (!classifier.thresholds.empty() && classifier.thresholds.size() != findings)
    throw std::invalid_argument(
        fmt::format("{} thresholds for {} findings", classifier.thresholds.size(), findings));
}

Presence presence_of(bool drawn, Label label) {
  if (drawn) return Presence::shown;
  return label == Label::negative ? Presence::absent : Presence::unclear;
}

}  // namespace

std::string patient_of(const Record& record) {
  // A line break keeps the image's name from being some patient's.
  return record.patient.empty() ? "\n" + record.image : record.patient;
}

Joined::Joined(const Dataset& dataset, std::span<const Classifier> classifiers,
               const FindingList& methods, std::span<const std::size_t> localized)
    : dataset_(dataset), classifiers_(classifiers) {
  for (const Classifier& classifier : classifiers) {
    check_sizes(classifier);
    records_.insert(records_.end(), classifier.predictions.records.begin(),
                    classifier.predictions.records.end());
    classified_.push_back(shared(classifier.predictions.findings));
  }
  records_.insert(records_.end(), localized.begin(), localized.end());
  std::sort(records_.begin(), records_.end());
  records_.erase(std::unique(records_.begin(), records_.end()), records_.end());
  if (!records_.empty() && records_.back() >= dataset.records.size())
    throw std::invalid_argument("a prediction names a record that the data set does not have");
  // COCO's average precision takes equal scores in the order of the images: by name, that order
  // does not depend on the table's.
  std::sort(records_.begin(), records_.end(), [&dataset](std::size_t a, std::size_t b) {
    return dataset.records[a].image < dataset.records[b].image;
  });
  images_.resize(dataset.records.size());
  for (std::size_t i = 0; i < records_.size(); ++i) images_[records_[i]] = i;
  if (methods.size() > 0) findings_ = shared(methods);
  join_localized(localized);
}

std::vector<JoinedFinding> Joined::shared(const FindingList& findings) const {
  std::vector<JoinedFinding> joined;
  for (std::size_t i = 0; i < findings.size(); ++i)
    if (const auto labelled = dataset_.findings.find(findings[i]))
      joined.push_back({findings[i], i, *labelled});
  if (joined.empty())
    throw UserError(
        fmt::format("the predictions and the data set {} share no finding: {} against {}",
                    dataset_.name, fmt::join(findings.names(), ", "),
                    fmt::join(dataset_.findings.names(), ", ")),
        "findings are joined by their names; rename them in one of the two");
  return joined;
}

void Joined::join_localized(std::span<const std::size_t> localized) {
  localized_.reserve(localized.size());
  for (const std::size_t index : localized) {
    const Record& record = dataset_.records[index];
    LocalizedImage image{images_[index], index, record.frame, record.boxes.size(), {}, {}, {}, {}};
    if (!record.masks.empty())
      image.segmented = ImageSize{record.masks[0].mask.width(), record.masks[0].mask.height()};
    image.truth.resize(findings_.size());
    image.masks.resize(findings_.size());
    for (std::size_t f = 0; f < findings_.size(); ++f) {
      const std::size_t labelled = findings_[f].labelled;
      for (const FindingBox& box : record.boxes)
        if (box.finding == labelled) image.truth[f].push_back(box.box);
      for (const FindingMask& mask : record.masks)
        if (mask.finding == labelled)
          image.masks[f] = image.masks[f] ? union_of(*image.masks[f], mask.mask) : mask.mask;
      image.presence.push_back(presence_of(!image.truth[f].empty() || image.masks[f].has_value(),
                                           record.labels[labelled]));
    }
    if (image.boxes > 0 || image.segmented) drawn_.push_back(localized_.size());
    localized_.push_back(std::move(image));
  }
}

std::vector<std::string> Joined::patients() const {
  std::vector<std::string> patients;
  patients.reserve(records_.size());
  for (const std::size_t record : records_)
    patients.push_back(patient_of(dataset_.records[record]));
  return patients;
}

std::vector<ScoredLabel> Joined::scores(std::size_t classifier,
                                        const JoinedFinding& finding) const {
  const Predictions& predictions = classifiers_[classifier].predictions;
  std::vector<ScoredLabel> images;
  images.reserve(predictions.records.size());
  for (std::size_t row = 0; row < predictions.records.size(); ++row) {
    const Record& record = dataset_.records[predictions.records[row]];
    const float probability = predictions.probability(row, finding.predicted);
    if (std::isnan(probability))
      throw UserError(
          fmt::format("the probability of {} on image {} is no number", finding.name, record.image),
          "the model or the predictions file is broken");
    const Label label = record.labels[finding.labelled];
    if (label == Label::unknown || probability == kNotPredicted) continue;
    images.push_back({images_[predictions.records[row]], probability, label == Label::positive});
  }
  return images;
}

std::size_t Joined::boxes_of(std::size_t finding) const {
  std::size_t boxes = 0;
  for (const std::size_t i : drawn_) boxes += localized_[i].truth[finding].size();
  return boxes;
}

std::size_t Joined::masks_of(std::size_t finding) const {
  return static_cast<std::size_t>(std::count_if(drawn_.begin(), drawn_.end(), [&](std::size_t i) {
    return localized_[i].masks[finding].has_value();
  }));
}

std::size_t Joined::normals_of(std::size_t finding) const {
  return static_cast<std::size_t>(std::count_if(
      localized_.begin(), localized_.end(),
      [&](const LocalizedImage& image) { return image.presence[finding] == Presence::absent; }));
}

}  // namespace chestmap
