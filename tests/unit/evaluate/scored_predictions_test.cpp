#include "evaluate/scored_predictions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "toy.h"

namespace chestmap {
namespace {

/// A file that speaks of nodules and large hearts of the toy data.
PredictionSet file_of(const std::string& name, std::vector<ImagePrediction> items) {
  PredictionSet file;
  file.name = name;
  file.findings = FindingList({"Nodule", "Cardiomegaly"});
  file.items = std::move(items);
  return file;
}

ImagePrediction item(std::size_t record, std::size_t finding) {
  ImagePrediction prediction;
  prediction.record = record;
  prediction.finding = finding;
  return prediction;
}

ImagePrediction boxed(std::size_t record, std::size_t finding, const Box& box) {
  ImagePrediction prediction = item(record, finding);
  prediction.boxes = {{box, 0.5}};
  return prediction;
}

ImagePrediction with_probability(std::size_t record, std::size_t finding, double probability) {
  ImagePrediction prediction = item(record, finding);
  prediction.probability = probability;
  return prediction;
}

const std::vector<std::size_t> kAll = {0, 1, 2, 3};

ScoredPredictions scored(const std::vector<PredictionSet>& files, const MapReading& reading = {}) {
  return scored_predictions(files, toy::dataset(), kAll, reading, 1);
}

bool says(const ScoredPredictions& result, const std::string& part) {
  return std::any_of(result.not_computed.begin(), result.not_computed.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

TEST(ScoredPredictions, BoxesAloneAreAMethodOnBoxedImages) {
  const ScoredPredictions result =
      scored({file_of("boxes.json", {boxed(0, 0, {10, 10, 10, 10}), boxed(2, 1, {0, 0, 9, 9})})});
  const Subjects& subjects = result.subjects;
  EXPECT_TRUE(subjects.classifiers.empty());
  EXPECT_EQ(subjects.findings.names(), (std::vector<std::string>{"Nodule", "Cardiomegaly"}));
  EXPECT_EQ(subjects.localized, (std::vector<std::size_t>{0, 1, 2}));
  ASSERT_EQ(subjects.methods.size(), 1U);
  ASSERT_EQ(subjects.methods[0].results.size(), 6U);
  EXPECT_EQ(subjects.methods[0].results[0].boxes.at(0).box, (Box{10, 10, 10, 10}));
  EXPECT_EQ(subjects.methods[0].results[5].boxes.at(0).box, (Box{0, 0, 9, 9}));
  EXPECT_TRUE(subjects.methods[0].results[2].boxes.empty());
  EXPECT_FALSE(subjects.methods[0].results[0].peak.has_value());
  EXPECT_TRUE(says(result, "classification: boxes.json holds no probabilities"));
  EXPECT_TRUE(says(result, "pointing game"));
  EXPECT_TRUE(says(result, "boxed images alone"));
  EXPECT_TRUE(says(result, "says nothing of: Mass"));
}

TEST(ScoredPredictions, ABoxOnANormalImageMakesAllImagesCount) {
  const ScoredPredictions result =
      scored({file_of("boxes.json", {boxed(0, 0, {10, 10, 10, 10}), boxed(3, 0, {0, 0, 9, 9})})});
  EXPECT_EQ(result.subjects.localized, kAll);
  EXPECT_FALSE(says(result, "boxed images alone"));
  // Two files are scored on the same images: those that both speak of.
  const ScoredPredictions two = scored(
      {file_of("a", {boxed(3, 0, {0, 0, 9, 9})}), file_of("b", {boxed(0, 0, {0, 0, 9, 9})})});
  EXPECT_EQ(two.subjects.localized, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(two.subjects.methods.size(), 2U);
}

TEST(ScoredPredictions, ClassifiersShareTheImagesOfWhichEachHasAProbability) {
  const ScoredPredictions result =
      scored({file_of("a", {with_probability(0, 0, 0.25), with_probability(0, 1, 0.5),
                            with_probability(1, 0, 0.75), with_probability(3, 0, 0.125)}),
              file_of("b", {with_probability(0, 0, 0.5), with_probability(3, 1, 0.5)})});
  ASSERT_EQ(result.subjects.classifiers.size(), 2U);
  const Predictions& a = result.subjects.classifiers[0].predictions;
  EXPECT_EQ(a.records, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(a.probabilities, (std::vector<float>{0.25F, 0.5F, 0.125F, kNotPredicted}));
  EXPECT_EQ(result.subjects.classifiers[1].predictions.records, a.records);
  EXPECT_TRUE(says(result, "classification of 2 of the split's 4 images"));
}

TEST(ScoredPredictions, FindingsThatOneFileLacksAreLeftOut) {
  PredictionSet other = file_of("b", {boxed(0, 0, {0, 0, 9, 9})});
  other.findings = FindingList({"Nodule"});
  const ScoredPredictions result = scored({file_of("a", {boxed(0, 0, {0, 0, 9, 9})}), other});
  EXPECT_EQ(result.subjects.findings.names(), (std::vector<std::string>{"Nodule"}));
  EXPECT_TRUE(says(result, "Cardiomegaly (2 boxes)"));
}

TEST(ScoredPredictions, MasksGiveTheirBoundingBoxesInTheRecordsFrame) {
  ImagePrediction prediction = item(0, 0);
  // 20 x 20 pixels over a frame of 100 x 100.
  prediction.masks = {{Mask::from_box(20, 20, {2, 4, 6, 8}), 0.75}};
  const ScoredPredictions result = scored({file_of("masks", {prediction})});
  const FindingLocalization& nodule = result.subjects.methods.at(0).results.at(0);
  ASSERT_EQ(nodule.boxes.size(), 1U);
  EXPECT_EQ(nodule.boxes[0].box, (Box{10, 20, 30, 40}));
  EXPECT_EQ(nodule.boxes[0].score, 0.75);
  EXPECT_FALSE(nodule.mask.has_value());  // nothing to hold it against
}

TEST(ScoredPredictions, MasksAreJoinedInTheTruthsSize) {
  Dataset data = toy::dataset();
  data.records[0].masks = {{0, Mask::from_box(10, 10, {0, 0, 1, 1})}};
  ImagePrediction prediction = item(0, 0);
  prediction.masks = {{Mask::from_box(20, 20, {0, 0, 2, 2}), 0.75},
                      {Mask::from_box(10, 10, {5, 5, 1, 1}), 0.5}};
  const std::vector<PredictionSet> files = {file_of("masks", {prediction})};
  const ScoredPredictions result = scored_predictions(files, data, kAll, {}, 1);
  const std::optional<Mask>& mask = result.subjects.methods.at(0).results.at(0).mask;
  ASSERT_TRUE(mask.has_value());
  EXPECT_EQ(mask->width(), 10U);
  EXPECT_EQ(mask->area(), 2U);
  EXPECT_TRUE(mask->contains(0.5, 0.5));
  EXPECT_TRUE(mask->contains(5.5, 5.5));
}

/// A map of bytes as NumPy writes it.
std::filesystem::path write_npy(const std::filesystem::path& file, std::size_t height,
                                std::size_t width, const std::vector<std::uint8_t>& values) {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" +
                       std::to_string(height) + ", " + std::to_string(width) + "), }";
  header.resize(117, ' ');  // 10 bytes before it and the line break make 128
  header += '\n';
  std::string content("\x93NUMPY\x01\x00", 8);
  content += static_cast<char>(header.size());
  content += '\0';
  content += header;
  content.append(values.begin(), values.end());
  write_file(file, content);
  return file;
}

class WithMap : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::uint8_t> values(100, 0);
    values[1 * 10 + 1] = 200;  // column 1, row 1
    values[1 * 10 + 2] = 150;
    values[8 * 10 + 8] = 100;
    prediction_ = item(0, 0);
    prediction_.map = write_npy(folder_ / "a.npy", 10, 10, values);
  }

  test::ScratchFolder folder_;
  ImagePrediction prediction_;
};

TEST_F(WithMap, MapsGiveAPeakAndBoxesByTheRule) {
  const ScoredPredictions result = scored({file_of("maps", {prediction_})});
  const FindingLocalization& nodule = result.subjects.methods.at(0).results.at(0);
  EXPECT_EQ(nodule.peak.value().x, 15.0);
  EXPECT_EQ(nodule.peak.value().y, 15.0);
  // Half way from the median, 0, to the peak: two cells; the third is below it.
  ASSERT_EQ(nodule.boxes.size(), 1U);
  EXPECT_EQ(nodule.boxes[0].box, (Box{10, 10, 20, 10}));
}

TEST_F(WithMap, ManyReadersFindTheSameAsOne) {
  std::vector<ImagePrediction> items;
  for (const std::size_t record : kAll)
    for (const std::size_t finding : {0U, 1U}) {
      items.push_back(item(record, finding));
      std::vector<std::uint8_t> values(100, 0);
      values[10 * record + 3 * finding] = 200;
      items.back().map =
          write_npy(folder_ / (std::to_string(items.size()) + ".npy"), 10, 10, values);
    }
  const std::vector<PredictionSet> files = {file_of("maps", items)};
  const ScoredPredictions one = scored(files);
  const ScoredPredictions many = scored_predictions(files, toy::dataset(), kAll, {}, 16);
  const auto& expected = one.subjects.methods.at(0).results;
  const auto& results = many.subjects.methods.at(0).results;
  ASSERT_EQ(results.size(), expected.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].boxes.size(), 1U);
    EXPECT_EQ(results[i].boxes[0].box, expected[i].boxes.at(0).box);
    EXPECT_EQ(results[i].peak.value().x, expected[i].peak.value().x);
  }
  EXPECT_NE(results[0].boxes[0].box, results[1].boxes[0].box);
}

TEST_F(WithMap, ALevelGivesABoxForEachRegion) {
  MapReading reading;
  reading.level = 100.0;  // the cells' own numbers
  const ScoredPredictions result = scored({file_of("maps", {prediction_})}, reading);
  const std::vector<ScoredBox>& boxes = result.subjects.methods.at(0).results.at(0).boxes;
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].box, (Box{10, 10, 20, 10}));
  EXPECT_EQ(boxes[1].box, (Box{80, 80, 10, 10}));
}

