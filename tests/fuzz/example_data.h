#pragma once

#include <string>

#include "data/record.h"
#include "fuzz_target.h"
#include "predictions/prediction_set.h"

namespace chestmap::fuzz {

/// A small data set for targets that read predictions: images `a.png`, `b.png` (id 7), `c_1.png`
/// over 64 x 48, findings Nodule, Pleural_Thickening and Infiltration.
inline const Dataset& example_data() {
  static const Dataset dataset = [] {
    Dataset made;
    made.name = std::string("fuzz");
    made.findings = FindingList({"Nodule", "Pleural_Thickening", "Infiltration"});
    for (const char* name : {"a.png", "b.png", "c_1.png"}) {
      Record record;
      record.image = std::string(name);
      record.patient = record.image;
      record.frame = {64, 48};
      record.labels.assign(3, Label::negative);
      made.records.push_back(record);
    }
    made.records[1].id = std::string("7");
    return made;
  }();
  return dataset;
}

/// What holds of every PredictionSet, whatever was read.
inline void check(const PredictionSet& set) {
  const Dataset& dataset = example_data();
  for (std::size_t i = 0; i < set.items.size(); ++i) {
    const ImagePrediction& item = set.items[i];
    must(item.record < dataset.records.size() && item.finding < set.findings.size());
    if (i > 0) {
      const ImagePrediction& before = set.items[i - 1];
      must(before.record < item.record ||
           (before.record == item.record && before.finding < item.finding));
    }
    if (item.probability) must(*item.probability >= 0.0 && *item.probability <= 1.0);
    for (std::size_t b = 0; b < item.boxes.size(); ++b) {
      must(item.boxes[b].box.width > 0.0 && item.boxes[b].box.height > 0.0);
      must(b == 0 || item.boxes[b - 1].score >= item.boxes[b].score);
    }
    for (const ScoredMask& mask : item.masks)
      must(mask.mask.width() == 64 && mask.mask.height() == 48 && !mask.mask.empty());
  }
}

/// What holds of every Dataset: indices in range, boxes with an area, masks over the frame.
inline void check(const Dataset& dataset) {
  must(!dataset.records.empty());
  must(dataset.category_ids.empty() || dataset.category_ids.size() == dataset.findings.size());
  for (const Record& record : dataset.records) {
    must(!record.image.empty() && record.labels.size() == dataset.findings.size());
    for (const FindingBox& box : record.boxes)
      must(box.finding < dataset.findings.size() && box.box.width > 0.0 && box.box.height > 0.0);
    for (const FindingMask& mask : record.masks)
      must(mask.finding < dataset.findings.size() && mask.mask.width() == record.frame.width &&
           mask.mask.height() == record.frame.height && !mask.mask.empty());
  }
  for (const std::size_t place : dataset.train_val) must(place < dataset.records.size());
  for (const std::size_t place : dataset.test) must(place < dataset.records.size());
}

}  // namespace chestmap::fuzz
