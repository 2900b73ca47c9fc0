#include <optional>

#include "graph/head_graph.h"

namespace chestmap {

std::vector<Value> pyramid_stages(GraphBuilder& graph, std::span<const StageShape> shapes,
                                  const std::vector<Value>& features) {
  const std::int64_t width = pyramid_width(shapes);
  std::vector<Value> result(features.size());
  std::optional<Value> sum;
  for (std::size_t s = features.size(); s-- > 0;) {
    const std::string number = std::to_string(s + 1);
    Value lateral = graph.convolution(features[s], "pyramid.lateral" + number, {.out = width});
    if (sum) {
      const std::vector<double> centres =
          shapes[s].grid.centres(static_cast<std::size_t>(lateral.width));
      const std::string name = "pyramid.upsampled" + number;
      const Value turned =
          graph.resampled_transposed(*sum, {shapes[s + 1].grid, shapes[s + 1].grid}, centres, name);
      lateral = graph.combine("Add", lateral, graph.transposed(turned, name + ".back"),
                              "pyramid.sum" + number);
    }
    sum = lateral;
    const Value smooth =
        graph.convolution(lateral, "pyramid.smooth" + number, {.out = width, .kernel = 3});
    result[s] = graph.relu(graph.batch_norm(smooth, "pyramid.norm" + number));
  }
  return result;
}

}  // namespace chestmap
