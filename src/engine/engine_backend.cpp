#include "engine/engine_backend.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/localizer_network.h"
#include "engine/precision.h"

namespace chestmap {

namespace {

class EngineBackend : public Backend {
 public:
  EngineBackend(LocalizerNetwork localizer, std::size_t threads, const engine::Computing& how)
      : engine_(std::move(localizer.network), threads, how),
        spec_(std::move(localizer.spec)),
        grids_(std::move(localizer.grids)),
        relevance_(std::move(localizer.relevance)) {}

  const ModelSpec& spec() const override { return spec_; }
  const std::vector<Grid>& grids() const override { return grids_; }
  const std::vector<std::vector<double>>& relevance() const override { return relevance_; }

  std::size_t threads() const override { return engine_.threads(); }

  std::vector<Inference> infer(std::span<const ImageF> images) override {
    return inferred(images, [&](const auto& load, const auto& take) {
      engine_.run(images.size(), load, take);
    });
  }

  std::vector<Inference> infer_alone(std::span<const ImageF> images) override {
    return inferred(images, [&](const auto& load, const auto& take) {
      engine_.run_alone(images.size(), load, take);
    });
  }

  std::size_t together() const override { return engine_.most_together(); }

  std::unique_ptr<Differentiated> differentiate(const ImageF& /*image*/) override {
    throw UserError("maps that are made of gradients need libtorch",
                    "--engine torch computes them");
  }

 private:
  /// By `run`, which takes what loads an image and what takes its outputs.
  template <typename Run>
  std::vector<Inference> inferred(std::span<const ImageF> images, const Run& run) const {
    std::vector<Inference> results(images.size());
    run(
        [&](std::size_t i, float* input) {
          std::copy(images[i].pixels().begin(), images[i].pixels().end(), input);
        },
        [&](std::size_t i, const std::vector<std::span<const float>>& outputs) {
          results[i] = inference(outputs);
        });
    return results;
  }

  [[nodiscard]] Inference inference(const std::vector<std::span<const float>>& outputs) const {
    Inference result;
    result.logits.assign(outputs[0].begin(), outputs[0].end());
    for (std::size_t o = 1; o < outputs.size(); ++o) {
      const engine::Tensor& maps = engine_.network().tensors[engine_.network().outputs[o].second];
      result.stage_maps.emplace_back();
      for (std::int64_t f = 0; f < maps.channels; ++f) {
        ImageF map = ImageF::unset(static_cast<std::size_t>(maps.width),
                                   static_cast<std::size_t>(maps.height));
        std::copy_n(outputs[o].begin() + f * maps.pixels(), maps.pixels(), map.pixels().begin());
        result.stage_maps.back().push_back(std::move(map));
      }
    }
    return result;
  }

  engine::Engine engine_;
  ModelSpec spec_;
  std::vector<Grid> grids_;
  std::vector<std::vector<double>> relevance_;
};

}  // namespace

std::unique_ptr<Backend> make_engine_backend(const std::filesystem::path& file,
                                             std::int64_t threads, engine::Precision precision) {
  LocalizerNetwork localizer = localizer_network(file);
  const engine::Computing how = computing_for(precision, localizer.spec, file);
  return std::make_unique<EngineBackend>(std::move(localizer), static_cast<std::size_t>(threads),
                                         how);
}

}  // namespace chestmap
