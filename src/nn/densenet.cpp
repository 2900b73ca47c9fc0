#include "nn/densenet.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/conv.h>

#include <string>
#include <utility>

#include "nn/batch_norm.h"
#include "nn/dense_block.h"

namespace chestmap {

namespace {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel,
                   std::int64_t stride = 1) {
  Conv2d conv(Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
  torch::nn::init::kaiming_normal_(conv->weight);
  return conv;
}

class DenseLayer : public torch::nn::Module {
 public:
  DenseLayer(std::int64_t in, const DenseNetShape& shape)
      : norm1_(register_module("norm1", BatchNorm2d(in))),
        conv1_(register_module("conv1", convolution(in, shape.bottleneck * shape.growth, 1))),
        norm2_(register_module("norm2", BatchNorm2d(shape.bottleneck * shape.growth))),
        conv2_(register_module("conv2",
                               convolution(shape.bottleneck * shape.growth, shape.growth, 3))) {}

  [[nodiscard]] DenseLayerParts parts() const { return {norm1_, conv1_, norm2_, conv2_}; }

 private:
  BatchNorm2d norm1_;
  Conv2d conv1_;
  BatchNorm2d norm2_;
  Conv2d conv2_;
};

class DenseNet : public Backbone {
 public:
  DenseNet(const DenseNetShape& shape, std::int64_t channels)
      : Backbone(stage_shapes({"", shape})) {
    features_ = register_module("features", std::make_shared<torch::nn::Module>());
    conv0_ = features_->register_module(
        "conv0", convolution(channels, shape.stem_channels, shape.stem_kernel, 2));
    norm0_ = features_->register_module("norm0", BatchNorm2d(shape.stem_channels));
    std::int64_t width = shape.stem_channels;
    for (std::size_t b = 0; b < shape.layers.size(); ++b) {
      width = add_block(b, width, shape);
      const bool last = b + 1 == shape.layers.size();
      if (!last) {
        width = add_transition(b, width);
      } else {
        norms_.push_back(features_->register_module("norm5", BatchNorm2d(width)));
      }
    }
  }

  std::vector<at::Tensor> features(const at::Tensor& images, std::size_t count) override {
    at::Tensor x = at::max_pool2d(norm_relu(conv0_(images), norm0_), 3, 2, 1);
    std::vector<at::Tensor> stages;
    for (std::size_t b = 0; b < count; ++b) {
      std::vector<DenseLayerParts> layers;
      for (const auto& layer : blocks_[b]) layers.push_back(layer->parts());
      x = dense_block(x, std::move(layers), norms_[b]);
      stages.push_back(x);
      if (b + 1 < count) x = at::avg_pool2d(transitions_[b](x), 2, 2);
    }
    return stages;
  }

 private:
  std::int64_t add_block(std::size_t b, std::int64_t width, const DenseNetShape& shape) {
    const auto block = features_->register_module("denseblock" + std::to_string(b + 1),
                                                  std::make_shared<torch::nn::Module>());
    blocks_.emplace_back();
    for (std::int64_t l = 0; l < shape.layers[b]; ++l) {
      blocks_.back().push_back(block->register_module("denselayer" + std::to_string(l + 1),
                                                      std::make_shared<DenseLayer>(width, shape)));
      width += shape.growth;
    }
    return width;
  }

  std::int64_t add_transition(std::size_t b, std::int64_t width) {
    const auto transition = features_->register_module("transition" + std::to_string(b + 1),
                                                       std::make_shared<torch::nn::Module>());
    norms_.push_back(transition->register_module("norm", BatchNorm2d(width)));
    transitions_.push_back(transition->register_module("conv", convolution(width, width / 2, 1)));
    return width / 2;
  }

  std::shared_ptr<torch::nn::Module> features_;
  Conv2d conv0_{nullptr};
  BatchNorm2d norm0_{nullptr};
  std::vector<std::vector<std::shared_ptr<DenseLayer>>> blocks_;
  std::vector<BatchNorm2d> norms_;
  std::vector<Conv2d> transitions_;
};

}  // namespace

std::shared_ptr<Backbone> make_densenet(const DenseNetShape& shape, std::int64_t channels) {
  return std::make_shared<DenseNet>(shape, channels);
}

}  // namespace chestmap
