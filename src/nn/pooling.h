#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace chestmap {

/// How a map of logits becomes one logit.
enum class Pooling {
  average,  ///< mean of the map: class activation mapping (Zhou et al. 2016)
  max,      ///< its largest value
  lse,      ///< (1 / r) log mean exp(r m): between the two (Pinheiro and Collobert 2015)
  pcam,  ///< sum of w m with w = sigmoid(m) / sum sigmoid(m): probabilistic CAM pooling (Ye et al.
         ///< 2020)
};

[[nodiscard]] const std::vector<std::string>& pooling_names();
/// Throws UserError for a name that is not among `pooling_names()`.
[[nodiscard]] Pooling pooling_of(const std::string& name);

/// `maps` is ... x H x W in logits; the result lacks the last two dimensions. `r` is of log-sum-exp
/// alone.
[[nodiscard]] at::Tensor pool(const at::Tensor& maps, Pooling pooling, double r);

}  // namespace chestmap