TEST_F(WithMap, MasksOfMapsAreThoseOfOtsusLevelInTheTruthsSize) {
  Dataset data = toy::dataset();
  data.records[0].masks = {{0, Mask::from_box(10, 10, {0, 0, 1, 1})}};
  const std::vector<PredictionSet> files = {file_of("maps", {prediction_})};
  const ScoredPredictions result = scored_predictions(files, data, kAll, {}, 1);
  const std::optional<Mask>& mask = result.subjects.methods.at(0).results.at(0).mask;
  ASSERT_TRUE(mask.has_value());
  EXPECT_TRUE(mask->contains(1.5, 1.5));
  EXPECT_TRUE(mask->contains(2.5, 1.5));
  EXPECT_FALSE(mask->contains(5.5, 5.5));
}

TEST(ScoredPredictions, SaysWhereNothingCanBeScored) {
  PredictionSet strange = file_of("x.json", {boxed(0, 0, {0, 0, 1, 1})});
  strange.findings = FindingList({"Hernia", "Edema"});
  EXPECT_THROW((void)scored({strange}), UserError);
  // Probabilities of no image of the split.
  const std::vector<std::size_t> other = {3};
  const std::vector<PredictionSet> files = {file_of("p.csv", {with_probability(0, 0, 0.5)})};
  EXPECT_THROW((void)scored_predictions(files, toy::dataset(), other, {}, 1), UserError);
}

}  // namespace
}  // namespace chestmap
