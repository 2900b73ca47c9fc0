#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "nn/loss.h"
#include "nn/multiscale_head.h"
#include "tensors.h"

namespace chestmap {
namespace {

using test::distance;

constexpr std::int64_t kImages = 3;
constexpr std::int64_t kFindings = 2;

/// Three stages as a DenseNet has them: each lies half a cell of the last one beside it.
std::vector<StageShape> shapes() {
  const Grid first{4.0, 0.5};
  const Grid second = first.after(2, 2, 0);
  return {{5, first}, {4, second}, {6, second.after(2, 2, 0)}};
}

ModelSpec spec_with(const std::function<void(ModelSpec&)>& change = {}) {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule"};
  spec.stages = {1, 2, 3};
  spec.fusion = "maps";
  if (change) change(spec);
  return spec;
}

std::vector<at::Tensor> random_features() {
  return {at::randn({kImages, 5, 8, 8}), at::randn({kImages, 4, 4, 4}),
          at::randn({kImages, 6, 2, 2})};
}

at::Tensor parameter(const torch::nn::Module& module, const std::string& name) {
  for (const auto& item : module.named_parameters())
    if (item.key() == name) return item.value();
  for (const auto& item : module.named_buffers())
    if (item.key() == name) return item.value();
  return {};
}

/// A head whose parameters and running statistics are all random, for evaluation.
struct RandomHead {
  explicit RandomHead(const ModelSpec& spec) : head(spec, shapes()) {
    const at::NoGradGuard no_gradient;
    for (at::Tensor& p : head.parameters()) p.normal_();
    for (const auto& item : head.named_buffers()) {
      if (item.key().ends_with("running_mean")) item.value().normal_();
      if (item.key().ends_with("running_var")) item.value().uniform_(0.5, 2.0);
    }
    head.eval();
  }
  MultiscaleHead head;
};

/// The value of a map at a point of the input, bilinear between the cells' centres, by hand.
double value_at(const at::Tensor& map, const Grid& grid, double x, double y) {
  const auto cell_of = [&](double point, std::int64_t cells) {
    return std::clamp((point - grid.offset) / grid.stride, 0.0, static_cast<double>(cells - 1));
  };
  const double column = cell_of(x, map.size(1));
  const double row = cell_of(y, map.size(0));
  double value = 0.0;
  for (std::int64_t j = 0; j < map.size(0); ++j)
    for (std::int64_t i = 0; i < map.size(1); ++i)
      value += std::max(0.0, 1.0 - std::abs(row - static_cast<double>(j))) *
               std::max(0.0, 1.0 - std::abs(column - static_cast<double>(i))) *
               map[j][i].item<double>();
  return value;
}

class Head : public testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(11); }
};

TEST_F(Head, RelevanceRowsSumToOneAndAreSoftmaxOfTheirLogits) {
  for (const std::string kind : {"learned", "shared", "uniform", "evidence"}) {
    RandomHead random(spec_with([&](ModelSpec& s) { s.relevance = kind; }));
    const at::Tensor alpha = random.head.relevance();
    ASSERT_EQ(alpha.sizes(), (std::vector<std::int64_t>{kFindings, 3})) << kind;
    EXPECT_LT(distance(alpha.sum(1), at::ones({kFindings})), 1e-6) << kind;
    EXPECT_GE(alpha.min().item<double>(), 0.0);
    const at::Tensor beta = parameter(random.head, "relevance");
    for (std::int64_t c = 0; c < kFindings; ++c) {
      const at::Tensor row = beta[beta.size(0) == 1 ? 0 : c].to(at::kDouble).exp();
      EXPECT_LT(distance(alpha[c], row / row.sum()), 1e-6) << kind;
    }
  }
}

TEST_F(Head, RelevanceIsTrainedPerFindingOrSharedOrNotAtAll) {
  const auto trained = [](const std::string& kind) {
    const MultiscaleHead head(spec_with([&](ModelSpec& s) { s.relevance = kind; }), shapes());
    for (const auto& item : head.named_parameters())
      if (item.key() == "relevance") return item.value().sizes().vec();
    return std::vector<std::int64_t>{};
  };
  EXPECT_EQ(trained("learned"), (std::vector<std::int64_t>{kFindings, 3}));
  EXPECT_EQ(trained("shared"), (std::vector<std::int64_t>{1, 3}));
  EXPECT_TRUE(trained("uniform").empty());
  EXPECT_TRUE(trained("evidence").empty());
}

