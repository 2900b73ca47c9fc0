#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <optional>
#include <vector>

#include "nn/loss.h"

namespace chestmap {

/// What an epoch's weights score on the validation split.
struct Validation {
  double loss = 0.0;                         ///< mean over the images
  std::vector<std::optional<double>> auroc;  ///< a finding; none where a label is missing
  double mean_auroc = 0.0;                   ///< over the findings that have both labels
};

/// Of `logits` and `labels`, N x C each on the CPU; `batches` (N), rising, says which batch a row
/// was in, since a loss may weigh by its batch. `loss` computes on `device`. Throws UserError where
/// no finding has both labels.
[[nodiscard]] Validation validation_of(const at::Tensor& batches, const at::Tensor& logits,
                                       const at::Tensor& labels, const BalancedLoss& loss,
                                       c10::Device device);

}  // namespace chestmap
