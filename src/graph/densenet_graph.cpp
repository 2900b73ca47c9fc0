#include "graph/backbone_graph.h"

namespace chestmap {

namespace {

Value dense_layer(GraphBuilder& graph, const DenseNetShape& shape, const Value& x,
                  const std::string& name) {
  const Value wide = graph.relu(graph.batch_norm(x, name + ".norm1"));
  const Value narrow =
      graph.convolution(wide, name + ".conv1", {.out = shape.bottleneck * shape.growth});
  return graph.convolution(graph.relu(graph.batch_norm(narrow, name + ".norm2")), name + ".conv2",
                           {.out = shape.growth, .kernel = 3});
}

}  // namespace

std::vector<Value> densenet_stages(GraphBuilder& graph, const DenseNetShape& shape,
                                   const Value& images) {
  const std::string root = "features.";
  Value x =
      graph.convolution(images, root + "conv0",
                        {.out = shape.stem_channels, .kernel = shape.stem_kernel, .stride = 2});
  x = graph.max_pool(graph.relu(graph.batch_norm(x, root + "norm0")), root + "pool0", 3, 2, 1);
  std::vector<Value> stages;
  for (std::size_t b = 0; b < shape.layers.size(); ++b) {
    const std::string number = std::to_string(b + 1);
    for (std::int64_t l = 0; l < shape.layers[b]; ++l) {
      const std::string name = root + "denseblock" + number + ".denselayer" + std::to_string(l + 1);
      x = graph.concat({x, dense_layer(graph, shape, x, name)}, name + ".concat");
    }
    const bool last = b + 1 == shape.layers.size();
    const std::string transition = root + "transition" + number;
    x = graph.relu(graph.batch_norm(x, last ? root + "norm5" : transition + ".norm"));
    stages.push_back(x);
    if (!last)
      x = graph.average_pool(graph.convolution(x, transition + ".conv", {.out = x.channels / 2}),
                             transition + ".pool", 2);
  }
  return stages;
}

}  // namespace chestmap
