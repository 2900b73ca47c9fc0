#include "evaluate/controls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "evaluate/evaluation.h"
#include "toy.h"

namespace chestmap {
namespace {

const std::filesystem::path kBoxList =
    std::filesystem::path(CHESTMAP_SHARED_DATA) / "chestxray14-labels" / "BBox_List_2017.csv";

/// The rows of 77 patients of it, those whose number ends in 3, as they stand.
const std::filesystem::path kExtract =
    std::filesystem::path(CHESTMAP_TEST_DATA) / "chestxray14-boxes" / "BBox_List_2017.csv";

/// The boxes of ChestX-ray14 alone: one record an image of the list, every label unknown.
Dataset read_boxes(const std::filesystem::path& list) {
  Dataset data;
  data.name = "chestxray14";
  data.findings = FindingList({"Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass",
                               "Nodule", "Pneumonia", "Pneumothorax"});
  std::map<std::string, std::size_t> record_of;
  for (const CsvRow& row : read_csv(list).rows) {
    const std::string& image = row.fields.at(0);
    const auto [place, is_new] = record_of.try_emplace(image, data.records.size());
    if (is_new) {
      Record record;
      record.image = image;
      record.patient = image.substr(0, image.find('_'));
      record.frame = {1024, 1024};
      record.labels.assign(data.findings.size(), Label::unknown);
      data.records.push_back(std::move(record));
    }
    const std::string label = row.fields.at(1) == "Infiltrate" ? "Infiltration" : row.fields.at(1);
    const auto number = [&row](std::size_t field) {
      return parse_number(row.fields.at(field)).value();
    };
    data.records[place->second].boxes.push_back(
        {data.findings.find(label).value(), {number(2), number(3), number(4), number(5)}});
  }
  return data;
}

double mean_of_measure(const Evaluation& evaluation, const std::string& measure) {
  for (const MeasureValue& value : evaluation.localization.at(0).mean)
    if (value.measure == measure) return value.estimate.value().value;
  ADD_FAILURE() << "no measure " << measure;
  return 0.0;
}

Evaluation score(const Dataset& data, const LocalizationMethod& method) {
  std::vector<std::size_t> boxed(data.records.size());
  for (std::size_t i = 0; i < boxed.size(); ++i) boxed[i] = i;
  const std::vector<LocalizationMethod> methods = {method};
  EvaluationOptions options;
  options.bootstrap.resamples = 0;
  return evaluate(data, {data.findings, {}, {}}, boxed, methods, options);
}

TEST(CentreBoxControl, CoversTheCentreHalfOfEachFrame) {
  Dataset data = toy::dataset();
  data.records[1].frame = {1024, 2048};
  const std::vector<std::size_t> boxed = {1};
  const LocalizationMethod method = centre_box_control(data, boxed, 2);
  EXPECT_TRUE(method.is_control);
  ASSERT_EQ(method.results.size(), 2U);
  ASSERT_EQ(method.results[1].boxes.size(), 1U);
  EXPECT_EQ(method.results[1].boxes[0].box, (Box{256, 512, 512, 1024}));
  EXPECT_EQ(method.results[1].peak->x, 512.0);
  EXPECT_EQ(method.results[1].peak->y, 1024.0);
}

using Known = std::map<std::string, double>;

void expect_means(const Evaluation& evaluation, const Known& known, double tolerance) {
  for (const auto& [measure, expected] : known)
    EXPECT_NEAR(mean_of_measure(evaluation, measure), expected, tolerance) << measure;
}

// The extract's class means were computed by a dozen lines of Python, and are quotients of counts:
// six digits of them are known.
TEST(CentreBoxControl, ReachesItsClassMeansOnAnExtractOfTheBoxesOfChestXray14) {
  const Dataset data = read_boxes(kExtract);
  std::vector<std::size_t> boxed(data.records.size());
  std::iota(boxed.begin(), boxed.end(), std::size_t{0});
  const Evaluation evaluation = score(data, centre_box_control(data, boxed, data.findings.size()));
  EXPECT_EQ(evaluation.boxes, 104U);
  EXPECT_EQ(evaluation.boxed_images, 92U);
  EXPECT_EQ(evaluation.patients, 77U);
  expect_means(evaluation,
               {{"iou.0.1", .557515},
                {"iou.0.2", .304014},
                {"iou.0.3", .232677},
                {"iou.0.4", .148841},
                {"iou.0.5", .082540},
                {"iou.0.7", 0.0}},
               5e-7);
}

TEST(MedianBoxControl, ReachesItsClassMeansOnAnExtractOfTheBoxesOfChestXray14) {
  const Dataset data = read_boxes(kExtract);
  std::vector<std::size_t> boxed(data.records.size());
  std::iota(boxed.begin(), boxed.end(), std::size_t{0});
  expect_means(score(data, median_box_control(data, boxed, data.findings)),
               {{"iou.0.1", .291447},
                {"iou.0.2", .180451},
                {"iou.0.3", .133929},
                {"iou.0.4", .111111},
                {"iou.0.5", .062500},
                {"iou.0.7", .041667}},
               5e-7);
}

TEST(CentreBoxControl, ReachesItsKnownClassMeansOnTheBoxesOfChestXray14) {
  if (!std::filesystem::exists(kBoxList)) GTEST_SKIP() << "no " << kBoxList;
  const Dataset data = read_boxes(kBoxList);
  std::vector<std::size_t> boxed(data.records.size());
  for (std::size_t i = 0; i < boxed.size(); ++i) boxed[i] = i;
  const Evaluation evaluation = score(data, centre_box_control(data, boxed, data.findings.size()));
  EXPECT_EQ(evaluation.boxes, 984U);
  EXPECT_EQ(evaluation.boxed_images, 880U);
  EXPECT_EQ(evaluation.patients, 726U);
  expect_means(evaluation,
               {{"iou.0.1", .426},
                {"iou.0.2", .262},
                {"iou.0.3", .185},
                {"iou.0.4", .137},
                {"iou.0.5", .087},
                {"iou.0.7", .008}},
               0.0005);  // known to three decimals
}

TEST(MedianBoxControl, ReachesItsKnownClassMeansOnTheBoxesOfChestXray14) {
  if (!std::filesystem::exists(kBoxList)) GTEST_SKIP() << "no " << kBoxList;
  const Dataset data = read_boxes(kBoxList);
  std::vector<std::size_t> boxed(data.records.size());
  for (std::size_t i = 0; i < boxed.size(); ++i) boxed[i] = i;
  const Evaluation evaluation = score(data, median_box_control(data, boxed, data.findings));
  expect_means(evaluation,
               {{"iou.0.1", .376},
                {"iou.0.2", .266},
                {"iou.0.3", .198},
                {"iou.0.4", .155},
                {"iou.0.5", .120},
                {"iou.0.7", .047}},
               0.0005);  // known to three decimals
}

TEST(MedianBoxControl, TakesTheMedianOfEachSideOverTheOtherPatients) {
  Dataset data = toy::dataset();
  // Nodules of anna (10, 10, 10, 10) and bert (50, 50, 10, 10); two more of cora, whose frame is
  // twice as large: (40, 0, 20, 80) and (60, 20, 40, 40) of 200 are (20, 0, 10, 40) and
  // (30, 10, 20, 20) of 100.
  data.records[3].frame = {200, 200};
  data.records[3].boxes = {{0, {40, 0, 20, 80}}, {0, {60, 20, 40, 40}}};
  const std::vector<std::size_t> boxed = {0, 1, 2, 3};
  const LocalizationMethod method =
      median_box_control(data, boxed, FindingList({"Edema", "Nodule", "Mass"}));
  EXPECT_TRUE(method.is_control);
  EXPECT_TRUE(method.uses_boxes);
  ASSERT_EQ(method.results.size(), 12U);
  const auto nodule = [&](std::size_t image) { return method.results[image * 3 + 1]; };
  // anna, both images: x of 50, 20, 30; y of 50, 0, 10; width of 10, 10, 20; height of 10, 40, 20.
  for (const std::size_t image : {0U, 1U}) {
    ASSERT_EQ(nodule(image).boxes.size(), 1U);
    EXPECT_EQ(nodule(image).boxes[0].box, (Box{30, 10, 10, 20}));
  }
  // bert: x of 10, 20, 30; y of 10, 0, 10; width of 10, 10, 20; height of 10, 40, 20.
  EXPECT_EQ(nodule(2).boxes.at(0).box, (Box{20, 10, 10, 20}));
  // cora: the mean of the two that remain, x and y (10 + 50) / 2, in her frame.
  EXPECT_EQ(nodule(3).boxes.at(0).box, (Box{60, 60, 20, 20}));
  EXPECT_EQ(nodule(3).peak->x, 70.0);
  // No box of a mass and no such finding as edema: nothing is drawn, and the peak is the centre.
  EXPECT_TRUE(method.results[2].boxes.empty());
  EXPECT_TRUE(method.results[0].boxes.empty());
  EXPECT_EQ(method.results[9].peak->x, 100.0);
}

TEST(MedianBoxControl, LeavesAFindingOfOnePatientWithoutABox) {
  const Dataset data = toy::dataset();  // large hearts of anna and bert; cora has none
  Dataset alone = data;
  alone.records[2].boxes.pop_back();
  const std::vector<std::size_t> boxed = {0, 1, 2};
  const LocalizationMethod method = median_box_control(alone, boxed, FindingList({"Cardiomegaly"}));
  EXPECT_TRUE(method.results[0].boxes.empty());
  EXPECT_TRUE(method.results[1].boxes.empty());
  EXPECT_EQ(method.results[2].boxes.at(0).box, (Box{20, 20, 60, 60}));  // anna's, for bert
}

TEST(RandomMapControl, IsAFunctionOfSeedDrawImageAndFinding) {
  const Dataset data = toy::dataset();
  const std::vector<std::size_t> forward = {0, 1};
  const std::vector<std::size_t> backward = {1, 0};
  const auto peak = [&](std::span<const std::size_t> boxed, std::size_t result, std::uint64_t seed,
                        std::uint64_t draw) {
    const Point p = random_map_control(data, boxed, std::vector<BoxRule>(2), seed, draw)
                        .results[result]
                        .peak.value();
    return std::pair(p.x, p.y);
  };
  EXPECT_EQ(peak(forward, 0, 1, 0), peak(forward, 0, 1, 0));
  EXPECT_EQ(peak(forward, 0, 1, 0), peak(backward, 2, 1, 0));  // image 0, finding 0
  EXPECT_NE(peak(forward, 0, 1, 0), peak(forward, 1, 1, 0));   // other finding
  EXPECT_NE(peak(forward, 0, 1, 0), peak(forward, 2, 1, 0));   // other image
  EXPECT_NE(peak(forward, 0, 1, 0), peak(forward, 0, 2, 0));   // other seed
  EXPECT_NE(peak(forward, 0, 1, 0), peak(forward, 0, 1, 1));   // other draw
  Dataset moved = data;
  std::swap(moved.records[0], moved.records[3]);
  const std::vector<std::size_t> place = {3};
  const Point there =
      random_map_control(moved, place, std::vector<BoxRule>(2), 1).results[0].peak.value();
  EXPECT_EQ(std::pair(there.x, there.y), peak(forward, 0, 1, 0));
}

TEST(RandomMapControl, DrawsBoxesInTheFrameRoundItsPeak) {
  Dataset data = toy::dataset();
  data.records[0].frame = {2048, 512};
  const std::vector<std::size_t> boxed = {0};
  const LocalizationMethod method = random_map_control(data, boxed, std::vector<BoxRule>(50), 3);
  EXPECT_TRUE(method.is_control);
  EXPECT_EQ(method.name, "random map");
  EXPECT_EQ(random_map_control(data, boxed, std::vector<BoxRule>(1), 3, 1).name, "random map 2");
  double right = 0.0;
  std::set<double> tops;
  std::set<double> lefts;
  for (const FindingLocalization& result : method.results) {
    ASSERT_EQ(result.boxes.size(), 1U);  // the default rule keeps the region of the peak
    const Box& box = result.boxes[0].box;
    EXPECT_TRUE(box.contains(result.peak->x, result.peak->y));
    EXPECT_GE(box.x, 0.0);
    EXPECT_LE(box.right(), 2048.0);
    EXPECT_LE(box.bottom(), 512.0);
    right = std::max(right, box.right());
    tops.insert(box.y);
    lefts.insert(box.x);
  }
  EXPECT_GT(right, 1500.0);  // all of the frame is reached
  // Between the values of the coarse grid the map is interpolated: edges at the 8 places of a
  // coarse grid alone would make steps of it.
  EXPECT_GT(tops.size(), 12U);
  EXPECT_GT(lefts.size(), 12U);
}

TEST(RandomMapControl, PointsAsOftenAsTheBoxesCoverTheFrame) {
  if (!std::filesystem::exists(kBoxList)) GTEST_SKIP() << "no " << kBoxList;
  const Dataset data = read_boxes(kBoxList);
  std::vector<std::size_t> boxed(data.records.size());
  std::vector<double> area(data.findings.size(), 0.0);
  std::vector<double> count(data.findings.size(), 0.0);
  for (std::size_t i = 0; i < boxed.size(); ++i) {
    boxed[i] = i;
    for (const FindingBox& box : data.records[i].boxes) {
      area[box.finding] += box.box.area() / (1024.0 * 1024.0);
      count[box.finding] += 1.0;
    }
  }
  double expected = 0.0;
  for (std::size_t f = 0; f < area.size(); ++f) expected += area[f] / count[f] / 8.0;
  const Evaluation evaluation =
      score(data, random_map_control(data, boxed, std::vector<BoxRule>(data.findings.size()), 1));
  // A peak that is anywhere with equal chance hits with the probability of the box's area, 0.07 on
  // average. The sum of 984 such draws varies by some 12%, and the maps' peaks are not quite
  // uniform near the edges.
  EXPECT_GT(mean_of_measure(evaluation, "pointing"), expected * 0.6);
  EXPECT_LT(mean_of_measure(evaluation, "pointing"), expected * 1.4);
}

}  // namespace
}  // namespace chestmap
