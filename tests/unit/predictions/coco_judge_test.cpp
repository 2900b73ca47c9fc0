#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/csv.h"
#include "data/readers.h"
#include "predictions/read_predictions.h"
#include "unit/image/scratch.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

/// What pycocotools says of one mask.
struct Expected {
  std::size_t area = 0;
  Box box;
};

std::vector<Expected> read_expected(const std::filesystem::path& file) {
  std::vector<Expected> expected;
  for (const CsvRow& row : read_csv(file).rows) {
    const auto value = [&](std::size_t i) { return parse_number(row.fields.at(i)).value(); };
    expected.push_back(
        {static_cast<std::size_t>(value(1)), {value(2), value(3), value(4), value(5)}});
  }
  return expected;
}

/// Files that pycocotools wrote and measured.
class CocoJudge : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string command =
        CHESTMAP_PYTHON " '" CHESTMAP_JUDGES "/coco_dataset.py' '" + folder_.path().string() + "'";
    const int status = std::system(command.c_str());
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 77)
      GTEST_SKIP() << "the judge lacks pycocotools; ./run test installs it";
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  ScratchFolder folder_;
};

TEST_F(CocoJudge, MeasuresTheSameMasksOfTheGroundTruth) {
  const Dataset dataset = read_dataset(folder_ / "instances.json");
  const std::vector<Expected> expected = read_expected(folder_ / "truth.csv");
  ASSERT_EQ(expected.size(), 12U);  // 3 images, each with 2 by polygons and 2 by run lengths
  std::size_t annotation = 0;
  for (const Record& record : dataset.records)
    for (const FindingMask& mask : record.masks) {
      EXPECT_EQ(mask.mask.area(), expected[annotation].area) << annotation;
      EXPECT_EQ(mask.mask.bounding_box(), expected[annotation].box) << annotation;
      ++annotation;
    }
  EXPECT_EQ(annotation, expected.size());
}

TEST_F(CocoJudge, MeasuresTheSameMasksOfTheResults) {
  const Dataset dataset = read_dataset(folder_ / "instances.json");
  const PredictionSet set = read_predictions(folder_ / "results.json", dataset);
  std::multiset<std::size_t> areas;
  for (const ImagePrediction& item : set.items)
    for (const ScoredMask& mask : item.masks) areas.insert(mask.mask.area());
  std::multiset<std::size_t> expected;
  for (const Expected& result : read_expected(folder_ / "results.csv"))
    expected.insert(result.area);
  EXPECT_EQ(expected.size(), 15U);
  EXPECT_EQ(areas, expected);
  EXPECT_TRUE(set.skipped.empty());
}

}  // namespace
}  // namespace chestmap
