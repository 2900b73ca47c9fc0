#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "nn/batch_norm.h"

namespace chestmap {

/// norm1, ReLU, 1x1 convolution, norm2, ReLU, 3x3 convolution (DenseNet-B, Huang et al. 2017).
struct DenseLayerParts {
  BatchNorm2d norm1;
  torch::nn::Conv2d conv1;
  BatchNorm2d norm2;
  torch::nn::Conv2d conv2;
};

/// relu(norm(x)), x being N x C x H x W. One pass forward and two backward, where torch's take five
/// and seven; the same numbers up to rounding.
[[nodiscard]] at::Tensor norm_relu(const at::Tensor& x, BatchNorm2d norm);

/// The layers' outputs behind x, N x (C + growth x layers) x H x W, normalised and through a ReLU.
/// All of it lies in one tensor that each layer reads from and writes to: nothing is concatenated,
/// a channel's moments are taken once for all layers, and the gradients of all of its readers are
/// summed where it lies.
[[nodiscard]] at::Tensor dense_block(const at::Tensor& x, std::vector<DenseLayerParts> layers,
                                     BatchNorm2d norm);

}  // namespace chestmap
