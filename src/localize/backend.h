#pragma once

#include <span>
#include <vector>

#include "geometry/grid.h"
#include "image/image.h"
#include "weights/model_spec.h"

namespace chestmap {

/// What a model says of one image.
struct Inference {
  std::vector<float> logits;  ///< one a finding
  std::vector<std::vector<ImageF>>
      stage_maps;  ///< [stage][finding]: class activation maps in logits
};

/// Something that runs a model. Images are squares of `spec().input_size`, grey in [0, 1].
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  [[nodiscard]] virtual const ModelSpec& spec() const = 0;
  /// Where the cells of each stage's maps lie over the input, shallow to deep.
  [[nodiscard]] virtual const std::vector<Grid>& grids() const = 0;
  /// alpha: [finding][stage], rows sum to 1.
  [[nodiscard]] virtual const std::vector<std::vector<double>>& relevance() const = 0;
  [[nodiscard]] virtual std::vector<Inference> infer(std::span<const ImageF> images) = 0;
  /// Grad-CAM (Selvaraju et al. 2017) of each finding on the deepest stage's grid:
  /// ReLU(sum_k mean(d logit / d F_k) F_k).
  [[nodiscard]] virtual std::vector<ImageF> grad_cam(const ImageF& image) = 0;
};

}  // namespace chestmap
