#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace chestmap::test {

/// Graphs of a few operations, with numbers that differ from each other.
class SmallGraph {
 public:
  SmallGraph(std::int64_t channels, std::int64_t side) {
    graph_.inputs.push_back({"image", {channels, side, side}, ""});
  }

  SmallGraph& convolution(const std::string& name, const std::string& input, std::int64_t in,
                          std::int64_t out, std::int64_t kernel) {
    const std::int64_t pad = kernel / 2;
    const std::int64_t stride = input == "image" || input == "grey" ? 2 : 1;  // stems have 2
    constant(name + ".weight", {out, in, kernel, kernel});
    graph_.nodes.push_back({"Conv",
                            {input, name + ".weight"},
                            name,
                            {{"kernel_shape", Sides{kernel, kernel}},
                             {"strides", Sides{stride, stride}},
                             {"pads", Sides{pad, pad, pad, pad}}}});
    return *this;
  }

  SmallGraph& norm(const std::string& name, const std::string& input, std::int64_t channels) {
    std::vector<std::string> inputs = {input};
    for (const char* part : {".weight", ".bias", ".mean", ".variance"}) {
      inputs.push_back(name + part);
      constant(name + part, {channels});
    }
    std::vector<float> variances(graph_.constants.back().values.begin(),
                                 graph_.constants.back().values.end());
    for (float& variance : variances) variance = std::abs(variance) + 0.5F;
    graph_.constants.back().values = std::move(variances);
    graph_.nodes.push_back({"BatchNormalization", std::move(inputs), name, {{"epsilon", 1e-5F}}});
    return *this;
  }

  SmallGraph& node(const std::string& op, std::vector<std::string> inputs, const std::string& name,
                   std::map<std::string, Attribute> attributes = {}) {
    graph_.nodes.push_back({op, std::move(inputs), name, std::move(attributes)});
    return *this;
  }

  SmallGraph& constant(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t count = 1;
    for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
    std::vector<float> values(count);
    for (float& value : values) value = 0.3F * std::sin(static_cast<float>(++numbers_));
    graph_.constants.push_back({name, shape, std::move(values)});
    return *this;
  }

  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }

  using Sides = std::vector<std::int64_t>;

 private:
  Graph graph_;
  int numbers_ = 0;
};

}  // namespace chestmap::test