TEST_F(Head, RelevanceStartsEven) {
  for (const std::string kind : {"learned", "shared", "uniform", "evidence"}) {
    const MultiscaleHead head(spec_with([&](ModelSpec& s) { s.relevance = kind; }), shapes());
    EXPECT_LT(distance(head.relevance(), at::full({kFindings, 3}, 1.0 / 3.0)), 1e-6) << kind;
  }
}

TEST_F(Head, EvidenceFavoursTheStagesOfLeastLossAndMovesSlowly) {
  MultiscaleHead head(spec_with([](ModelSpec& s) { s.relevance = "evidence"; }), shapes());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  head.observe(at::tensor({0.5, 0.6, 0.9, nan, nan, nan}).view({2, 3}).to(at::kFloat));
  const at::Tensor first = head.relevance().clone();
  EXPECT_GT(first[0][0].item<double>(), first[0][1].item<double>());
  EXPECT_GT(first[0][1].item<double>(), first[0][2].item<double>());
  EXPECT_LT(distance(first[1], at::full({3}, 1.0 / 3.0)), 1e-6);  // nothing known of it

  // alpha is exponential in the loss: equal differences, equal ratios.
  head.observe(at::tensor({nan, nan, nan, 0.2, 0.3, 0.4}).view({2, 3}).to(at::kFloat));
  const at::Tensor second = head.relevance();
  EXPECT_TRUE(at::equal(second[0], first[0]));
  EXPECT_NEAR((second[1][0] / second[1][1]).item<double>(),
              (second[1][1] / second[1][2]).item<double>(), 1e-3);
  EXPECT_NEAR((second[1][0] / second[1][1]).item<double>(),
              (first[0][0] / first[0][1]).item<double>(), 1e-3);

  const at::Tensor opposite =
      at::tensor({0.9, 0.6, 0.5, nan, nan, nan}).view({2, 3}).to(at::kFloat);
  head.observe(opposite);
  EXPECT_GT(head.relevance()[0][0].item<double>(), head.relevance()[0][2].item<double>());
  for (int i = 0; i < 1000; ++i) head.observe(opposite);
  EXPECT_LT(head.relevance()[0][0].item<double>(), head.relevance()[0][2].item<double>());
}

TEST_F(Head, ObservationsChangeNothingUnderAnotherRelevance) {
  for (const std::string kind : {"learned", "shared", "uniform"}) {
    RandomHead random(spec_with([&](ModelSpec& s) { s.relevance = kind; }));
    const at::Tensor before = random.head.relevance().clone();
    random.head.observe(at::rand({kFindings, 3}));
    EXPECT_TRUE(at::equal(random.head.relevance(), before)) << kind;
  }
}

TEST_F(Head, MapsAreNormalisedPerStageAndTakeAGainAndABias) {
  RandomHead random(spec_with());
  const std::vector<at::Tensor> features = random_features();
  const HeadOutput output = random.head.forward(features);
  const at::Tensor gain = parameter(random.head, "gain").exp();
  const at::Tensor bias = parameter(random.head, "bias");
  ASSERT_EQ(output.stage_maps.size(), 3U);
  for (std::size_t s = 0; s < 3; ++s) {
    const std::string number = std::to_string(s + 1);
    const at::Tensor weight = parameter(random.head, "classifier" + number + ".weight");
    const at::Tensor mean = parameter(random.head, "norm" + number + ".running_mean");
    const at::Tensor variance = parameter(random.head, "norm" + number + ".running_var");
    EXPECT_FALSE(parameter(random.head, "classifier" + number + ".bias").defined());
    // M = gain (w . F - mean) / sqrt(var + eps) + bias
    for (std::int64_t c = 0; c < kFindings; ++c) {
      const at::Tensor raw = (features[s] * weight[c].view({1, -1, 1, 1})).sum(1);
      const auto stage = static_cast<std::int64_t>(s);
      const at::Tensor expected =
          gain[c][stage] * (raw - mean[c]) / (variance[c] + 1e-5).sqrt() + bias[c][stage];
      EXPECT_LT(distance(output.stage_maps[s].select(1, c), expected), 1e-5) << s << ' ' << c;
    }
  }
}

