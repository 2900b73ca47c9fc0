#include "metrics/free_response.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "base/random.h"
#include "metrics/afroc.h"
#include "metrics/froc.h"

namespace chestmap {
namespace {

constexpr double kUnmarked = -std::numeric_limits<double>::infinity();
constexpr std::size_t kAllPoints = 1'000'000;
constexpr Afroc kKinds[] = {Afroc::afroc, Afroc::wafroc, Afroc::afroc1, Afroc::wafroc1};

// The example of froc.h and afroc.h: two normal images, two abnormal ones.
const std::vector<FreeResponseCase> kExample = {
    {0, {}, {}, {3.0}}, {1, {}, {}, {}}, {2, {4.0, 2.0}, {}, {1.0}}, {3, {kUnmarked}, {}, {}}};

/// Ratings on a grid, so that many are tied.
std::vector<FreeResponseCase> random_images(std::size_t count, RandomStream& stream) {
  std::vector<FreeResponseCase> images;
  const auto rating = [&](std::uint64_t shift) {
    return static_cast<double>(stream.below(10) + shift);
  };
  for (std::size_t i = 0; i < count; ++i) {
    FreeResponseCase image;
    image.image = i;
    const std::uint64_t lesions = i == 0 ? 2 : (i == 1 ? 0 : stream.below(4));
    double left = 1.0;
    for (std::uint64_t l = 0; l < lesions; ++l) {
      image.lesions.push_back(stream.chance(0.7) ? rating(3) : kUnmarked);
      const double share = l + 1 == lesions ? left : left * stream.uniform();
      image.importance.push_back(share);
      left -= share;
    }
    if (stream.chance(0.4)) image.importance.clear();
    for (std::uint64_t f = 0, marks = stream.below(4); f < marks; ++f)
      image.false_marks.push_back(rating(0));
    images.push_back(image);
  }
  return images;
}

/// The definition of the figures of merit, pair by pair.
double slow_area(const std::vector<FreeResponseCase>& images, Afroc kind) {
  const bool weighted = kind == Afroc::wafroc || kind == Afroc::wafroc1;
  const bool all = kind == Afroc::afroc1 || kind == Afroc::wafroc1;
  double won = 0.0;
  double pairs = 0.0;
  for (const FreeResponseCase& other : images) {
    if (!all && !other.lesions.empty()) continue;
    double highest = kUnmarked;
    for (const double rating : other.false_marks) highest = std::max(highest, rating);
    for (const FreeResponseCase& image : images)
      for (std::size_t l = 0; l < image.lesions.size(); ++l) {
        const double importance = image.importance.empty()
                                      ? 1.0 / static_cast<double>(image.lesions.size())
                                      : image.importance[l];
        const double weight = weighted ? importance : 1.0;
        pairs += weight;
        if (image.lesions[l] > highest) won += weight;
        if (image.lesions[l] == highest) won += weight / 2.0;
      }
  }
  return won / pairs;
}

template <typename P, typename X, typename Y>
double trapezoids(const std::vector<P>& curve, X x, Y y) {
  double area = 0.0;
  for (std::size_t i = 1; i < curve.size(); ++i)
    area += (x(curve[i]) - x(curve[i - 1])) * (y(curve[i]) + y(curve[i - 1])) / 2.0;
  return area;
}

TEST(Afroc, WorkedExample) {
  const FreeResponse response(kExample);
  EXPECT_EQ(afroc_area(response.weighed(), Afroc::afroc), 3.5 / 6.0);
  EXPECT_EQ(afroc_area(response.weighed(), Afroc::wafroc), 2.0 / 4.0);
  // All images' highest false marks are 3, none, 1, none; lesion 4 beats all four, 2 three of them,
  // the unmarked one ties with two: 4 + 3 + 1 of 12, weighted (4/2 + 3/2 + 1) of 8.
  EXPECT_EQ(afroc_area(response.weighed(), Afroc::afroc1), 8.0 / 12.0);
  EXPECT_EQ(afroc_area(response.weighed(), Afroc::wafroc1), 4.5 / 8.0);
  const auto curve = afroc_curve(response, Afroc::wafroc, kAllPoints);
  ASSERT_EQ(curve.size(), 5U);  // (0, 0), the ratings 4, 3 and 2 (1 moves nothing), (1, 1)
  EXPECT_EQ(curve[1].lesion_fraction, 0.25);
  EXPECT_EQ(curve[2].false_positive_fraction, 0.5);
  EXPECT_EQ(curve[3].lesion_fraction, 0.5);
  EXPECT_EQ(curve[4].false_positive_fraction, 1.0);
}

TEST(Afroc, AgreesWithCountingPairsAndWithTrapezoids) {
  RandomStream stream{51};
  for (int round = 0; round < 60; ++round) {
    const auto images = random_images(3 + stream.below(40), stream);
    const FreeResponse response(images);
    for (const Afroc kind : kKinds) {
      const double area = afroc_area(response.weighed(), kind).value();
      // Sums of some hundred terms of order 1 in double.
      EXPECT_NEAR(area, slow_area(images, kind), 1e-12);
      EXPECT_NEAR(area,
                  trapezoids(
                      afroc_curve(response, kind, kAllPoints),
                      [](const AfrocPoint& point) { return point.false_positive_fraction; },
                      [](const AfrocPoint& point) { return point.lesion_fraction; }),
                  1e-12);
    }
  }
}

TEST(Afroc, WithoutMarksIsOneHalfAndWithoutNormalImagesNeedsAllImages) {
  const std::vector<FreeResponseCase> silent = {{0, {}, {}, {}}, {1, {kUnmarked}, {}, {}}};
  EXPECT_EQ(afroc_area(FreeResponse(silent).weighed(), Afroc::wafroc), 0.5);
  const std::vector<FreeResponseCase> abnormal = {{0, {2.0}, {}, {1.0}}};
  EXPECT_FALSE(afroc_area(FreeResponse(abnormal).weighed(), Afroc::afroc).has_value());
  EXPECT_TRUE(afroc_curve(FreeResponse(abnormal), Afroc::wafroc).empty());
  EXPECT_EQ(afroc_area(FreeResponse(abnormal).weighed(), Afroc::wafroc1), 1.0);
  const std::vector<FreeResponseCase> normal = {{0, {}, {}, {1.0}}};
  EXPECT_FALSE(afroc_area(FreeResponse(normal).weighed(), Afroc::wafroc).has_value());
}

TEST(Froc, WorkedExample) {
  const FreeResponse response(kExample);
  const auto curve = froc_curve(response, kAllPoints);
  const std::vector<std::pair<double, double>> expected = {
      {0, 0}, {0, 1.0 / 3}, {0.25, 1.0 / 3}, {0.25, 2.0 / 3}, {0.5, 2.0 / 3}};
  ASSERT_EQ(curve.size(), expected.size());
  for (std::size_t i = 0; i < curve.size(); ++i) {
    EXPECT_EQ(curve[i].false_marks_per_image, expected[i].first);
    EXPECT_EQ(curve[i].lesion_fraction, expected[i].second);
  }
  EXPECT_EQ(max_lesion_fraction(response.weighed()), 2.0 / 3.0);
  EXPECT_EQ(max_false_marks_per_image(response.weighed()), 2.0 / 4.0);
  EXPECT_EQ(lesion_fraction_at(response.weighed(), 0.125), 1.0 / 3.0);
  EXPECT_EQ(lesion_fraction_at(response.weighed(), 0.25), 2.0 / 3.0);  // the highest of the rise
  EXPECT_EQ(lesion_fraction_at(response.weighed(), 9.0), 2.0 / 3.0);   // beyond the end
  EXPECT_NEAR(mean_lesion_fraction(response.weighed()).value(), (1.0 / 3 + 6 * 2.0 / 3) / 7, 1e-15);
}

TEST(Froc, LesionFractionIsInterpolatedWhereBothAxesRise) {
  // A tie of a false mark and a lesion: from (0, 0) to (1, 1) in one step.
  const std::vector<FreeResponseCase> images = {{0, {1.0}, {}, {1.0}}};
  EXPECT_EQ(lesion_fraction_at(FreeResponse(images).weighed(), 0.25), 0.25);
}

TEST(Froc, IsMonotoneAndAgreesWithCounting) {
  RandomStream stream{52};
  for (int round = 0; round < 30; ++round) {
    const auto images = random_images(3 + stream.below(40), stream);
    const FreeResponse response(images);
    const auto curve = froc_curve(response, kAllPoints);
    for (std::size_t i = 1; i < curve.size(); ++i) {
      EXPECT_GE(curve[i].false_marks_per_image, curve[i - 1].false_marks_per_image);
      EXPECT_GE(curve[i].lesion_fraction, curve[i - 1].lesion_fraction);
    }
    // Counted at every rating that can occur.
    for (int step = 0; step < 13; ++step) {
      const double rating = step;
      double false_marks = 0.0;
      double found = 0.0;
      double lesions = 0.0;
      for (const FreeResponseCase& image : images) {
        for (const double mark : image.false_marks) false_marks += mark >= rating ? 1.0 : 0.0;
        for (const double lesion : image.lesions) found += lesion >= rating ? 1.0 : 0.0;
        lesions += static_cast<double>(image.lesions.size());
      }
      const auto count = static_cast<double>(images.size());
      EXPECT_TRUE(std::any_of(curve.begin(), curve.end(), [&](const FrocPoint& point) {
        return point.false_marks_per_image == false_marks / count &&
               point.lesion_fraction == found / lesions;
      })) << rating;
    }
    double last = 0.0;
    for (int step = 0; step < 80; ++step) {
      const double fraction = lesion_fraction_at(response.weighed(), 0.05 * step).value();
      EXPECT_GE(fraction, last);
      last = fraction;
    }
    EXPECT_EQ(last, max_lesion_fraction(response.weighed()));
  }
}

TEST(Froc, CurvesAreThinnedAndKeepTheirEnds) {
  RandomStream stream{53};
  std::vector<FreeResponseCase> images;
  for (std::size_t i = 0; i < 2000; ++i)
    images.push_back({i,
                      i % 2 == 0 ? std::vector<double>{stream.uniform()} : std::vector<double>{},
                      {},
                      {stream.uniform(), stream.uniform()}});
  const FreeResponse response(images);
  const auto curve = froc_curve(response, 50);
  EXPECT_LE(curve.size(), 53U);
  EXPECT_GE(curve.size(), 40U);
  EXPECT_EQ(curve.back().false_marks_per_image, 2.0);
  EXPECT_EQ(curve.back().lesion_fraction, 1.0);
  const auto alternative = afroc_curve(response, Afroc::wafroc, 50);
  EXPECT_LE(alternative.size(), 53U);
  EXPECT_EQ(alternative.back().false_positive_fraction, 1.0);
}

TEST(Froc, IsUndefinedWithoutLesions) {
  const std::vector<FreeResponseCase> normal = {{0, {}, {}, {1.0}}};
  const FreeResponse response(normal);
  EXPECT_TRUE(froc_curve(response).empty());
  EXPECT_FALSE(lesion_fraction_at(response.weighed(), 1.0).has_value());
  EXPECT_FALSE(mean_lesion_fraction(response.weighed()).has_value());
  EXPECT_FALSE(max_lesion_fraction(response.weighed()).has_value());
  EXPECT_FALSE(max_false_marks_per_image(response.weighed()).has_value());
}

TEST(FreeResponse, WeightsEqualRepetitionAndTheOrderOfTheImagesPlaysNoPart) {
  RandomStream stream{54};
  for (int round = 0; round < 20; ++round) {
    auto images = random_images(30, stream);
    std::vector<double> weights;
    std::vector<FreeResponseCase> repeated;
    for (const FreeResponseCase& image : images) {
      const std::uint64_t times = image.image < 2 ? 1 : stream.below(4);
      weights.push_back(static_cast<double>(times));
      for (std::uint64_t i = 0; i < times; ++i) {
        repeated.push_back(image);
        repeated.back().image = repeated.size() - 1;
      }
    }
    const FreeResponse expected(repeated);
    shuffle(images, stream);
    const FreeResponse response(images);
    for (const Afroc kind : kKinds)
      EXPECT_NEAR(afroc_area(response.weighed(weights), kind).value(),
                  afroc_area(expected.weighed(), kind).value(), 1e-12);
    EXPECT_NEAR(mean_lesion_fraction(response.weighed(weights)).value(),
                mean_lesion_fraction(expected.weighed()).value(), 1e-12);
    EXPECT_NEAR(max_lesion_fraction(response.weighed(weights)).value(),
                max_lesion_fraction(expected.weighed()).value(), 1e-12);
    EXPECT_EQ(max_false_marks_per_image(response.weighed(weights)),
              max_false_marks_per_image(expected.weighed()));
  }
}

TEST(FreeResponse, MarksAreJudgedByTheRuleThatIsChosen) {
  const std::vector<Box> lesions = {{0, 0, 10, 10}, {40, 40, 10, 10}};
  const std::vector<ScoredBox> marks = {
      {{0, 0, 10, 5}, 0.3},    // IoU 1/2, IoBB 1, centre inside
      {{1, 1, 2, 2}, 0.5},     // IoU 4/100, IoBB 1, centre inside
      {{0, 0, 18, 18}, 0.4},   // IoU 100/324, IoBB the same, centre (9, 9) inside
      {{45, 45, 20, 20}, 0.2}  // IoU 25/475, centre (55, 55) outside
  };
  const auto by = [&](Overlap overlap, double threshold) {
    return free_response_case(detection_case(7, marks, lesions, overlap), threshold);
  };
  const FreeResponseCase by_iou = by(Overlap::iou, 0.3);
  EXPECT_EQ(by_iou.image, 7U);
  EXPECT_EQ(by_iou.lesions, (std::vector<double>{0.4, kUnmarked}));
  EXPECT_EQ(by_iou.false_marks, (std::vector<double>{0.5, 0.2}));
  const FreeResponseCase strict = by(Overlap::iou, 0.5);  // 1/2 is not above it
  EXPECT_EQ(strict.lesions, (std::vector<double>{kUnmarked, kUnmarked}));
  const FreeResponseCase by_iobb = by(Overlap::iobb, 0.5);
  EXPECT_EQ(by_iobb.lesions, (std::vector<double>{0.5, kUnmarked}));
  EXPECT_EQ(by_iobb.false_marks, (std::vector<double>{0.4, 0.2}));
  const FreeResponseCase by_centre = by(Overlap::centre, 0.0);
  EXPECT_EQ(by_centre.lesions, (std::vector<double>{0.5, kUnmarked}));
  EXPECT_EQ(by_centre.false_marks, std::vector<double>{0.2});
}

TEST(FreeResponse, RefusesRatingsThatAreNoNumbersAndWeightsThatDoNotFit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const FreeResponseCase& broken : {FreeResponseCase{0, {nan}, {}, {}},
                                         {0, {}, {}, {nan}},
                                         {0, {}, {}, {kUnmarked}},
                                         {0, {1.0, 2.0}, {1.0}, {}},
                                         {0, {1.0, 2.0}, {0.5, 0.6}, {}}})
    EXPECT_THROW(FreeResponse(std::vector<FreeResponseCase>{broken}), std::invalid_argument);
}

}  // namespace
}  // namespace chestmap
