#include "geometry/boxes_from_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "geometry/components.h"

namespace chestmap {
namespace {

/// A map of `width` columns over a frame that gives every cell 10 x 20 pixels.
MapView view(const std::vector<float>& values, std::size_t width) {
  const std::size_t height = values.size() / width;
  return {values.data(), width, height, 10.0 * static_cast<double>(width),
          20.0 * static_cast<double>(height)};
}

/// A hill of the given centre and widths on a map of 40 x 30 cells.
std::vector<float> hill(double x, double y, double across, double down) {
  std::vector<float> values(40 * 30);
  for (std::size_t row = 0; row < 30; ++row)
    for (std::size_t column = 0; column < 40; ++column) {
      const double u = (static_cast<double>(column) + 0.5 - x) / across;
      const double v = (static_cast<double>(row) + 0.5 - y) / down;
      values[row * 40 + column] = static_cast<float>(std::exp(-(u * u + v * v) / 2.0));
    }
  return values;
}

BoxRule of_area(double area) {
  BoxRule rule;
  rule.kind = BoxRule::Kind::expected_area;
  rule.area = area;
  return rule;
}

TEST(ExpectedArea, CentresABoxOfTheAreaOnTheHill) {
  const std::vector<float> values = hill(17.0, 12.0, 4.0, 4.0);
  for (const double area : {0.01, 0.05, 0.2}) {
    const std::vector<ScoredBox> boxes = boxes_from_map(view(values, 40), of_area(area));
    ASSERT_EQ(boxes.size(), 1U);
    const Box& box = boxes[0].box;
    EXPECT_NEAR(box.area(), area * 400.0 * 600.0, 1e-6);
    // A tenth of a cell of 10 x 20 pixels: the hill is sampled.
    EXPECT_NEAR(box.x + box.width / 2.0, 170.0, 1.0);
    EXPECT_NEAR(box.y + box.height / 2.0, 240.0, 2.0);
    EXPECT_NEAR(box.width / 10.0, box.height / 20.0, 0.1);  // square in cells
    EXPECT_EQ(boxes[0].score, static_cast<double>(*std::max_element(values.begin(), values.end())));
  }
}

TEST(ExpectedArea, TakesTheRootOfTheHillsProportions) {
  const std::vector<float> values = hill(20.0, 15.0, 8.0, 2.0);
  const Box box = boxes_from_map(view(values, 40), of_area(0.1))[0].box;
  // The region's deviations are as 4 to 1, the sides as 2 to 1; cells are whole and the map ends.
  EXPECT_NEAR((box.width / 10.0) / (box.height / 20.0), 2.0, 0.15);
}

TEST(ExpectedArea, LooksAtTheRegionOfThePeakAlone) {
  std::vector<float> values = hill(8.0, 8.0, 3.0, 3.0);
  const std::vector<float> lower = hill(32.0, 22.0, 3.0, 3.0);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.9F * lower[i];
  const Box box = boxes_from_map(view(values, 40), of_area(0.02))[0].box;
  EXPECT_NEAR(box.x + box.width / 2.0, 80.0, 1.0);
  EXPECT_NEAR(box.y + box.height / 2.0, 160.0, 2.0);
}

TEST(ExpectedArea, StaysInTheFrameAndKeepsItsArea) {
  const std::vector<float> corner = hill(0.0, 30.0, 4.0, 4.0);
  const Box box = boxes_from_map(view(corner, 40), of_area(0.1))[0].box;
  EXPECT_EQ(box.x, 0.0);
  EXPECT_NEAR(box.bottom(), 600.0, 1e-9);
  EXPECT_NEAR(box.area(), 0.1 * 400.0 * 600.0, 1e-6);
  const Box all = boxes_from_map(view(corner, 40), of_area(1.0))[0].box;
  EXPECT_NEAR(all.width, 400.0, 1e-9);
  EXPECT_NEAR(all.height, 600.0, 1e-9);
  // A flat ridge across the whole map cannot be wider than it.
  const Box ridge = boxes_from_map(view(hill(20.0, 15.0, 100.0, 0.3), 40), of_area(0.5))[0].box;
  EXPECT_LE(ridge.right(), 400.0 + 1e-9);
  EXPECT_NEAR(ridge.area(), 0.5 * 400.0 * 600.0, 1e-6);
}

TEST(ExpectedArea, OfOneBrightCellIsASquareRoundIt) {
  std::vector<float> values(20 * 20);
  values[7 * 20 + 5] = 1.0F;
  const Box box = boxes_from_map(view(values, 20), of_area(0.0025))[0].box;
  EXPECT_NEAR(box.x, 50.0, 1e-9);
  EXPECT_NEAR(box.y, 140.0, 1e-9);
  EXPECT_NEAR(box.width, 10.0, 1e-9);
}

TEST(ExpectedArea, OutsideOf0To1IsRefused) {
  const std::vector<float> values = hill(8.0, 8.0, 3.0, 3.0);
  EXPECT_THROW((void)boxes_from_map(view(values, 40), of_area(0.0)), std::invalid_argument);
  EXPECT_THROW((void)boxes_from_map(view(values, 40), of_area(1.1)), std::invalid_argument);
}

TEST(Components, DiagonalNeighboursAreOneRegion) {
  const std::vector<float> values = {1, 0, 0,  //
                                     0, 2, 0,  //
                                     0, 0, 0};
  const auto regions = regions_at_or_above(values, 3, 3, 1.0);
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].cells, 2U);
  EXPECT_EQ(regions[0].left, 0U);
  EXPECT_EQ(regions[0].right, 2U);
  EXPECT_EQ(regions[0].bottom, 2U);
  EXPECT_EQ(regions[0].peak, 2.0F);
}

