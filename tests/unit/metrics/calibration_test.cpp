#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "judges/ask.h"
#include "metrics/brier_score.h"
#include "metrics/calibration_error.h"
#include "metrics/isotonic_calibration.h"
#include "metrics/logistic_calibration.h"
#include "metrics/threshold_fit.h"
#include "metrics/threshold_measures.h"

namespace chestmap {
namespace {

const std::vector<ScoredLabel> kThree = {{0, 0.9, true}, {1, 0.85, false}, {2, 0.1, false}};

TEST(BrierScore, WorkedExample) {
  const std::vector<ScoredLabel> images = {{0, 0.9, true}, {1, 0.8, false}, {2, 0.1, false}};
  EXPECT_NEAR(brier_score(Ranking(images)).value(), 0.22, 1e-15);  // (.01 + .64 + .01) / 3
  // Weights 2, 0, 1: (.01 + .01 + .01) / 3.
  EXPECT_NEAR(brier_score(Ranking(images), std::vector<double>{2, 0, 1}).value(), 0.01, 1e-15);
}

TEST(ExpectedCalibrationError, WorkedExample) {
  EXPECT_NEAR(expected_calibration_error(Ranking(kThree)).value(), 2.0 / 3.0 * 0.375 + 0.1 / 3.0,
              1e-15);
}

TEST(ReliabilityDiagram, BinsAreClosedAboveAndTheFirstHoldsZero) {
  const std::vector<ScoredLabel> images = {
      {0, 0.0, false}, {1, 0.25, true}, {2, 0.5, false}, {3, 0.500001, true}, {4, 1.0, true}};
  const auto bins = reliability_diagram(Ranking(images), 4);
  ASSERT_EQ(bins.size(), 4U);
  EXPECT_EQ(bins[0].weight, 2.0);  // 0 and .25
  EXPECT_EQ(bins[0].mean_probability, 0.125);
  EXPECT_EQ(bins[0].positive_share, 0.5);
  EXPECT_EQ(bins[1].weight, 1.0);
  EXPECT_EQ(bins[2].weight, 1.0);
  EXPECT_EQ(bins[3].low, 0.75);
  EXPECT_EQ(bins[3].high, 1.0);
  EXPECT_EQ(bins[3].positive_share, 1.0);
}

TEST(CalibrationMeasures, AreUndefinedForScoresThatAreNoProbabilitiesAndWithoutImages) {
  for (const double score : {-0.01, 1.01}) {
    const std::vector<ScoredLabel> images = {{0, 0.5, true}, {1, score, false}};
    EXPECT_FALSE(brier_score(Ranking(images)).has_value());
    EXPECT_FALSE(expected_calibration_error(Ranking(images)).has_value());
    EXPECT_TRUE(reliability_diagram(Ranking(images)).empty());
  }
  EXPECT_FALSE(brier_score(Ranking({})).has_value());
  EXPECT_FALSE(
      expected_calibration_error(Ranking(kThree), std::vector<double>{0, 0, 0}).has_value());
}

TEST(ThresholdMeasures, WorkedExample) {
  const Confusion counts{8, 9, 81, 2};
  EXPECT_EQ(sensitivity(counts), 8.0 / 10.0);
  EXPECT_EQ(specificity(counts), 81.0 / 90.0);
  EXPECT_EQ(positive_predictive_value(counts), 8.0 / 17.0);
  EXPECT_EQ(negative_predictive_value(counts), 81.0 / 83.0);
  EXPECT_EQ(f1_score(counts), 16.0 / 27.0);
  const Confusion nothing;
  for (const auto& value : {sensitivity(nothing), specificity(nothing), f1_score(nothing),
                            positive_predictive_value(nothing), negative_predictive_value(nothing)})
    EXPECT_FALSE(value.has_value());
}

TEST(ThresholdMeasures, AScoreAtTheThresholdIsCalledPositive) {
  const Confusion counts = confusion_at(Ranking(kThree), 0.85, std::vector<double>{2, 3, 4});
  EXPECT_EQ(counts.true_positives, 2.0);
  EXPECT_EQ(counts.false_positives, 3.0);
  EXPECT_EQ(counts.true_negatives, 4.0);
  EXPECT_EQ(counts.false_negatives, 0.0);
}

const std::vector<ScoredLabel> kFive = {
    {0, 0.9, true}, {1, 0.8, false}, {2, 0.7, true}, {3, 0.3, false}, {4, 0.1, false}};

TEST(ThresholdFit, WorkedExample) {
  const Ranking ranking(kFive);
  EXPECT_EQ(youden_threshold(ranking), 0.7);   // J 1/2 at .9, 1/6 at .8, 2/3 at .7
  EXPECT_EQ(best_f1_threshold(ranking), 0.7);  // 2/3 at .9, 4/5 at .7
  EXPECT_EQ(threshold_at_sensitivity(ranking, 0.5), 0.9);
  EXPECT_EQ(threshold_at_sensitivity(ranking, 0.51), 0.7);
  EXPECT_EQ(threshold_at_sensitivity(ranking, 1.0), 0.7);
  const std::vector<ScoredLabel> negatives = {{0, 0.9, false}};
  EXPECT_FALSE(youden_threshold(Ranking(negatives)).has_value());
  EXPECT_FALSE(best_f1_threshold(Ranking(negatives)).has_value());
  EXPECT_FALSE(threshold_at_sensitivity(Ranking(negatives), 0.5).has_value());
}

TEST(ThresholdFit, IsTheHighestOfTheBestThresholds) {
  RandomStream stream{31};
  for (int round = 0; round < 50; ++round) {
    std::vector<ScoredLabel> images = {{0, 0.5, true}, {1, 0.25, false}};
    for (std::size_t i = 2; i < 40; ++i)
      images.push_back({i, static_cast<double>(stream.below(12)), stream.chance(0.4)});
    const Ranking ranking(images);
    const auto best = [&](auto worth) {
      double most = -2.0;
      double threshold = 0.0;
      for (const double score : ranking.scores()) {
        const double value = worth(confusion_at(ranking, score));
        // Equal but for rounding counts as equal: the highest score came first.
        if (value > most + 1e-12) {
          most = value;
          threshold = score;
        }
      }
      return threshold;
    };
    EXPECT_EQ(youden_threshold(ranking), best([](const Confusion& counts) {
                return *sensitivity(counts) + *specificity(counts) - 1.0;
              }));
    EXPECT_EQ(best_f1_threshold(ranking),
              best([](const Confusion& counts) { return *f1_score(counts); }));
    EXPECT_EQ(threshold_at_sensitivity(ranking, 0.8), best([](const Confusion& counts) {
                return *sensitivity(counts) >= 0.8 ? 1.0 : 0.0;
              }));
  }
}

TEST(IsotonicCalibration, WorkedExample) {
  const std::vector<ScoredLabel> images = {
      {0, 0.1, false}, {1, 0.2, true}, {2, 0.3, false}, {3, 0.4, true}};
  const IsotonicCalibration fit = fit_isotonic(images);
  ASSERT_EQ(fit.knots.size(), 4U);
  EXPECT_EQ(fit.probability(-5.0), 0.0);
  EXPECT_EQ(fit.probability(0.1), 0.0);
  EXPECT_NEAR(fit.probability(0.15), 0.25, 1e-15);
  EXPECT_EQ(fit.probability(0.25), 0.5);
  EXPECT_NEAR(fit.probability(0.35), 0.75, 1e-15);
  EXPECT_EQ(fit.probability(9.0), 1.0);
}

TEST(IsotonicCalibration, NeverFallsAndWithoutImagesChangesNothing) {
  RandomStream stream{32};
  std::vector<ScoredLabel> images;
  for (std::size_t i = 0; i < 300; ++i)
    images.push_back({i, static_cast<double>(stream.below(50)), stream.chance(0.5)});
  const IsotonicCalibration fit = fit_isotonic(images);
  for (std::size_t i = 1; i < fit.knots.size(); ++i) {
    EXPECT_GT(fit.knots[i].score, fit.knots[i - 1].score);
    EXPECT_GE(fit.knots[i].probability, fit.knots[i - 1].probability);
  }
  EXPECT_EQ(fit_isotonic({}).probability(0.3), 0.3);
}

TEST(LogisticCalibration, OfTwoScoresHasAClosedForm) {
  // At logit 2 three of four are positive, at -1 one of four: the fit meets both shares, with log
  // odds log 3 and -log 3. slope = 2 log 3 / 3, offset = log 3 - 2 slope.
  std::vector<ScoredLabel> images;
  for (std::size_t i = 0; i < 8; ++i) images.push_back({i, i < 4 ? 2.0 : -1.0, i < 3 || i == 7});
  const auto fit = fit_platt(images);
  ASSERT_TRUE(fit);
  const double log3 = std::log(3.0);
  EXPECT_NEAR(fit->slope, 2.0 * log3 / 3.0, 1e-10);
  EXPECT_NEAR(fit->offset, log3 - 4.0 * log3 / 3.0, 1e-10);
  EXPECT_NEAR(fit->probability(2.0), 0.75, 1e-10);
  // A temperature for logits of +-2 that are right three times of four: slope = log 3 / 2.
  for (ScoredLabel& image : images) image.score = image.score > 0.0 ? 2.0 : -2.0;
  EXPECT_NEAR(fit_temperature(images)->slope, log3 / 2.0, 1e-10);
  EXPECT_EQ(fit_temperature(images)->offset, 0.0);
}

TEST(LogisticCalibration, HasNoFitWhereTheSlopeWouldBeInfiniteOrNotPositive) {
  using Images = std::vector<ScoredLabel>;
  const Images separated = {{0, 1.0, false}, {1, 2.0, true}, {2, 3.0, true}};
  EXPECT_FALSE(fit_platt(separated).has_value());
  const Images touching = {{0, 1.0, false}, {1, 2.0, true}, {2, 2.0, false}, {3, 3.0, true}};
  EXPECT_FALSE(fit_platt(touching).has_value());
  const Images reversed = {
      {0, 1.0, true}, {1, 2.0, true}, {2, 3.0, false}, {3, 0.0, true}, {4, 0.5, false}};
  EXPECT_FALSE(fit_platt(reversed).has_value());
  const Images constant = {{0, 1.0, true}, {1, 1.0, false}};
  EXPECT_FALSE(fit_platt(constant).has_value());
  const Images one_class = {{0, 1.0, true}, {1, 2.0, true}};
  EXPECT_FALSE(fit_platt(one_class).has_value());
  EXPECT_FALSE(fit_temperature(one_class).has_value());
  const Images all_right = {{0, -1.0, false}, {1, 2.0, true}};
  EXPECT_FALSE(fit_temperature(all_right).has_value());
  const Images mostly_wrong = {{0, 1.0, false}, {1, 0.5, true}};
  EXPECT_FALSE(fit_temperature(mostly_wrong).has_value());
  const Images infinite = {{0, std::numeric_limits<double>::infinity(), true}, {1, 0.5, false}};
  EXPECT_THROW(static_cast<void>(fit_platt(infinite)), std::invalid_argument);
}

TEST(LogisticCalibration, FitsLogitsOfAnyScale) {
  RandomStream stream{33};
  for (const double scale : {1e-6, 1.0, 1e6}) {
    std::vector<ScoredLabel> images;
    for (std::size_t i = 0; i < 4000; ++i) {
      const double x = stream.normal();
      images.push_back({i, scale * x, stream.chance(1.0 / (1.0 + std::exp(-(1.5 * x - 0.5))))});
    }
    const auto fit = fit_platt(images);
    ASSERT_TRUE(fit) << scale;
    // Standard errors of some .05 with 4,000 images.
    EXPECT_NEAR(fit->slope * scale, 1.5, 0.2);
    EXPECT_NEAR(fit->offset, -0.5, 0.15);
    ASSERT_TRUE(fit_temperature(images)) << scale;
  }
}

TEST(Calibration, AgreesWithScikitLearn) {
  RandomStream stream{34};
  nlohmann::json cases = nlohmann::json::array();
  std::vector<std::vector<ScoredLabel>> drawn;
  for (int round = 0; round < 12; ++round) {
    std::vector<ScoredLabel>& images = drawn.emplace_back();
    nlohmann::json question{{"threshold", stream.uniform(0.2, 0.8)}};
    for (std::size_t i = 0; i < 150; ++i) {
      // Hundredths, so that scores are tied and lie on the bins' edges.
      const double score = static_cast<double>(stream.below(101)) / 100.0;
      images.push_back({i, score, stream.chance(0.2 + 0.5 * score)});
      question["labels"].push_back(images.back().positive ? 1 : 0);
      question["scores"].push_back(score);
      question["weights"].push_back(stream.below(4));
    }
    for (int i = 0; i < 40; ++i) question["grid"].push_back(stream.uniform(-0.1, 1.1));
    cases.push_back(question);
  }
  const auto answers = ask_judge("sklearn_calibration.py", cases);
  if (!answers) GTEST_SKIP() << "python3 with scikit-learn is not installed";
  for (std::size_t c = 0; c < drawn.size(); ++c) {
    const nlohmann::json& answer = answers->at(c);
    const auto weights = cases[c]["weights"].get<std::vector<double>>();
    const Ranking ranking(drawn[c]);
    // Sums of some hundred terms of order 1 in double.
    EXPECT_NEAR(brier_score(ranking, weights).value(), answer["brier"], 1e-12);
    const Confusion counts = confusion_at(ranking, cases[c]["threshold"], weights);
    EXPECT_NEAR(positive_predictive_value(counts).value(), answer["precision"], 1e-12);
    EXPECT_NEAR(sensitivity(counts).value(), answer["recall"], 1e-12);
    EXPECT_NEAR(f1_score(counts).value(), answer["f1"], 1e-12);
    std::size_t filled = 0;
    for (const ReliabilityBin& bin : reliability_diagram(ranking, 10, weights)) {
      if (bin.weight == 0.0) continue;
      EXPECT_NEAR(bin.positive_share, answer["shares"].at(filled), 1e-12);
      EXPECT_NEAR(bin.mean_probability, answer["means"].at(filled), 1e-12);
      ++filled;
    }
    EXPECT_EQ(filled, answer["shares"].size());
    const IsotonicCalibration isotonic = fit_isotonic(drawn[c]);
    for (std::size_t i = 0; i < cases[c]["grid"].size(); ++i)
      EXPECT_NEAR(isotonic.probability(cases[c]["grid"][i]), answer["isotonic"][i], 1e-9);
    std::vector<ScoredLabel> logits = drawn[c];
    for (ScoredLabel& image : logits) image.score = 6.0 * image.score - 3.0;
    // The judges stop where the loss is flat to rounding, i.e. within about 1e-7 of the minimum.
    const auto platt = fit_platt(logits);
    ASSERT_TRUE(platt);
    EXPECT_NEAR(platt->slope, answer["slope"], 1e-6);
    EXPECT_NEAR(platt->offset, answer["offset"], 1e-6);
    EXPECT_NEAR(fit_temperature(logits).value().slope, answer["temperature_slope"], 1e-6);
  }
}

}  // namespace
}  // namespace chestmap
