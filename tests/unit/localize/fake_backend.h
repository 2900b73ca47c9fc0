#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "localize/backend.h"

namespace chestmap::test {

/// Two channels on both grids: the first is p everywhere, the second 1 in the last cell and 0
/// elsewhere. The gradient of finding 0 is 2 in the first and -1 in the second channel, that of
/// finding 1 is -1 and 3.
class FakeDifferentiated : public Differentiated {
 public:
  FakeDifferentiated(float p, int& passes) : passes_(passes) {
    for (const std::size_t side : {std::size_t{4}, std::size_t{2}}) {
      FeatureMaps maps{2, side, side, std::vector<float>(2 * side * side, p)};
      std::fill(maps.values.begin() + static_cast<std::ptrdiff_t>(side * side),
                maps.values.end() - 1, 0.0F);
      maps.values.back() = 1.0F;
      features_.push_back(std::move(maps));
    }
  }
  [[nodiscard]] const std::vector<FeatureMaps>& features() const override { return features_; }
  [[nodiscard]] std::vector<FeatureMaps> gradients(std::size_t finding) override {
    ++passes_;
    std::vector<FeatureMaps> gradients = features_;
    for (FeatureMaps& maps : gradients) {
      const auto half = maps.values.begin() + static_cast<std::ptrdiff_t>(maps.values.size() / 2);
      std::fill(maps.values.begin(), half, finding == 0 ? 2.0F : -1.0F);
      std::fill(half, maps.values.end(), finding == 0 ? -1.0F : 3.0F);
    }
    return gradients;
  }
  /// The gradient is 1 in one pixel, which begins one pixel right of and two below the cell's
  /// centre for finding 0, one left of and three below it for finding 1; and 0 elsewhere.
  [[nodiscard]] ImageF input_gradient(std::size_t stage, std::size_t finding,
                                      std::size_t cell) override {
    const std::size_t side = stage == 0 ? 4 : 2;
    const double step = 16.0 / static_cast<double>(side);
    const auto centre = [step](std::size_t i) { return (static_cast<double>(i) + 0.5) * step; };
    ImageF gradient(16, 16);
    gradient.at(static_cast<std::size_t>(centre(cell % side) + (finding == 0 ? 1.0 : -1.0)),
                static_cast<std::size_t>(centre(cell / side) + (finding == 0 ? 2.0 : 3.0))) = 1.0F;
    return gradient;
  }

 private:
  int& passes_;
  std::vector<FeatureMaps> features_;
};

/// A back end of two findings and two stages over inputs of 16 pixels, whose maps are functions of
/// the image's first pixel p: stage 1 (4 x 4 cells) is p + column, stage 2 (2 x 2 cells) is
/// 10 p + 100 row; finding 1 has the opposite sign of finding 0.
class FakeBackend : public Backend {
 public:
  FakeBackend() {
    spec_.findings = {"Mass", "Nodule"};
    spec_.stages = {1, 2};
    spec_.input_size = 16;
  }

  [[nodiscard]] const ModelSpec& spec() const override { return spec_; }
  [[nodiscard]] ModelSpec& spec() { return spec_; }
  [[nodiscard]] const std::vector<Grid>& grids() const override { return grids_; }
  [[nodiscard]] const std::vector<std::vector<double>>& relevance() const override {
    return relevance_;
  }

  [[nodiscard]] std::size_t threads() const override { return 1; }

  [[nodiscard]] std::vector<Inference> infer(std::span<const ImageF> images) override {
    std::vector<Inference> results;
    for (const ImageF& image : images) {
      const float p = image.at(0, 0);
      results.push_back(
          {{p, -p},
           {{stage_one(p, 1.0F), stage_one(p, -1.0F)}, {stage_two(p, 1.0F), stage_two(p, -1.0F)}}});
    }
    return results;
  }

  [[nodiscard]] std::unique_ptr<Differentiated> differentiate(const ImageF& image) override {
    ++differentiations;
    return std::make_unique<FakeDifferentiated>(image.at(0, 0), gradient_passes);
  }
  int differentiations = 0;
  int gradient_passes = 0;

  static ImageF stage_one(float p, float sign) {
    ImageF map(4, 4);
    for (std::size_t y = 0; y < 4; ++y)
      for (std::size_t x = 0; x < 4; ++x) map.at(x, y) = sign * (p + static_cast<float>(x));
    return map;
  }
  static ImageF stage_two(float p, float sign) {
    ImageF map(2, 2);
    for (std::size_t y = 0; y < 2; ++y)
      for (std::size_t x = 0; x < 2; ++x)
        map.at(x, y) = sign * (10.0F * p + 100.0F * static_cast<float>(y));
    return map;
  }

 private:
  ModelSpec spec_;
  std::vector<Grid> grids_ = {{4.0, 2.0}, {8.0, 4.0}};
  std::vector<std::vector<double>> relevance_ = {{0.25, 0.75}, {0.5, 0.5}};
};

}  // namespace chestmap::test