TEST(Components, RowsDoNotWrapRound) {
  const std::vector<float> values = {0, 0, 1,  //
                                     1, 0, 0};
  EXPECT_EQ(regions_at_or_above(values, 3, 2, 1.0).size(), 2U);
}

TEST(Components, ARingIsOneRegionWithItsWholeRectangle) {
  const std::vector<float> values = {1, 1, 1, 1,  //
                                     1, 0, 0, 1,  //
                                     0, 1, 1, 0};
  const auto regions = regions_at_or_above(values, 4, 3, 0.5);
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].cells, 8U);
}

TEST(Components, AgreeWithSpreadingLabelsUntilNothingChanges) {
  RandomStream stream{3};
  for (int round = 0; round < 50; ++round) {
    // Every fifth map is wider than the 64 and 128 cells that are looked at together.
    const bool wide = round % 5 == 0;
    const std::size_t width = 1 + stream.below(wide ? 150 : 12);
    const std::size_t height = 1 + stream.below(wide ? 3 : 12);
    std::vector<float> values(width * height);
    for (float& value : values) value = stream.chance(0.4) ? 1.0F : 0.0F;
    // The slow way: every cell takes the least label of its neighbourhood, again and again.
    std::vector<std::size_t> label(values.size());
    for (std::size_t i = 0; i < label.size(); ++i) label[i] = i;
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t a = 0; a < values.size(); ++a)
        for (std::size_t b = 0; b < values.size(); ++b) {
          const auto apart = [](std::size_t p, std::size_t q) { return p > q ? p - q : q - p; };
          const bool near = apart(a % width, b % width) <= 1 && apart(a / width, b / width) <= 1;
          if (near && values[a] > 0 && values[b] > 0 && label[b] < label[a]) {
            label[a] = label[b];
            changed = true;
          }
        }
    }
    std::vector<std::size_t> first_cells;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] > 0 && label[i] == i) first_cells.push_back(i);
    const auto regions = regions_at_or_above(values, width, height, 0.5);
    ASSERT_EQ(regions.size(), first_cells.size());
    for (std::size_t r = 0; r < regions.size(); ++r) {
      const auto cells = std::count(label.begin(), label.end(), first_cells[r]);
      EXPECT_EQ(regions[r].cells, static_cast<std::size_t>(cells));
      EXPECT_EQ(regions[r].top, first_cells[r] / width);
    }
  }
}

TEST(Components, ARunMayGoOnOverManyCells) {
  for (const std::size_t width : {63U, 64U, 65U, 128U, 200U}) {
    // A single row: no other one holds its parts together.
    std::vector<float> values(width, 1.0F);
    values[0] = 0.0F;
    const auto whole = regions_at_or_above(values, width, 1, 0.5);
    ASSERT_EQ(whole.size(), 1U) << width;
    EXPECT_EQ(whole[0].cells, width - 1);
    EXPECT_EQ(whole[0].right, width);
    values[60] = 0.0F;
    const auto parts = regions_at_or_above(values, width, 1, 0.5);
    ASSERT_EQ(parts.size(), 2U) << width;
    EXPECT_EQ(parts[0].right, 60U);
    EXPECT_EQ(parts[1].left, 61U);
    EXPECT_EQ(parts[1].cells, width - 61);
  }
}

TEST(BoxesFromMap, BoxCoversItsCellsWholeInTheFrame) {
  const std::vector<float> values = {0, 0, 0, 0,  //
                                     0, 9, 8, 0,  //
                                     0, 0, 0, 0};
  const auto boxes = boxes_from_map(view(values, 4), {});
  ASSERT_EQ(boxes.size(), 1U);
  // Columns 1 and 2 of 10 pixels, row 1 of 20.
  EXPECT_EQ(boxes[0].box, (Box{10, 20, 20, 20}));
  EXPECT_EQ(boxes[0].score, 9.0);
}

