#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "metrics/auroc.h"
#include "metrics/average_precision.h"
#include "metrics/roc_curve.h"

namespace chestmap {
namespace {

std::vector<ScoredLabel> random_images(std::size_t count, RandomStream& stream) {
  std::vector<ScoredLabel> images;
  for (std::size_t i = 0; i < count; ++i) {
    const bool positive = stream.chance(0.3);
    const auto score = static_cast<float>(stream.below(40) + (positive ? 8U : 0U)) / 48.0F;
    images.push_back({i, score, positive});
  }
  return images;
}

// Scores .9+ .8- .8+ .3- .1-: pairs (positive, negative) won 3 + 2 of 6, one tied (.8 and .8).
const std::vector<ScoredLabel> kFive = {
    {0, 0.9F, true}, {1, 0.8F, false}, {2, 0.8F, true}, {3, 0.3F, false}, {4, 0.1F, false}};

TEST(Auroc, CountsATieAsOneHalf) { EXPECT_EQ(auroc(Ranking(kFive)).value(), 5.5 / 6.0); }

TEST(Auroc, OfAllEqualScoresIsOneHalf) {
  const std::vector<ScoredLabel> images = {{0, 0.5F, true}, {1, 0.5F, false}, {2, 0.5F, false}};
  EXPECT_EQ(auroc(Ranking(images)).value(), 0.5);
}

TEST(Auroc, AgreesWithCountingPairs) {
  RandomStream stream{5};
  for (int round = 0; round < 20; ++round) {
    const auto images = random_images(120, stream);
    double won = 0.0;
    double pairs = 0.0;
    for (const ScoredLabel& p : images)
      for (const ScoredLabel& n : images) {
        if (!p.positive || n.positive) continue;
        pairs += 1.0;
        won += p.score > n.score ? 1.0 : (p.score == n.score ? 0.5 : 0.0);
      }
    EXPECT_EQ(auroc(Ranking(images)).value(), won / pairs);
  }
}

TEST(Auroc, IsInvariantUnderRisingMaps) {
  RandomStream stream{6};
  auto images = random_images(500, stream);
  const double before = auroc(Ranking(images)).value();
  for (ScoredLabel& image : images) image.score = std::exp(3.0F * image.score) - 40.0F;
  EXPECT_EQ(auroc(Ranking(images)).value(), before);
}

TEST(Auroc, IsUndefinedWithoutBothClasses) {
  const std::vector<ScoredLabel> positives = {{0, 0.2F, true}, {1, 0.3F, true}};
  const std::vector<ScoredLabel> negatives = {{0, 0.2F, false}};
  EXPECT_FALSE(auroc(Ranking(positives)).has_value());
  EXPECT_FALSE(auroc(Ranking(negatives)).has_value());
  EXPECT_FALSE(auroc(Ranking({})).has_value());
  EXPECT_FALSE(auroc(Ranking(kFive), std::vector<double>{0, 1, 0, 1, 1}).has_value());
}

TEST(AveragePrecision, SumsPrecisionOverRisesOfRecall) {
  // Recall 1/2 at precision 1/1, then the tie: recall 2/2 at precision 2/3.
  EXPECT_EQ(average_precision(Ranking(kFive)).value(), (1.0 + 2.0 / 3.0) / 2.0);
}

TEST(AveragePrecision, IsUndefinedWithoutPositives) {
  const std::vector<ScoredLabel> negatives = {{0, 0.2F, false}};
  EXPECT_FALSE(average_precision(Ranking(negatives)).has_value());
}

TEST(RankingMeasures, WeightsEqualRepetition) {
  RandomStream stream{7};
  const auto images = random_images(200, stream);
  std::vector<double> weights;
  std::vector<ScoredLabel> repeated;
  for (const ScoredLabel& image : images) {
    const std::uint64_t times = stream.below(4);
    weights.push_back(static_cast<double>(times));
    for (std::uint64_t i = 0; i < times; ++i)
      repeated.push_back({repeated.size(), image.score, image.positive});
  }
  EXPECT_EQ(auroc(Ranking(images), weights), auroc(Ranking(repeated)));
  EXPECT_EQ(average_precision(Ranking(images), weights), average_precision(Ranking(repeated)));
}

TEST(RankingMeasures, DoNotDependOnTheOrderOfTheImages) {
  RandomStream stream{8};
  auto images = random_images(300, stream);
  const Ranking before(images);
  shuffle(images, stream);
  const Ranking after(images);
  EXPECT_EQ(auroc(before), auroc(after));
  EXPECT_EQ(average_precision(before), average_precision(after));
}

TEST(Ranking, RefusesAScoreThatIsNoNumber) {
  const std::vector<ScoredLabel> images = {{0, std::numeric_limits<float>::quiet_NaN(), true}};
  EXPECT_THROW(Ranking{images}, std::invalid_argument);
}

TEST(RocCurve, HasOnePointADistinctScore) {
  const auto curve = roc_curve(Ranking(kFive), 1000);
  ASSERT_EQ(curve.size(), 5U);  // the origin and .9, .8, .3, .1
  EXPECT_EQ(curve[1].false_positive_rate, 0.0);
  EXPECT_EQ(curve[1].true_positive_rate, 0.5);
  EXPECT_EQ(curve[2].false_positive_rate, 1.0 / 3.0);
  EXPECT_EQ(curve[2].true_positive_rate, 1.0);
  EXPECT_EQ(curve[4].false_positive_rate, 1.0);
}

TEST(RocCurve, HasTheAreaOfAurocByTrapezoids) {
  RandomStream stream{9};
  const auto images = random_images(400, stream);
  const auto curve = roc_curve(Ranking(images), 1'000'000);
  double area = 0.0;
  for (std::size_t i = 1; i < curve.size(); ++i)
    area += (curve[i].false_positive_rate - curve[i - 1].false_positive_rate) *
            (curve[i].true_positive_rate + curve[i - 1].true_positive_rate) / 2.0;
  EXPECT_NEAR(area, auroc(Ranking(images)).value(), 1e-12);  // rounding of some 50 terms
}

TEST(RocCurve, IsThinnedToTheNumberAskedForAndKeepsBothEnds) {
  RandomStream stream{10};
  std::vector<ScoredLabel> images;
  for (std::size_t i = 0; i < 5000; ++i)
    images.push_back({i, static_cast<float>(stream.uniform()), stream.chance(0.5)});
  const auto curve = roc_curve(Ranking(images), 50);
  EXPECT_LE(curve.size(), 52U);
  EXPECT_GE(curve.size(), 40U);
  EXPECT_EQ(curve.front().true_positive_rate, 0.0);
  EXPECT_EQ(curve.back().true_positive_rate, 1.0);
  EXPECT_EQ(curve.back().false_positive_rate, 1.0);
}

TEST(RocCurve, IsEmptyWithoutBothClasses) {
  const std::vector<ScoredLabel> positives = {{0, 0.2F, true}};
  EXPECT_TRUE(roc_curve(Ranking(positives)).empty());
}

}  // namespace
}  // namespace chestmap
