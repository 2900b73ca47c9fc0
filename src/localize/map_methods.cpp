#include "localize/map_methods.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "localize/attention.h"
#include "localize/gradient_maps.h"

namespace chestmap {

namespace {

using Weights = std::function<std::vector<double>(const Backend& backend, std::size_t finding)>;

MapMethod weighted(std::string name, Weights weights, bool aligned = true) {
  return {std::move(name),
          [weights = std::move(weights), aligned](MapSource& source, std::size_t finding,
                                                  std::size_t resolution) {
            const Backend& backend = source.backend();
            return combine_stages(source.inference(),
                                  aligned ? aligned_grids(backend.spec(), backend.grids(), finding)
                                          : geometric_grids(backend.grids()),
                                  finding, weights(backend, finding), source.input_size(),
                                  resolution);
          },
          /*of_gradients=*/false};
}

std::vector<double> learned(const Backend& backend, std::size_t finding) {
  return backend.relevance()[finding];
}

Weights only(std::size_t stage) {
  return [stage](const Backend& backend, std::size_t /*finding*/) {
    std::vector<double> weights(backend.grids().size(), 0.0);
    weights[stage] = 1.0;
    return weights;
  };
}

std::vector<double> uniform(const Backend& backend, std::size_t /*finding*/) {
  const std::size_t stages = backend.grids().size();
  return std::vector<double>(stages, 1.0 / static_cast<double>(stages));
}

/// The map of one stage's grid, over the input.
ImageF upsampled(const ImageF& map, const MapSource& source, std::size_t stage,
                 std::size_t resolution) {
  const ImageF* pointer = &map;
  const double weight = 1.0;
  const Grid& grid = source.backend().grids()[stage];
  const PlaneGrid plane{grid, grid};
  return combine_maps({&pointer, 1}, {&plane, 1}, {&weight, 1}, source.input_size(), resolution);
}

using GradientMap = ImageF (*)(const FeatureMaps& features, const FeatureMaps& gradients);

MapMethod at_last_stage(std::string name, GradientMap make) {
  return {std::move(name),
          [make](MapSource& source, std::size_t finding, std::size_t resolution) {
            const std::size_t stage = source.backend().grids().size() - 1;
            return upsampled(make(source.features()[stage], source.gradients(finding)[stage]),
                             source, stage, resolution);
          },
          /*of_gradients=*/true};
}

ImageF fused_layer_cam(MapSource& source, std::size_t finding, std::size_t resolution) {
  std::vector<ImageF> maps;
  for (std::size_t s = 0; s < source.backend().grids().size(); ++s) {
    const ImageF map = layer_cam(source.features()[s], source.gradients(finding)[s]);
    maps.push_back(upsampled(scaled_layer_cam(map), source, s, resolution));
  }
  return largest_of(maps);
}

}  // namespace

const char* own_map_name(const ModelSpec& spec) noexcept {
  return spec.stages.size() > 1 ? "multiscale attention map" : "class activation map";
}

std::vector<MapMethod> map_methods(const Backend& backend) {
  const ModelSpec& spec = backend.spec();
  std::vector<MapMethod> methods = {weighted(own_map_name(spec), learned)};
  if (spec.alignment)
    methods.push_back(weighted(fmt::format("{}, not aligned", own_map_name(spec)), learned,
                               /*aligned=*/false));
  const std::size_t stages = backend.grids().size();
  if (stages > 1) {
    methods.push_back(weighted("uniform relevance", uniform));
    methods.push_back(weighted("point scores of the finest stage", only(0)));
    for (std::size_t s = 1; s + 1 < stages; ++s)
      methods.push_back(weighted("stage " + std::to_string(spec.stages[s]) + " alone", only(s)));
    methods.push_back(weighted("class activation map of the last stage", only(stages - 1)));
  }
  methods.push_back(at_last_stage("Grad-CAM", grad_cam));
  methods.push_back(at_last_stage("Grad-CAM++", grad_cam_plus_plus));
  methods.push_back(at_last_stage("LayerCAM of the last stage", layer_cam));
  if (stages > 1)
    methods.push_back({"LayerCAM fused over the stages", fused_layer_cam, /*of_gradients=*/true});
  return methods;
}

}  // namespace chestmap
