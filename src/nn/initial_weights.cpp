#include "nn/initial_weights.h"

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

namespace chestmap {

void load_initial_weights(Backbone& backbone, const BackboneFit& fit) {
  std::map<std::string, at::Tensor> state;
  for (const auto& item : backbone.named_parameters()) state[item.key()] = item.value().detach();
  for (const auto& item : backbone.named_buffers()) state[item.key()] = item.value();
  const at::NoGradGuard no_gradient;
  for (const FittedTensor& tensor : fit.fitted) {
    at::Tensor& target = state.at(tensor.expected.name);
    if (tensor.expected.whole) {
      target.fill_(fitted_wholes(tensor).front());
      continue;
    }
    std::vector<float> values = fitted_floats(tensor);
    // copy_ puts the values into the layout (channels-last) and onto the device of the backbone.
    target.copy_(at::from_blob(values.data(), tensor.expected.shape, at::kFloat));
  }
  for (const std::string& name : fit.uncounted) state.at(name).zero_();
}

}  // namespace chestmap