TEST_F(Head, GainStartsSmallOnFineGridsAndNearOneOnCoarseOnes) {
  const MultiscaleHead head(spec_with(), shapes());
  const at::Tensor gain = parameter(head, "gain").exp();
  ASSERT_EQ(gain.sizes(), (std::vector<std::int64_t>{kFindings, 3}));
  for (std::int64_t c = 0; c < kFindings; ++c) {
    EXPECT_NEAR(gain[c][0].item<double>(), 0.2, 1e-6);                        // stride 4
    EXPECT_NEAR(gain[c][1].item<double>(), 0.2 * std::pow(2.0, 0.75), 1e-6);  // stride 8
    EXPECT_NEAR(gain[c][2].item<double>(), 0.2 * std::pow(4.0, 0.75), 1e-6);  // stride 16
  }
}

TEST_F(Head, WithoutNormalisationMapsAreAffineInTheFeatures) {
  RandomHead random(spec_with([](ModelSpec& s) { s.normalise_maps = false; }));
  const std::vector<at::Tensor> features = random_features();
  const HeadOutput output = random.head.forward(features);
  const at::Tensor weight = parameter(random.head, "classifier2.weight");
  const at::Tensor bias = parameter(random.head, "classifier2.bias");
  for (std::int64_t c = 0; c < kFindings; ++c)
    EXPECT_LT(distance(output.stage_maps[1].select(1, c),
                       (features[1] * weight[c].view({1, -1, 1, 1})).sum(1) + bias[c]),
              1e-5);
}

TEST_F(Head, LogitOfFusedMapsIsThePooledAttentionMap) {
  for (const std::string& pooling : pooling_names()) {
    RandomHead random(spec_with([&](ModelSpec& s) { s.pooling = pooling; }));
    const HeadOutput output = random.head.forward(random_features());
    const at::Tensor alpha = random.head.relevance();
    const Grid fine = shapes()[0].grid;
    for (std::int64_t n = 0; n < kImages; ++n)
      for (std::int64_t c = 0; c < kFindings; ++c) {
        at::Tensor attention = at::zeros({8, 8}, at::kDouble);
        for (std::int64_t y = 0; y < 8; ++y)
          for (std::int64_t x = 0; x < 8; ++x)
            for (std::size_t s = 0; s < 3; ++s)
              attention[y][x] += alpha[c][static_cast<std::int64_t>(s)].item<double>() *
                                 value_at(output.stage_maps[s][n][c], shapes()[s].grid,
                                          fine.centre(static_cast<double>(x)),
                                          fine.centre(static_cast<double>(y)));
        // Single against double precision on values of some units.
        EXPECT_NEAR(output.logits[n][c].item<double>(),
                    pool(attention, pooling_of(pooling), 5.0).item<double>(), 2e-5)
            << pooling;
      }
  }
}

TEST_F(Head, LogitOfFusedScoresIsTheRelevanceWeightedSumOfStageLogits) {
  for (const std::string& pooling : pooling_names()) {
    RandomHead random(spec_with([&](ModelSpec& s) {
      s.pooling = pooling;
      s.fusion = "scores";
    }));
    const HeadOutput output = random.head.forward(random_features());
    ASSERT_EQ(output.stage_logits.sizes(), (std::vector<std::int64_t>{kImages, kFindings, 3}));
    for (std::int64_t s = 0; s < 3; ++s)
      EXPECT_LT(
          distance(output.stage_logits.select(2, s),
                   pool(output.stage_maps[static_cast<std::size_t>(s)], pooling_of(pooling), 5.0)),
          1e-6);
    const at::Tensor expected = (random.head.relevance().unsqueeze(0) * output.stage_logits).sum(2);
    EXPECT_LT(distance(output.logits, expected), 1e-5) << pooling;
  }
}

