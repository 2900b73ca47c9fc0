#include "nn/pooling.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/error.h"

namespace chestmap {

const std::vector<std::string>& pooling_names() {
  static const std::vector<std::string> kNames = {"average", "max", "lse", "pcam"};
  return kNames;
}

Pooling pooling_of(const std::string& name) {
  for (std::size_t i = 0; i < pooling_names().size(); ++i)
    if (pooling_names()[i] == name) return static_cast<Pooling>(i);
  throw UserError("unknown pooling \"" + name + "\"", "known: average, max, lse, pcam");
}

at::Tensor pool(const at::Tensor& maps, Pooling pooling, double r) {
  const at::Tensor cells = maps.flatten(-2);
  switch (pooling) {
    case Pooling::average:
      return cells.mean(-1);
    case Pooling::max:
      return std::get<0>(cells.max(-1));
    case Pooling::lse:
      return (at::logsumexp(cells * r, -1) - std::log(static_cast<double>(cells.size(-1)))) / r;
    case Pooling::pcam: {
      // Normalised as logarithms: on a dark map every sigmoid vanishes in single precision.
      return (at::softmax(at::log_sigmoid(cells), -1) * cells).sum(-1);
    }
  }
  throw UserError("unknown pooling");
}

}  // namespace chestmap
