#include "engine/localizer_network.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "engine/fusion.h"

namespace chestmap {

namespace {

void give(const InputRanges& ranges, engine::Network& network) {
  for (engine::Layer& layer : network.layers)
    if (auto* convolution = std::get_if<engine::Convolution>(&layer.operation))
      if (const auto known = ranges.largest.find(layer.name); known != ranges.largest.end())
        convolution->input_largest = static_cast<float>(known->second);
}

}  // namespace

LocalizerNetwork localizer_network(const std::filesystem::path& model) {
  // The attention map is made of the stage maps (localize/attention.h): the graph's is left out.
  LocalizerGraph localizer = localizer_graph(model, {.resolution = 1});
  std::vector<std::string> outputs = {"logits"};
  for (const std::int64_t stage : localizer.spec.stages)
    outputs.push_back("stage_map_" + std::to_string(stage));
  try {
    engine::Network network = engine::fused(std::move(localizer.graph), outputs);
    if (localizer.spec.input_ranges) give(*localizer.spec.input_ranges, network);
    return {std::move(localizer.spec), std::move(localizer.relevance), std::move(localizer.grids),
            std::move(network)};
  } catch (const UserError& error) {
    throw UserError(model.string() + ": " + error.what(), error.hint());
  }
}

}  // namespace chestmap