/// Logits under the two fusions with the same weights.
struct TwoFusions {
  at::Tensor maps;
  at::Tensor scores;
};

TwoFusions both_fusions(ModelSpec spec, const std::vector<StageShape>& stages,
                        const std::vector<at::Tensor>& features) {
  const auto logits = [&](const char* fusion) {
    spec.fusion = fusion;
    torch::manual_seed(3);
    MultiscaleHead head(spec, stages);
    const at::NoGradGuard no_gradient;
    for (at::Tensor& p : head.parameters()) p.normal_();
    head.eval();
    return head.forward(features).logits;
  };
  return {logits("maps"), logits("scores")};
}

TEST_F(Head, FusionsAgreeOnASingleStageUnderEveryPooling) {
  for (const std::string& pooling : pooling_names()) {
    ModelSpec spec = spec_with([&](ModelSpec& s) {
      s.pooling = pooling;
      s.stages = {3};
    });
    const TwoFusions logits = both_fusions(spec, {shapes()[2]}, {at::randn({kImages, 6, 2, 2})});
    EXPECT_LT(distance(logits.maps, logits.scores), 1e-6) << pooling;
  }
}

TEST_F(Head, FusionsAgreeUnderAveragePoolingWhereResamplingKeepsTheMean) {
  const ModelSpec spec = spec_with([](ModelSpec& s) { s.pooling = "average"; });
  const std::vector<StageShape> same = {
      {5, Grid{4.0, 2.0}}, {4, Grid{4.0, 2.0}}, {6, Grid{4.0, 2.0}}};
  TwoFusions logits = both_fusions(spec, same,
                                   {at::randn({kImages, 5, 6, 6}), at::randn({kImages, 4, 6, 6}),
                                    at::randn({kImages, 6, 6, 6})});
  EXPECT_LT(distance(logits.maps, logits.scores), 1e-5);

  // Cells that tile the same square: a ramp's mean is its value in the middle on every grid, held
  // edges included.
  const std::vector<StageShape> nested = {
      {5, Grid{4.0, 2.0}}, {4, Grid{8.0, 4.0}}, {6, Grid{16.0, 8.0}}};
  std::vector<at::Tensor> ramps;
  std::int64_t cells = 8;
  for (const StageShape& stage : nested) {
    const at::Tensor line = at::arange(cells, at::kFloat) * stage.grid.stride + stage.grid.offset;
    ramps.push_back((at::randn({kImages, stage.channels, 1, 1}) * line / 16.0 +
                     at::randn({kImages, stage.channels, 1, 1}))
                        .expand({-1, -1, cells, cells})
                        .contiguous());
    cells /= 2;
  }
  logits = both_fusions(spec, nested, ramps);
  EXPECT_LT(distance(logits.maps, logits.scores), 1e-4);
}

TEST_F(Head, TheAttentionsOwnLogitIsThatOfFusionMapsUnderBothFusions) {
  for (const std::string fusion : {"maps", "scores"}) {
    RandomHead random(spec_with([&](ModelSpec& s) { s.fusion = fusion; }));
    const std::vector<at::Tensor> features = random_features();
    const at::Tensor keep =
        at::tensor({1.0F, 1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F, 1.0F}).view({kImages, 3});
    const HeadOutput output = random.head.forward(features, keep);
    const at::Tensor own = random.head.attention_logits(output);
    ASSERT_EQ(own.sizes(), output.logits.sizes());
    if (fusion == "maps") {
      EXPECT_LT(distance(own, output.logits), 1e-7);
    } else {
      EXPECT_GT(distance(own, output.logits), 1e-3);
    }
  }
}

TEST_F(Head, TheAttentionsOwnLogitNeverExceedsTheStagesJoinedScores) {
  const std::vector<StageShape> same = {
      {5, Grid{4.0, 2.0}}, {4, Grid{4.0, 2.0}}, {6, Grid{4.0, 2.0}}};
  for (const std::string pooling : {"max", "lse"}) {
    const TwoFusions logits =
        both_fusions(spec_with([&](ModelSpec& s) { s.pooling = pooling; }), same,
                     {at::randn({9, 5, 6, 6}), at::randn({9, 4, 6, 6}), at::randn({9, 6, 6, 6})});
    EXPECT_GT((logits.scores - logits.maps).min().item<double>(), -1e-5) << pooling;
    EXPECT_GT(distance(logits.scores, logits.maps), 1e-2) << pooling;
  }
}

