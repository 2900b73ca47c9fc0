#include "localize/gradient_maps.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace chestmap {

namespace {

constexpr double kLayerCamGamma = 2.0;

/// ReLU(sum_k weight(k) F_k).
template <typename Weight>
ImageF weighted_features(const FeatureMaps& features, Weight&& weight) {
  ImageF map(features.width, features.height);
  const std::span<float> cells = map.pixels();
  for (std::size_t k = 0; k < features.channels; ++k) {
    const auto factor = static_cast<float>(weight(k));
    const std::span<const float> channel = features.channel(k);
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += factor * channel[i];
  }
  for (float& cell : cells) cell = std::max(cell, 0.0F);
  return map;
}

}  // namespace

ImageF grad_cam(const FeatureMaps& features, const FeatureMaps& gradients) {
  return weighted_features(features, [&](std::size_t k) {
    const std::span<const float> gradient = gradients.channel(k);
    return std::accumulate(gradient.begin(), gradient.end(), 0.0) /
           static_cast<double>(gradient.size());
  });
}

ImageF grad_cam_plus_plus(const FeatureMaps& features, const FeatureMaps& gradients) {
  return weighted_features(features, [&](std::size_t k) {
    const std::span<const float> channel = features.channel(k);
    const double sum = std::accumulate(channel.begin(), channel.end(), 0.0);
    double weight = 0.0;
    // Cells of a gradient of 0 or less add nothing; for the others both a and the weight are
    // divided by g^2, whose single precision would vanish.
    for (const float value : gradients.channel(k))
      if (const double g = static_cast<double>(value); g > 0.0) weight += g / (2.0 + g * sum);
    return weight;
  });
}

ImageF layer_cam(const FeatureMaps& features, const FeatureMaps& gradients) {
  ImageF map(features.width, features.height);
  const std::span<float> cells = map.pixels();
  for (std::size_t k = 0; k < features.channels; ++k) {
    const std::span<const float> channel = features.channel(k);
    const std::span<const float> gradient = gradients.channel(k);
    for (std::size_t i = 0; i < cells.size(); ++i)
      cells[i] += std::max(gradient[i], 0.0F) * channel[i];
  }
  for (float& cell : cells) cell = std::max(cell, 0.0F);
  return map;
}

ImageF scaled_layer_cam(const ImageF& map) {
  ImageF scaled = map;
  const std::span<float> cells = scaled.pixels();
  const auto largest = static_cast<double>(*std::max_element(cells.begin(), cells.end()));
  if (!(largest > 0.0)) return scaled;
  for (float& cell : cells)
    cell = static_cast<float>(std::tanh(kLayerCamGamma * static_cast<double>(cell) / largest));
  return scaled;
}

ImageF largest_of(const std::vector<ImageF>& maps) {
  ImageF result = maps.front();
  const std::span<float> cells = result.pixels();
  for (const ImageF& map : maps)
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = std::max(cells[i], map.pixels()[i]);
  return result;
}

}  // namespace chestmap
