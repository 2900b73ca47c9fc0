#include "nn/pyramid.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>

#include <string>
#include <utility>

#include "nn/resample.h"

namespace chestmap {

namespace {

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(false));
  torch::nn::init::kaiming_normal_(conv->weight);
  return conv;
}

}  // namespace

Pyramid::Pyramid(std::vector<StageShape> shapes)
    : shapes_(std::move(shapes)), width_(pyramid_width(shapes_)) {
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const std::string number = std::to_string(s + 1);
    laterals_.push_back(
        register_module("lateral" + number, convolution(shapes_[s].channels, width_, 1)));
    smooths_.push_back(register_module("smooth" + number, convolution(width_, width_, 3)));
    norms_.push_back(register_module("norm" + number, BatchNorm2d(width_)));
  }
}

std::vector<StageShape> Pyramid::shapes() const {
  std::vector<StageShape> result = shapes_;
  for (StageShape& shape : result) shape.channels = width_;
  return result;
}

std::vector<at::Tensor> Pyramid::forward(const std::vector<at::Tensor>& features) {
  std::vector<at::Tensor> result(features.size());
  at::Tensor sum;
  for (std::size_t s = features.size(); s-- > 0;) {
    at::Tensor lateral = laterals_[s](features[s]);
    if (sum.defined())
      lateral = lateral + resample(sum, shapes_[s + 1].grid, shapes_[s].grid, lateral.size(2),
                                   lateral.size(3));
    sum = lateral;
    result[s] = norms_[s](smooths_[s](sum)).relu_();
  }
  return result;
}

}  // namespace chestmap
