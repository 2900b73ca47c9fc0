#include "chestmap/localizer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "engine/engine_backend.h"
#include "localize/localizer.h"
#ifdef CHESTMAP_WITH_TORCH
#include "backend_torch/torch_backend.h"
#endif

namespace chestmap {

namespace {

std::unique_ptr<Backend> backend_on(const std::string& device, const std::filesystem::path& model,
                                    int threads) {
  if (device == "cpu") return make_engine_backend(model, threads);
#ifdef CHESTMAP_WITH_TORCH
  return make_torch_backend(model, device, threads);
#else
  throw UserError("the device \"" + device + "\" needs libtorch, which this was built without",
                  "cpu works everywhere");
#endif
}

}  // namespace

struct Localizer::State {
  std::unique_ptr<Backend> backend;
};

Localizer::Localizer(const std::filesystem::path& model, const std::string& device, int threads)
    : state_(std::make_unique<State>(State{backend_on(device, model, threads)})) {}

Localizer::~Localizer() = default;
Localizer::Localizer(Localizer&& other) noexcept = default;
Localizer& Localizer::operator=(Localizer&& other) noexcept = default;

const std::vector<std::string>& Localizer::findings() const noexcept {
  return state_->backend->spec().findings;
}

std::vector<Localizer::Finding> Localizer::localize(std::span<const float> pixels,
                                                    std::size_t width, std::size_t height) {
  if (width == 0 || height == 0 || pixels.size() / width != height || pixels.size() % width != 0)
    throw std::invalid_argument("the number of pixels is not width x height");
  ImageF radiograph = ImageF::unset(width, height);
  std::copy(pixels.begin(), pixels.end(), radiograph.pixels().begin());
  std::vector<Finding> findings;
  for (const LocalizedFinding& found :
       chestmap::localize(*state_->backend, std::move(radiograph))) {
    Finding finding;
    finding.name = found.finding;
    finding.probability = found.probability;
    finding.threshold = found.threshold;
    finding.map.assign(found.map.pixels().begin(), found.map.pixels().end());
    finding.map_side = found.map.width();
    finding.peak_x = found.peak.x;
    finding.peak_y = found.peak.y;
    for (const ScoredBox& scored : found.boxes)
      finding.boxes.push_back(
          {scored.box.x, scored.box.y, scored.box.width, scored.box.height, scored.score});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace chestmap
