#include "graph/localizer_graph.h"

#include <utility>

#include "base/error.h"
#include "graph/backbone_graph.h"
#include "graph/builder.h"
#include "graph/head_graph.h"
#include "graph/model_tensors.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

struct Stages {
  GraphBuilder& graph;
  const Value& images;
  std::vector<Value> operator()(const DenseNetShape& shape) const {
    return densenet_stages(graph, shape, images);
  }
  std::vector<Value> operator()(const ResNetShape& shape) const {
    return resnet_stages(graph, shape, images);
  }
};

Value normalised(GraphBuilder& graph, const ModelSpec& spec, const Value& image) {
  const auto mean = static_cast<float>(spec.pixel_mean);
  const auto deviation = static_cast<float>(spec.pixel_deviation);
  const Value centred =
      graph.combine("Sub", image, std::vector<float>{mean}, "preprocessing.centred");
  Value scaled =
      graph.combine("Div", centred, std::vector<float>{deviation}, "preprocessing.scaled");
  if (spec.input_channels == 1) return scaled;
  return graph.concat(std::vector<Value>(static_cast<std::size_t>(spec.input_channels), scaled),
                      "preprocessing.channels");
}

void add_outputs(GraphBuilder& graph, const ModelSpec& spec, const HeadGraph& head) {
  graph.flat_output(head.logits, "logits", "one logit a finding");
  graph.flat_output(probabilities(graph, spec, head.logits), "probabilities",
                    spec.calibration ? "calibrated probabilities" : "sigmoid of the logits");
  graph.output(head.attention_map, "attention_map",
               "the stages' class activation maps joined by the layer relevance, over the whole "
               "image, in logits");
  for (std::size_t s = 0; s < head.stage_maps.size(); ++s) {
    const std::string number = std::to_string(spec.stages[s]);
    graph.output(head.stage_maps[s], "stage_map_" + number,
                 "class activation maps of stage " + number + ", on its own grid, in logits");
  }
}

LocalizerGraph build(ModelSpec spec, ModelTensors& tensors, const LocalizerGraphOptions& options) {
  LocalizerGraph result;
  result.resolution = options.resolution > 0 ? options.resolution : spec.input_size;
  result.precision = options.precision;
  if (spec.head != "multiscale" && spec.head != "pyramid")
    throw UserError("the head \"" + spec.head + "\" cannot be exported",
                    "known: multiscale, pyramid");
  const std::vector<StageShape> shapes = used_stages(spec.backbone, spec.stages);
  for (const StageShape& shape : shapes) result.grids.push_back(shape.grid);

  GraphBuilder graph(tensors);
  const Value image =
      graph.input("image", 1, spec.input_size, "radiographs resized to the square, grey in [0, 1]");
  const Value normal = graph.cast(normalised(graph, spec, image), options.precision);
  const std::vector<Value> all =
      std::visit(Stages{graph, normal}, backbone_layout(spec.backbone).shape);
  std::vector<Value> features;
  for (const std::int64_t stage : spec.stages)
    features.push_back(all[static_cast<std::size_t>(stage - 1)]);
  if (spec.head == "pyramid") features = pyramid_stages(graph, shapes, features);

  HeadGraph head = head_graph(graph, spec, shapes, features, result.resolution);
  add_outputs(graph, spec, head);
  tensors.check();
  result.relevance = std::move(head.relevance);
  result.graph = std::move(graph).finish();
  result.spec = std::move(spec);
  return result;
}

}  // namespace

LocalizerGraph localizer_graph(const std::filesystem::path& model,
                               const LocalizerGraphOptions& options) {
  const SafetensorsFile stored(model);
  ModelSpec spec = ModelSpec::from_metadata(stored.metadata(), model);
  ModelTensors tensors(stored, model);
  try {
    return build(std::move(spec), tensors, options);
  } catch (const UserError& error) {
    const std::string what = error.what();
    if (what.starts_with(model.string())) throw;
    throw UserError(model.string() + ": " + what, error.hint());
  }
}

}  // namespace chestmap
