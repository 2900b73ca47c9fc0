#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weights/stage_shapes.h"

namespace chestmap {

/// A convolutional network that gives its feature maps stage by stage. Parameters and buffers carry
/// torchvision's names
/// (`features.denseblock1.denselayer1.norm1.weight`, `layer1.0.conv1.weight`), without its
/// classifier.
class Backbone : public torch::nn::Module {
 public:
  /// `images` is N x channels x H x W, normalised. The result holds one N x K_s x H_s x W_s tensor
  /// for each of the `count` shallowest stages, each after normalisation and ReLU; what lies behind
  /// them is not computed.
  [[nodiscard]] virtual std::vector<at::Tensor> features(const at::Tensor& images,
                                                         std::size_t count) = 0;
  [[nodiscard]] const std::vector<StageShape>& stages() const noexcept { return stages_; }

 protected:
  explicit Backbone(std::vector<StageShape> stages) : stages_(std::move(stages)) {}

 private:
  std::vector<StageShape> stages_;
};

/// The backbone called `name` for images of `channels` channels, with random weights drawn from
/// torch's generator. Throws UserError naming the nearest known backbone. The register of them is
/// weights/backbone_layout.cpp.
[[nodiscard]] std::shared_ptr<Backbone> make_backbone(const std::string& name,
                                                      std::int64_t channels);

}  // namespace chestmap