TEST_F(Head, AShiftOfTheBiasShiftsTheLogitAsMuch) {
  for (const bool normalise : {true, false})
    for (const std::string fusion : {"maps", "scores"})
      for (const std::string pooling : {"average", "max", "lse"}) {
        RandomHead random(spec_with([&](ModelSpec& s) {
          s.normalise_maps = normalise;
          s.fusion = fusion;
          s.pooling = pooling;
        }));
        const std::vector<at::Tensor> features = random_features();
        const at::Tensor before = random.head.forward(features).logits;
        const at::NoGradGuard no_gradient;
        if (normalise) parameter(random.head, "bias")[1] += 0.75;
        for (const std::string s : {"1", "2", "3"})
          if (!normalise) parameter(random.head, "classifier" + s + ".bias")[1] += 0.75;
        const at::Tensor change = random.head.forward(features).logits - before;
        EXPECT_LT(distance(change.select(1, 0), at::zeros({kImages})), 1e-6);
        EXPECT_LT(distance(change.select(1, 1), at::full({kImages}, 0.75)), 1e-5)
            << fusion << ' ' << pooling;
      }
}

TEST_F(Head, StagesLeftOutAreThoseOfTheMaskImageByImage) {
  RandomHead scores(spec_with([](ModelSpec& s) { s.fusion = "scores"; }));
  const std::vector<at::Tensor> features = random_features();
  const at::Tensor keep =
      at::tensor({1.0F, 1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F, 1.0F}).view({kImages, 3});
  const HeadOutput output = scores.head.forward(features, keep);
  const at::Tensor a = scores.head.relevance();
  const at::Tensor y = output.stage_logits;
  for (std::int64_t c = 0; c < kFindings; ++c) {
    const at::Tensor two = (a[c][0] * y[0][c][0] + a[c][1] * y[0][c][1]) / (a[c][0] + a[c][1]);
    EXPECT_LT(distance(output.logits[0][c], two), 1e-5);
    EXPECT_LT(distance(output.logits[1][c], y[1][c][2]), 1e-5);
  }
  EXPECT_LT(distance(output.logits[2], scores.head.forward(features).logits[2]), 1e-5);

  // Under fusion "maps" each image is as a batch of its own with that mask.
  RandomHead maps(spec_with());
  const at::Tensor all = maps.head.forward(features, keep).logits;
  for (std::int64_t n = 0; n < kImages; ++n) {
    std::vector<at::Tensor> one;
    for (const at::Tensor& f : features) one.push_back(f.narrow(0, n, 1));
    const at::Tensor own = maps.head.forward(one, keep.narrow(0, n, 1)).logits[0];
    EXPECT_LT(distance(all[n], own), 1e-5);
  }
  // The first stage alone is not resampled: its own logit.
  const at::Tensor first = at::tensor({1.0F, 0.0F, 0.0F}).expand({kImages, 3});
  const HeadOutput only = maps.head.forward(features, first);
  EXPECT_LT(distance(only.logits, only.stage_logits.select(2, 0)), 1e-5);
}

/// Two stages' maps of one finding and two images; the second image is negative.
HeadOutput pointing(const at::Tensor& fine, const at::Tensor& coarse) {
  HeadOutput output;
  output.logits = at::zeros({2, 1});
  output.alpha = at::tensor({0.25F, 0.75F}).view({1, 1, 2});
  output.stage_maps = {fine, coarse};
  return output;
}

double disagreement(const MultiscaleHead& head, const HeadOutput& output,
                    const at::Tensor& labels) {
  return head.disagreement(output, labels, count_labels(labels).positives.sum()).item<double>();
}

