#include "graph/backbone_graph.h"

namespace chestmap {

namespace {

struct BlockShape {
  std::int64_t planes;
  std::int64_t stride;
  bool bottleneck;
};

Value block(GraphBuilder& graph, const BlockShape& shape, const Value& x, const std::string& name) {
  const std::int64_t out = shape.bottleneck ? 4 * shape.planes : shape.planes;
  std::vector<ConvolutionShape> convolutions;
  if (shape.bottleneck)
    convolutions = {{.out = shape.planes},
                    {.out = shape.planes, .kernel = 3, .stride = shape.stride},
                    {.out = out}};
  else
    convolutions = {{.out = shape.planes, .kernel = 3, .stride = shape.stride},
                    {.out = out, .kernel = 3}};
  Value y = x;
  for (std::size_t i = 0; i < convolutions.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (i > 0) y = graph.relu(y);
    y = graph.batch_norm(graph.convolution(y, name + ".conv" + number, convolutions[i]),
                         name + ".bn" + number);
  }
  Value shortcut = x;
  if (shape.stride != 1 || x.channels != out)
    shortcut = graph.batch_norm(
        graph.convolution(x, name + ".downsample.0", {.out = out, .stride = shape.stride}),
        name + ".downsample.1");
  return graph.relu(graph.combine("Add", y, shortcut, name + ".sum"));
}

}  // namespace

std::vector<Value> resnet_stages(GraphBuilder& graph, const ResNetShape& shape,
                                 const Value& images) {
  Value x = graph.convolution(images, "conv1", {.out = 64, .kernel = 7, .stride = 2});
  x = graph.max_pool(graph.relu(graph.batch_norm(x, "bn1")), "maxpool", 3, 2, 1);
  std::vector<Value> stages;
  for (std::size_t s = 0; s < shape.blocks.size(); ++s) {
    for (std::int64_t b = 0; b < shape.blocks[s]; ++b)
      x = block(graph,
                {.planes = std::int64_t{64} << s,
                 .stride = b == 0 && s > 0 ? 2 : 1,
                 .bottleneck = shape.bottleneck},
                x, "layer" + std::to_string(s + 1) + "." + std::to_string(b));
    stages.push_back(x);
  }
  return stages;
}

}  // namespace chestmap
