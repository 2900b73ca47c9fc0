#pragma once

#include <vector>

#include "evaluate/predictions.h"

namespace chestmap::toy {

// Four images of three patients in a frame of 100 x 100, small enough to score by hand. Three have
// boxes: image 0 a nodule, image 1 a large heart, image 2 both.
inline Dataset dataset() {
  constexpr Label yes = Label::positive;
  constexpr Label no = Label::negative;
  Dataset data;
  data.name = "toy";
  data.findings = FindingList({"Nodule", "Cardiomegaly", "Mass"});
  const auto add = [&](const char* image, const char* patient, std::vector<Label> labels,
                       std::vector<FindingBox> boxes) {
    Record record;
    record.image = image;
    record.patient = patient;
    record.labels = std::move(labels);
    record.boxes = std::move(boxes);
    record.frame = {100, 100};
    data.records.push_back(std::move(record));
  };
  add("a.png", "anna", {yes, no, no}, {{0, {10, 10, 10, 10}}});
  add("b.png", "anna", {no, yes, Label::unknown}, {{1, {20, 20, 60, 60}}});
  add("c.png", "bert", {yes, yes, no}, {{0, {50, 50, 10, 10}}, {1, {0, 0, 100, 100}}});
  add("d.png", "cora", {no, no, no}, {});
  return data;
}

inline std::vector<std::size_t> boxed() { return {0, 1, 2}; }

// Other order of findings and images than the data set's, and a finding that it does not have.
inline Predictions predictions() {
  return {FindingList({"Edema", "Cardiomegaly", "Nodule"}),
          {3, 2, 1, 0},
          {0.5F, 0.2F, 0.1F,    // d
           0.5F, 0.6F, 0.7F,    // c
           0.5F, 0.7F, 0.8F,    // b
           0.5F, 0.6F, 0.9F}};  // a
}

// Places of the findings in `predictions()`.
constexpr std::size_t kNodule = 2;

inline LocalizationMethod method() {
  const FindingLocalization nothing;
  LocalizationMethod method{"multiscale attention map", false, false, {}, true, false};
  method.results = {
      nothing,                                     // a, Edema
      {Point{5, 5}, {{{0, 0, 10, 10}, 1.0}}},      // a, Cardiomegaly: none there
      {Point{15, 15}, {{{10, 10, 10, 20}, 1.0}}},  // a, Nodule: IoU 100 / 200, IoBB 100 / 200
      nothing,                                     // b, Edema
      {Point{50, 30}, {{{20, 20, 60, 30}, 1.0}}},  // b, Cardiomegaly: IoU 1/2, IoBB 1
      {Point{5, 5}, {}},                           // b, Nodule: none there, none found
      nothing,                                     // c, Edema
      {Point{99, 99}, {{{0, 0, 50, 100}, 1.0}}},   // c, Cardiomegaly: IoU 1/2, IoBB 1
      {Point{5, 5}, {{{0, 0, 10, 10}, 1.0}}},      // c, Nodule: missed
  };
  return method;
}

}  // namespace chestmap::toy
