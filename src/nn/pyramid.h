#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "nn/backbone.h"
#include "nn/batch_norm.h"

namespace chestmap {

/// Top-down sums over the stages before the class maps, as feature pyramids (Lin et al. 2017) and
/// PYLON (Preechakul et al. 2022) do; not part of Sedai et al. Each stage is brought to the same
/// width by a 1x1 convolution, the deeper stage's sum is added, and a 3x3 convolution follows:  P_s
/// = ReLU(BN(conv3(L_s + Up(L_{s+1} + ...)))).
class Pyramid : public torch::nn::Module {
 public:
  explicit Pyramid(std::vector<StageShape> shapes);

  /// One tensor a stage on the stage's own grid, `width()` channels each.
  [[nodiscard]] std::vector<at::Tensor> forward(const std::vector<at::Tensor>& features);
  /// The stages' shapes after the pyramid.
  [[nodiscard]] std::vector<StageShape> shapes() const;

 private:
  std::vector<StageShape> shapes_;
  std::int64_t width_;
  std::vector<torch::nn::Conv2d> laterals_;
  std::vector<torch::nn::Conv2d> smooths_;
  std::vector<BatchNorm2d> norms_;
};

}  // namespace chestmap
