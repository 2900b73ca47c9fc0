#include "graph/localizer_metadata.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

Json relevance_json(const LocalizerGraph& localizer) {
  Json json = Json::object();
  for (std::size_t f = 0; f < localizer.relevance.size(); ++f)
    json[localizer.spec.findings[f]] = localizer.relevance[f];
  return json;
}

Json grids_json(const LocalizerGraph& localizer) {
  Json json = Json::object();
  for (std::size_t s = 0; s < localizer.grids.size(); ++s)
    json["stage_map_" + std::to_string(localizer.spec.stages[s])] = {
        {"offset", localizer.grids[s].offset}, {"stride", localizer.grids[s].stride}};
  return json;
}

const char* precision_name(Precision precision) {
  return precision == Precision::half ? "float16" : "float32";
}

}  // namespace

std::map<std::string, std::string> localizer_metadata(const LocalizerGraph& localizer) {
  std::map<std::string, std::string> metadata;
  for (const auto& [entry, text] : localizer.spec.to_metadata()) {
    const Json json = Json::parse(text);
    for (const auto& [key, value] : json.items())
      metadata[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  Json outputs = Json::array();
  for (const Port& output : localizer.graph.outputs) outputs.push_back(output.name);
  metadata["outputs"] = outputs.dump();
  metadata["exported_by"] = "chestmap " CHESTMAP_VERSION;
  metadata["precision"] = precision_name(localizer.precision);
  metadata["attention_resolution"] = std::to_string(localizer.resolution);
  metadata["layer_relevance"] = relevance_json(localizer).dump();
  metadata["grids"] = grids_json(localizer).dump();
  return metadata;
}

std::string localizer_description(const LocalizerGraph& localizer) {
  const ModelSpec& spec = localizer.spec;
  return fmt::format(
      "Findings in chest radiographs and where they are: {} with the head {}, {} findings.\n"
      "In: a radiograph resized to {} x {}, grey in [0, 1]; the rest of the preprocessing is part "
      "of the graph. Out: logits, probabilities, and class activation maps in logits.\n"
      "Research use only. Not a medical device; not for diagnosis.",
      spec.backbone, spec.head, spec.findings.size(), spec.input_size, spec.input_size);
}

}  // namespace chestmap