TEST_F(Head, DisagreementIsTheDivergenceOfTheDeepestMapFromTheFinerOnPositives) {
  const MultiscaleHead head(spec_with(), shapes());
  const at::Tensor labels = at::tensor({1.0F, 0.0F}).view({2, 1});
  const at::Tensor level = at::zeros({2, 1, 2, 4});
  // q = (1/2, 1/2), p = (1, 3) / 4: 1/2 ln(1/2 / 1/4) + 1/2 ln(1/2 / 3/4) = 1/2 ln(4/3)
  const at::Tensor coarse = at::tensor({0.0F, std::log(3.0F), 5.0F, 0.0F}).view({2, 1, 1, 2});
  EXPECT_NEAR(disagreement(head, pointing(level, coarse), labels), 0.5 * std::log(4.0 / 3.0), 1e-6);
  // An unknown label is no positive one.
  EXPECT_EQ(disagreement(head, pointing(level, coarse), at::full({2, 1}, -1.0F)), 0.0);

  // Maxima under the coarse cells (1, 7), and a deepest map that is the same but for a constant.
  at::Tensor fine = at::zeros({2, 1, 2, 4});
  fine[0][0][1][0] = 1.0F;
  fine[0][0][0][3] = 7.0F;
  const at::Tensor same = at::tensor({3.0F, 9.0F, 0.0F, 0.0F}).view({2, 1, 1, 2});
  EXPECT_NEAR(disagreement(head, pointing(fine, same), labels), 0.0, 1e-6);
}

TEST_F(Head, DisagreementTeachesTheDeepestMapAlone) {
  const MultiscaleHead head(spec_with(), shapes());
  const at::Tensor fine = at::randn({2, 1, 2, 4}).set_requires_grad(true);
  const at::Tensor coarse = at::randn({2, 1, 1, 2}).set_requires_grad(true);
  head.disagreement(pointing(fine, coarse), at::ones({2, 1}), at::tensor(2.0F)).backward();
  EXPECT_FALSE(fine.grad().defined());
  EXPECT_GT(coarse.grad().abs().max().item<double>(), 0.0);
}

TEST_F(Head, GradientsOfTheLossAreFiniteDifferences) {
  for (const bool normalise : {true, false})
    for (const std::string fusion : {"maps", "scores"})
      for (const std::string pooling : {"average", "lse", "pcam"}) {
        MultiscaleHead head(spec_with([&](ModelSpec& s) {
                              s.normalise_maps = normalise;
                              s.fusion = fusion;
                              s.pooling = pooling;
                            }),
                            shapes());
        head.to(at::kDouble);
        std::vector<at::Tensor> leaves = head.parameters();
        {
          const at::NoGradGuard no_gradient;
          for (at::Tensor& p : leaves) p.normal_();
        }
        std::vector<at::Tensor> features;
        for (const at::Tensor& f : random_features()) {
          features.push_back(f.to(at::kDouble).set_requires_grad(true));
          leaves.push_back(features.back());
        }
        const at::Tensor labels = test::doubles({1, 0, -1, 1, 0, 0}, {kImages, kFindings});
        const BalancedLoss loss(Balance::batch, {});
        const auto value = [&] {
          return loss.mean(head.forward(features).logits, labels, count_labels(labels));
        };
        value().backward();
        const at::NoGradGuard no_gradient;
        for (at::Tensor& leaf : leaves) {
          const at::Tensor flat = leaf.view(-1);
          for (const std::int64_t i : {std::int64_t{0}, flat.size(0) / 2, flat.size(0) - 1}) {
            constexpr double kStep = 1e-5;
            const double old = flat[i].item<double>();
            flat[i] = old + kStep;
            const double above = value().item<double>();
            flat[i] = old - kStep;
            const double below = value().item<double>();
            flat[i] = old;
            // Central differences: a truncation of kStep^2 = 1e-10, a rounding of 1e-16 / kStep.
            EXPECT_NEAR(leaf.grad().view(-1)[i].item<double>(), (above - below) / (2.0 * kStep),
                        1e-8)
                << fusion << ' ' << pooling << ' ' << normalise << leaf.sizes();
          }
        }
      }
}

}  // namespace
}  // namespace chestmap
