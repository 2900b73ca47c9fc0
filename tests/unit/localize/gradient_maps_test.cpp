#include "localize/gradient_maps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace chestmap {
namespace {

FeatureMaps maps_of(std::size_t width, std::size_t height, std::vector<float> values) {
  return {values.size() / (width * height), height, width, std::move(values)};
}

// Two channels of two cells.
const FeatureMaps kFeatures = maps_of(2, 1, {1.0F, 3.0F, 2.0F, 0.0F});
const FeatureMaps kGradients = maps_of(2, 1, {0.5F, -0.25F, -1.0F, 0.5F});

TEST(GradientMaps, GradCamWeighsChannelsByTheirMeanGradient) {
  const ImageF map = grad_cam(kFeatures, kGradients);
  ASSERT_EQ(map.width(), 2U);
  ASSERT_EQ(map.height(), 1U);
  // Weights (0.5 - 0.25) / 2 = 0.125 and (-1 + 0.5) / 2 = -0.25.
  EXPECT_FLOAT_EQ(map.at(0, 0), 0.0F);    // 0.125 - 0.5 < 0
  EXPECT_FLOAT_EQ(map.at(1, 0), 0.375F);  // 0.125 * 3
}

TEST(GradientMaps, GradCamPlusPlusWeighsRisingCellsAlone) {
  const ImageF map = grad_cam_plus_plus(kFeatures, kGradients);
  // Channel 0: its features sum to 4, one cell rises: a = .25 / (2 * .25 + .125 * 4) = .25, weight
  // .25 * .5 = .125. Channel 1: sum 2, g = .5: a = .25 / (.5 + .125 * 2) = 1/3, weight 1/6.
  EXPECT_FLOAT_EQ(map.at(0, 0), 0.125F + 2.0F / 6.0F);
  EXPECT_FLOAT_EQ(map.at(1, 0), 0.375F);
}

TEST(GradientMaps, GradCamPlusPlusIsGradCamWhereGradientsAreSmallAndRise) {
  // For g -> 0, a -> 1/2, so that the weight is half of the gradients' sum: Grad-CAM times cells
  // / 2.
  const FeatureMaps tiny = maps_of(2, 1, {1e-30F, 3e-30F, 2e-30F, 4e-30F});
  const ImageF one = grad_cam(kFeatures, tiny);
  const ImageF two = grad_cam_plus_plus(kFeatures, tiny);
  for (std::size_t x = 0; x < 2; ++x) {
    EXPECT_GT(two.at(x, 0), 0.0F) << "squares of the gradients have no place in single precision";
    EXPECT_FLOAT_EQ(two.at(x, 0), one.at(x, 0) * 2.0F / 2.0F);
  }
}

TEST(GradientMaps, LayerCamWeighsEachCellByItsOwnRisingGradient) {
  const ImageF map = layer_cam(kFeatures, kGradients);
  EXPECT_FLOAT_EQ(map.at(0, 0), 0.5F);  // 0.5 * 1 + 0 * 2
  EXPECT_FLOAT_EQ(map.at(1, 0), 0.0F);  // 0 * 3 + 0.5 * 0
}

TEST(GradientMaps, OnOneCellTheyAgreeOnWhatRises) {
  // One cell: Grad-CAM and LayerCAM of one channel are both ReLU(g F).
  for (const float g : {-2.0F, 0.0F, 1.5F}) {
    const FeatureMaps features = maps_of(1, 1, {3.0F});
    const FeatureMaps gradients = maps_of(1, 1, {g});
    EXPECT_FLOAT_EQ(grad_cam(features, gradients).at(0, 0), std::max(3.0F * g, 0.0F));
    EXPECT_FLOAT_EQ(layer_cam(features, gradients).at(0, 0), std::max(3.0F * g, 0.0F));
  }
}

TEST(GradientMaps, NoneIsNegativeAndTheOrderOfChannelsPlaysNoPart) {
  RandomStream stream{3};
  for (int trial = 0; trial < 50; ++trial) {
    constexpr std::size_t kChannels = 5;
    constexpr std::size_t kCells = 12;
    std::vector<float> features;
    std::vector<float> gradients;
    for (std::size_t i = 0; i < kChannels * kCells; ++i) {
      features.push_back(static_cast<float>(std::max(stream.normal(), 0.0)));
      gradients.push_back(static_cast<float>(stream.normal()));
    }
    std::vector<float> turned_features;
    std::vector<float> turned_gradients;
    for (std::size_t k = kChannels; k-- > 0;)
      for (std::size_t i = 0; i < kCells; ++i) {
        turned_features.push_back(features[k * kCells + i]);
        turned_gradients.push_back(gradients[k * kCells + i]);
      }
    for (const auto& make : {grad_cam, grad_cam_plus_plus, layer_cam}) {
      const ImageF map = make(maps_of(4, 3, features), maps_of(4, 3, gradients));
      const ImageF turned = make(maps_of(4, 3, turned_features), maps_of(4, 3, turned_gradients));
      for (std::size_t i = 0; i < kCells; ++i) {
        EXPECT_GE(map.pixels()[i], 0.0F);
        // Sums of five products near 1, in another order.
        EXPECT_NEAR(map.pixels()[i], turned.pixels()[i], 1e-5);
      }
    }
  }
}

TEST(GradientMaps, ScalingForFusionDependsOnTheMapsShapeAlone) {
  ImageF map(3, 1);
  map.at(1, 0) = 2.0F;
  map.at(2, 0) = 4.0F;
  const ImageF scaled = scaled_layer_cam(map);
  EXPECT_FLOAT_EQ(scaled.at(0, 0), 0.0F);
  EXPECT_FLOAT_EQ(scaled.at(1, 0), std::tanh(1.0F));  // 2 * 2 / 4
  EXPECT_FLOAT_EQ(scaled.at(2, 0), std::tanh(2.0F));
  for (float& value : map.pixels()) value *= 1e-6F;
  const ImageF same = scaled_layer_cam(map);
  for (std::size_t x = 0; x < 3; ++x) EXPECT_FLOAT_EQ(same.at(x, 0), scaled.at(x, 0));
  EXPECT_EQ(scaled_layer_cam(ImageF(2, 2)), ImageF(2, 2));
}

TEST(GradientMaps, FusionTakesTheLargerCell) {
  ImageF one(2, 1);
  ImageF two(2, 1);
  one.at(0, 0) = 0.5F;
  two.at(0, 0) = 0.25F;
  two.at(1, 0) = 0.75F;
  const ImageF fused = largest_of({one, two});
  EXPECT_EQ(fused.at(0, 0), 0.5F);
  EXPECT_EQ(fused.at(1, 0), 0.75F);
}

}  // namespace
}  // namespace chestmap