TEST(BoxesFromMap, MedianPeakLevelIsInclusive) {
  // Median 1 (sorted 1 1 1 1 1 3 5: the middle one), peak 5: half way is 3, which belongs.
  const std::vector<float> values = {1, 1, 1, 3, 5, 1, 1};
  const auto boxes = boxes_from_map(view(values, 7), {});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].box, (Box{30, 0, 20, 20}));
}

TEST(BoxesFromMap, MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  // Median (2 + 4) / 2 = 3, peak 9, half way 6: only the 9. With median 2 the level were 5.5 and
  // with 4 it were 6.5, so 5.9 and 6.2 tell the three apart.
  const std::vector<float> values = {2, 0, 9, 1, 5.9F, 0, 6.2F, 4};
  BoxRule rule;
  rule.most_boxes = 9;
  const auto boxes = boxes_from_map(view(values, 8), rule);
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].box.x, 20.0);
  EXPECT_EQ(boxes[1].box.x, 60.0);
}

TEST(BoxesFromMap, MedianPeakKeepsTheHighestRegions) {
  const std::vector<float> values = {7, 0, 9, 0, 8, 0, 0, 0, 0, 0};
  BoxRule rule;
  rule.most_boxes = 2;
  const auto boxes = boxes_from_map(view(values, 10), rule);
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].score, 9.0);
  EXPECT_EQ(boxes[1].score, 8.0);
}

TEST(BoxesFromMap, EqualScoresAreOrderedByAreaThenPosition) {
  const std::vector<float> values = {5, 0, 5, 0, 5, 5, 0, 0, 0, 0, 0, 0};
  BoxRule rule;
  rule.most_boxes = 9;
  const auto boxes = boxes_from_map(view(values, 12), rule);
  ASSERT_EQ(boxes.size(), 3U);
  EXPECT_EQ(boxes[0].box.x, 40.0);  // two cells
  EXPECT_EQ(boxes[1].box.x, 0.0);
  EXPECT_EQ(boxes[2].box.x, 20.0);
}

TEST(BoxesFromMap, WangReportsTheRegionsOfBothLevels) {
  // From -1 to 254: scaled by adding 1. At 60: columns 1-3 and 5; at 180: column 2 alone.
  const std::vector<float> values = {-1, 59, 254, 100, 0, 178, 58};
  BoxRule rule;
  rule.kind = BoxRule::Kind::wang;
  const auto boxes = boxes_from_map(view(values, 7), rule);
  ASSERT_EQ(boxes.size(), 3U);
  EXPECT_EQ(boxes[0].box, (Box{10, 0, 30, 20}));
  EXPECT_EQ(boxes[1].box, (Box{20, 0, 10, 20}));
  EXPECT_EQ(boxes[2].box, (Box{50, 0, 10, 20}));
  EXPECT_EQ(boxes[2].score, 178.0);
}

TEST(BoxesFromMap, ConstantAndEmptyMapsHaveNoBox) {
  const std::vector<float> values(6, 0.25F);
  BoxRule wang;
  wang.kind = BoxRule::Kind::wang;
  EXPECT_TRUE(boxes_from_map(view(values, 3), {}).empty());
  EXPECT_TRUE(boxes_from_map(view(values, 3), wang).empty());
  EXPECT_TRUE(boxes_from_map({}, {}).empty());
}

TEST(BoxesFromMap, CellsThatAreNoNumbersAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {nan, 0, 0, 4, nan, 0};
  const auto boxes = boxes_from_map(view(values, 6), {});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].box, (Box{30, 0, 10, 20}));
  EXPECT_EQ(peak_of_map(view(values, 6)).x, 35.0);
}

TEST(BoxesFromMap, AFractionOutsideZeroToOneIsRefused) {
  const std::vector<float> values = {0, 1};
  BoxRule rule;
  rule.fraction = 1.0;
  EXPECT_THROW((void)boxes_from_map(view(values, 2), rule), std::invalid_argument);
}

TEST(PeakOfMap, IsTheCentreOfTheFirstLargestCell) {
  const std::vector<float> values = {0, 1, 3,  //
                                     3, 0, 0};
  const Point peak = peak_of_map(view(values, 3));
  EXPECT_EQ(peak.x, 25.0);  // (2 + 1/2) * 10
  EXPECT_EQ(peak.y, 10.0);  // (0 + 1/2) * 20
}

}  // namespace
}  // namespace chestmap
