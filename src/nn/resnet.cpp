#include "nn/resnet.h"

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

Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  Conv2d conv(Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
  torch::nn::init::kaiming_normal_(conv->weight, 0.0, torch::kFanOut, torch::kReLU);
  return conv;
}

class ResidualBlock : public torch::nn::Module {
 public:
  ResidualBlock(std::int64_t in, std::int64_t planes, std::int64_t stride, bool bottleneck) {
    const std::int64_t out = bottleneck ? 4 * planes : planes;
    if (bottleneck) {
      add(in, planes, 1, 1);
      add(planes, planes, 3, stride);
      add(planes, out, 1, 1);
    } else {
      add(in, planes, 3, stride);
      add(planes, out, 3, 1);
    }
    if (stride != 1 || in != out) {
      const auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
      shortcut_ = downsample->register_module("0", convolution(in, out, 1, stride));
      shortcut_norm_ = downsample->register_module("1", BatchNorm2d(out));
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (std::size_t i = 0; i < convolutions_.size(); ++i) {
      const bool last = i + 1 == convolutions_.size();
      y = convolutions_[i](y);
      y = last ? norms_[i](y) : norm_relu(y, norms_[i]);
    }
    const at::Tensor shortcut = shortcut_.is_empty() ? x : shortcut_norm_(shortcut_(x));
    return y.add_(shortcut).relu_();
  }

 private:
  void add(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    convolutions_.push_back(register_module("conv" + number, convolution(in, out, kernel, stride)));
    norms_.push_back(register_module("bn" + number, BatchNorm2d(out)));
  }

  std::vector<Conv2d> convolutions_;
  std::vector<BatchNorm2d> norms_;
  Conv2d shortcut_{nullptr};
  BatchNorm2d shortcut_norm_{nullptr};
};

class ResNet : public Backbone {
 public:
  ResNet(const ResNetShape& shape, std::int64_t channels)
      : Backbone(stage_shapes({"", shape})),
        conv1_(register_module("conv1", convolution(channels, 64, 7, 2))),
        bn1_(register_module("bn1", BatchNorm2d(64))) {
    std::int64_t width = 64;
    for (std::size_t s = 0; s < shape.blocks.size(); ++s) {
      const auto layer =
          register_module("layer" + std::to_string(s + 1), std::make_shared<torch::nn::Module>());
      const std::int64_t planes = std::int64_t{64} << s;
      layers_.emplace_back();
      for (std::int64_t b = 0; b < shape.blocks[s]; ++b) {
        const std::int64_t stride = b == 0 && s > 0 ? 2 : 1;
        layers_.back().push_back(layer->register_module(
            std::to_string(b),
            std::make_shared<ResidualBlock>(width, planes, stride, shape.bottleneck)));
        width = shape.bottleneck ? 4 * planes : planes;
      }
    }
  }

  std::vector<at::Tensor> features(const at::Tensor& images, std::size_t count) override {
    at::Tensor x = at::max_pool2d(norm_relu(conv1_(images), bn1_), 3, 2, 1);
    std::vector<at::Tensor> stages;
    for (std::size_t s = 0; s < count; ++s) {
      for (const auto& block : layers_[s]) x = block->forward(x);
      stages.push_back(x);
    }
    return stages;
  }

 private:
  Conv2d conv1_;
  BatchNorm2d bn1_;
  std::vector<std::vector<std::shared_ptr<ResidualBlock>>> layers_;
};

}  // namespace

std::shared_ptr<Backbone> make_resnet(const ResNetShape& shape, std::int64_t channels) {
  return std::make_shared<ResNet>(shape, channels);
}

}  // namespace chestmap
