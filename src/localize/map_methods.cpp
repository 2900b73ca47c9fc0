#include "localize/map_methods.h"

#include <string>
#include <utility>

#include "localize/attention.h"

namespace chestmap {

namespace {

using Weights = std::function<std::vector<double>(const Backend& backend, std::size_t finding)>;

MapMethod weighted(std::string name, Weights weights) {
  return {std::move(name),
          [weights = std::move(weights)](Backend& backend, const ImageF& image,
                                         const Inference& inference, std::size_t resolution) {
            std::vector<ImageF> maps;
            for (std::size_t f = 0; f < inference.logits.size(); ++f)
              maps.push_back(combine_stages(inference, backend.grids(), f, weights(backend, f),
                                            static_cast<double>(image.width()), resolution));
            return maps;
          }};
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

std::vector<ImageF> grad_cam(Backend& backend, const ImageF& image, const Inference& /*inference*/,
                             std::size_t resolution) {
  std::vector<ImageF> maps = backend.grad_cam(image);
  const Grid grid = backend.grids().back();
  const double weight = 1.0;
  for (ImageF& map : maps) {
    const ImageF* source = &map;
    map = combine_maps({&source, 1}, {&grid, 1}, {&weight, 1}, static_cast<double>(image.width()),
                       resolution);
  }
  return maps;
}

}  // namespace

const char* own_map_name(const ModelSpec& spec) noexcept {
  return spec.stages.size() > 1 ? "multiscale attention map" : "class activation map";
}

std::vector<MapMethod> map_methods(const Backend& backend) {
  std::vector<MapMethod> methods = {weighted(own_map_name(backend.spec()), learned)};
  const std::size_t stages = backend.grids().size();
  if (stages > 1) {
    methods.push_back(weighted("uniform relevance", uniform));
    for (std::size_t s = 0; s + 1 < stages; ++s)
      methods.push_back(weighted("stage " + std::to_string(s + 1) + " alone", only(s)));
    methods.push_back(weighted("last stage", only(stages - 1)));
  }
  methods.push_back({"Grad-CAM", grad_cam});
  return methods;
}

}  // namespace chestmap
