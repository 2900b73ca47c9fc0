#include "geometry/mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/random.h"
#include "judges/ask.h"

namespace chestmap {
namespace {

using Bits = std::vector<std::uint8_t>;
using Runs = std::vector<std::uint32_t>;
using Polygons = std::vector<std::vector<Point>>;

// 4 wide, 3 high. Down the columns: 0 0 1 | 1 1 0 | 0 0 0 | 1 0 0.
const Bits kBits = {0, 1, 0, 1,  //
                    0, 1, 0, 0,  //
                    1, 0, 0, 0};
const Runs kRuns = {2, 3, 4, 1, 2};

Bits random_bits(RandomStream& stream, std::size_t count, double share) {
  Bits bits(count);
  for (std::uint8_t& bit : bits) bit = stream.chance(share) ? 1 : 0;
  return bits;
}

TEST(Mask, RunsGoDownTheColumnsZerosFirst) {
  const Mask mask = Mask::from_bits(kBits, 4, 3);
  EXPECT_EQ(mask.runs(), kRuns);
  EXPECT_EQ(mask.area(), 4U);
  EXPECT_EQ(mask.to_bits(), kBits);
  EXPECT_EQ(Mask::from_runs(4, 3, kRuns), mask);
  EXPECT_EQ(Mask::from_bits(Bits{1, 1}, 1, 2).runs(), (Runs{0, 2}));
  EXPECT_EQ(Mask(4, 3).runs(), Runs{12});
  EXPECT_TRUE(Mask(4, 3).empty());
  EXPECT_FALSE(mask.empty());
}

TEST(Mask, RunsOfLengthZeroAreJoinedWithTheirNeighbours) {
  EXPECT_EQ(Mask::from_runs(4, 3, {2, 1, 0, 2, 4, 1, 2, 0}).runs(), kRuns);
  EXPECT_EQ(Mask::from_runs(4, 3, {2, 0, 10}).runs(), Runs{12});
  EXPECT_EQ(Mask::from_runs(4, 3, {0, 0, 3, 9}).runs(), (Runs{3, 9}));
  EXPECT_EQ(Mask::from_runs(0, 3, {0}), Mask(0, 3));
}

TEST(Mask, RunsThatDoNotFillThePixelsAreRefused) {
  EXPECT_THROW(static_cast<void>(Mask::from_runs(4, 3, {2, 3, 4, 1, 1})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(Mask::from_runs(4, 3, {})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(Mask::from_bits(kBits, 4, 4)), std::invalid_argument);
  EXPECT_THROW(Mask(65536, 65536), std::invalid_argument);
  EXPECT_THROW(Mask(std::numeric_limits<std::size_t>::max(), 2), std::invalid_argument);
  EXPECT_EQ(Mask(65535, 65536).runs(), Runs{4294901760U});
}

TEST(Mask, BoundingBoxAndContainsAgreeWithThePixels) {
  const Mask mask = Mask::from_bits(kBits, 4, 3);
  EXPECT_EQ(mask.bounding_box(), (Box{0, 0, 4, 3}));
  EXPECT_EQ(Mask::from_bits(Bits{0, 0, 0, 0, 1, 0, 0, 1, 0}, 3, 3).bounding_box(),
            (Box{1, 1, 1, 2}));
  EXPECT_FALSE(Mask(4, 3).bounding_box().has_value());
  for (std::size_t y = 0; y < 3; ++y)
    for (std::size_t x = 0; x < 4; ++x)
      EXPECT_EQ(mask.contains(static_cast<double>(x) + 0.99, static_cast<double>(y)),
                kBits[y * 4 + x] == 1)
          << x << " " << y;
  for (const Point outside : {Point{-0.1, 2.0}, {0.5, 3.0}, {4.0, 0.5}, {3.5, -0.1}})
    EXPECT_FALSE(mask.contains(outside.x, outside.y));
  EXPECT_FALSE(mask.contains(std::numeric_limits<double>::quiet_NaN(), 0.0));
}

TEST(Mask, OfABoxHoldsThePixelsWhoseCentresItCovers) {
  EXPECT_EQ(Mask::from_box(4, 3, {1, 0, 2, 2}).to_bits(), (Bits{0, 1, 1, 0,  //
                                                                0, 1, 1, 0,  //
                                                                0, 0, 0, 0}));
  // [0.6, 2.6) holds the centres 1.5 and 2.5; [-9, 1.5) the centre 0.5 and not 1.5.
  EXPECT_EQ(Mask::from_box(4, 3, {0.6, -9, 2, 10.5}).to_bits(), (Bits{0, 1, 1, 0,  //
                                                                      0, 0, 0, 0,  //
                                                                      0, 0, 0, 0}));
  EXPECT_EQ(Mask::from_box(4, 3, {-5, -5, 99, 99}).area(), 12U);
  EXPECT_TRUE(Mask::from_box(4, 3, {9, 9, 2, 2}).empty());
  EXPECT_TRUE(Mask::from_box(4, 3, {1, 1, 0, 2}).empty());
}

TEST(Mask, OverlapOfTwoMasksByHand) {
  const Mask a = Mask::from_box(8, 8, {0, 0, 4, 4});
  const Mask b = Mask::from_box(8, 8, {2, 2, 4, 4});
  EXPECT_EQ(intersection_area(a, b), 4U);
  EXPECT_EQ(iou(a, b), 4.0 / 28.0);
  EXPECT_EQ(iobb(a, b), 4.0 / 16.0);
  EXPECT_EQ(dice(a, b), 8.0 / 32.0);
  EXPECT_EQ(union_of(a, b).area(), 28U);
  EXPECT_EQ(iou(Mask(8, 8), Mask(8, 8)), 0.0);
  EXPECT_EQ(dice(Mask(8, 8), Mask(8, 8)), 0.0);
  EXPECT_EQ(iobb(Mask(8, 8), a), 0.0);
  EXPECT_THROW(static_cast<void>(iou(a, Mask(8, 7))), std::invalid_argument);
}

TEST(Mask, OverlapIsSymmetricInTheUnitIntervalAndAgreesWithCountingPixels) {
  RandomStream stream{3};
  for (int round = 0; round < 300; ++round) {
    const std::size_t width = 1 + stream.below(9);
    const std::size_t height = 1 + stream.below(9);
    const Bits bits_a = random_bits(stream, width * height, 0.5);
    const Bits bits_b = random_bits(stream, width * height, 0.3);
    const Mask a = Mask::from_bits(bits_a, width, height);
    const Mask b = Mask::from_bits(bits_b, width, height);
    std::size_t shared = 0;
    Bits joined(bits_a.size());
    for (std::size_t i = 0; i < bits_a.size(); ++i) {
      shared += bits_a[i] & bits_b[i];
      joined[i] = bits_a[i] | bits_b[i];
    }
    EXPECT_EQ(intersection_area(a, b), shared);
    EXPECT_EQ(union_of(a, b), Mask::from_bits(joined, width, height));
    EXPECT_EQ(iou(a, b), iou(b, a));
    EXPECT_EQ(dice(a, b), dice(b, a));
    for (const double value : {iou(a, b), dice(a, b), iobb(a, b)}) {
      EXPECT_GE(value, 0.0);
      EXPECT_LE(value, 1.0);
    }
    EXPECT_LE(iou(a, b), dice(a, b));
    EXPECT_EQ(iou(a, a), a.empty() ? 0.0 : 1.0);
  }
}

TEST(Mask, ResizingTakesThePixelUnderEachCentre) {
  // Columns 4 -> 2: centres at 1 and 3, i.e. columns 1 and 3; rows 3 -> 6: each twice.
  EXPECT_EQ(resized(Mask::from_bits(kBits, 4, 3), 2, 6).to_bits(),
            (Bits{1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0}));
  RandomStream stream{4};
  for (int round = 0; round < 300; ++round) {
    const std::size_t width = 1 + stream.below(9);
    const std::size_t height = 1 + stream.below(9);
    const std::size_t new_width = 1 + stream.below(14);
    const std::size_t new_height = 1 + stream.below(14);
    const Bits bits = random_bits(stream, width * height, 0.5);
    Bits expected;
    for (std::size_t y = 0; y < new_height; ++y)
      for (std::size_t x = 0; x < new_width; ++x)
        expected.push_back(bits[(2 * y + 1) * height / (2 * new_height) * width +
                                (2 * x + 1) * width / (2 * new_width)]);
    EXPECT_EQ(resized(Mask::from_bits(bits, width, height), new_width, new_height).to_bits(),
              expected);
  }
  EXPECT_TRUE(resized(Mask(4, 3), 100, 100).empty());
}

TEST(Mask, CompressedStringsKeepTheRuns) {
  // Runs 2 3 4 1 2: as they are, then from the fourth on 1 - 3 = -2 (30 in five bits, a sign bit in
  // it) and 2 - 4 = -2. '0' + 30 is 'N'.
  EXPECT_EQ(Mask::from_runs(4, 3, kRuns).to_coco_string(), "234NN");
  EXPECT_EQ(Mask::from_coco_string(4, 3, "234NN").runs(), kRuns);
  // 40 = 8 + 32 * 1: '0' + 8 + 32 = 'X', then '1'.
  EXPECT_EQ(Mask(5, 8).to_coco_string(), "X1");
  RandomStream stream{5};
  for (int round = 0; round < 200; ++round) {
    Runs runs;
    std::size_t sum = 0;
    for (std::uint64_t i = 0, count = 1 + stream.below(9); i < count; ++i) {
      runs.push_back(static_cast<std::uint32_t>(1 + stream.below(1U << stream.below(28))));
      sum += runs.back();
    }
    const Mask mask = Mask::from_runs(sum, 1, runs);
    EXPECT_EQ(Mask::from_coco_string(sum, 1, mask.to_coco_string()), mask);
  }
}

TEST(Mask, BrokenStringsAreRefused) {
  for (const char* text : {"", "234N", "234NN0!", "23 4NN", "234N\x80", "X", "2345555",
                           "234NNNNNNN", "oooooooooooooooo1", "XXXXXXXXXXXXXXXXXXXXXXXXXXXX"})
    EXPECT_THROW(static_cast<void>(Mask::from_coco_string(4, 3, text)), std::invalid_argument)
        << text;
}

TEST(Mask, AnyTextIsAMaskOrRefused) {
  RandomStream stream{8};
  const std::string sound = Mask::from_bits(random_bits(stream, 900, 0.4), 30, 30).to_coco_string();
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = sound.substr(0, stream.below(sound.size() + 1));
    for (std::uint64_t i = 0, changes = stream.below(4); i < changes && !text.empty(); ++i)
      text[stream.below(text.size())] = static_cast<char>(stream.below(256));
    try {
      const Mask mask = Mask::from_coco_string(30, 30, text);
      EXPECT_EQ(Mask::from_coco_string(30, 30, mask.to_coco_string()), mask);
      ++read;
    } catch (const std::invalid_argument&) {
    }
  }
  EXPECT_GT(read, 0);
}

TEST(Mask, PolygonsCoverThePixelsWhoseCentresTheyHold) {
  // A right triangle over the lower left half of a square: row y holds the x with x < y.
  const Polygons triangle = {{{0, 0}, {4, 4}, {0, 4}}};
  EXPECT_EQ(Mask::from_polygons(4, 4, triangle).area(), 6U + 4U);  // the diagonal's centres count
  // Two overlapping squares are a union, not a difference.
  const Polygons squares = {{{0, 0}, {3, 0}, {3, 3}, {0, 3}}, {{1, 1}, {4, 1}, {4, 4}, {1, 4}}};
  EXPECT_EQ(Mask::from_polygons(4, 4, squares).area(), 9U + 9U - 4U);
  // One polygon twice round the same square covers nothing under the even-odd rule.
  const Polygons twice = {{{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}, {3, 0}, {3, 3}, {0, 3}}};
  EXPECT_EQ(Mask::from_polygons(4, 4, twice).area(), 0U);
  EXPECT_TRUE(Mask::from_polygons(4, 4, Polygons{{}, {{1, 1}}, {{0, 0}, {4, 4}}}).empty());
}

TEST(Mask, PolygonsFarOutsideAreClipped) {
  const Polygons large = {{{-1e300, -1e300}, {1e300, -1e300}, {1e300, 1e300}, {-1e300, 1e300}}};
  EXPECT_EQ(Mask::from_polygons(5, 7, large).area(), 35U);
  const Polygons broken = {{{0, 0}, {std::numeric_limits<double>::infinity(), 1}, {3, 3}}};
  EXPECT_THROW(static_cast<void>(Mask::from_polygons(5, 7, broken)), std::invalid_argument);
}

TEST(Mask, AgreesWithPycocotoolsOnRandomBits) {
  RandomStream stream{6};
  nlohmann::json cases = nlohmann::json::array();
  for (int i = 0; i < 200; ++i) {
    const std::size_t width = 1 + stream.below(30);
    const std::size_t height = 1 + stream.below(30);
    const double share = stream.uniform();
    cases.push_back(
        {{"width", width},
         {"height", height},
         {"bits",
          {random_bits(stream, width * height, share), random_bits(stream, width * height, 0.9)}}});
  }
  const auto answers = ask_judge("coco_masks.py", cases);
  if (!answers) GTEST_SKIP() << "pycocotools is not installed: ./run test installs it";
  ASSERT_EQ(answers->size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::vector<Mask> masks;
    for (std::size_t m = 0; m < 2; ++m) {
      masks.push_back(
          Mask::from_bits(cases[i]["bits"][m].get<Bits>(), cases[i]["width"], cases[i]["height"]));
      const nlohmann::json& answer = answers->at(i);
      EXPECT_EQ(masks[m].to_coco_string(), answer["counts"][m]);
      EXPECT_EQ(masks[m].area(), answer["area"][m]);
      const Box box = masks[m].bounding_box().value_or(Box{});
      EXPECT_EQ((std::vector{box.x, box.y, box.width, box.height}),
                answer["box"][m].get<std::vector<double>>());
      EXPECT_EQ(Mask::from_coco_string(masks[m].width(), masks[m].height(),
                                       answer["counts"][m].get<std::string>()),
                masks[m]);
    }
    if (masks[0].empty() && masks[1].empty()) continue;  // 0 / 0 is pycocotools' own affair
    EXPECT_DOUBLE_EQ(iou(masks[0], masks[1]), answers->at(i)["iou"]);
  }
}

TEST(Mask, AgreesWithPycocotoolsOnRandomPolygons) {
  RandomStream stream{7};
  nlohmann::json cases = nlohmann::json::array();
  std::vector<Polygons> drawn;
  for (int i = 0; i < 600; ++i) {
    const std::size_t width = 1 + stream.below(60);
    const std::size_t height = 1 + stream.below(60);
    const bool whole = stream.chance(0.3);  // corners on pixels' corners, as boxes have them
    drawn.emplace_back(1 + stream.below(3));
    nlohmann::json polygons = nlohmann::json::array();
    for (std::vector<Point>& polygon : drawn.back()) {
      std::vector<double> flat;
      for (std::uint64_t c = 0, corners = 3 + stream.below(6); c < corners; ++c) {
        Point corner{stream.uniform(-0.3, 1.3) * static_cast<double>(width),
                     stream.uniform(-0.3, 1.3) * static_cast<double>(height)};
        if (whole) corner = {std::round(corner.x), std::round(corner.y)};
        polygon.push_back(corner);
        flat.insert(flat.end(), {corner.x, corner.y});
      }
      polygons.push_back(flat);
    }
    cases.push_back({{"width", width}, {"height", height}, {"polygons", polygons}});
  }
  const auto answers = ask_judge("coco_masks.py", cases);
  if (!answers) GTEST_SKIP() << "pycocotools is not installed: ./run test installs it";
  ASSERT_EQ(answers->size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Mask mask = Mask::from_polygons(cases[i]["width"], cases[i]["height"], drawn[i]);
    // Compared as masks: pycocotools writes runs of length 0 that ours joins.
    EXPECT_EQ(mask, Mask::from_coco_string(mask.width(), mask.height(),
                                           answers->at(i)["counts"].get<std::string>()))
        << cases[i].dump();
  }
}

}  // namespace
}  // namespace chestmap
