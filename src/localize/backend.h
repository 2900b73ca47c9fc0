#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
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

/// The feature maps of one stage on one image, or a gradient with respect to them: channels x
/// height x width, row-major.
struct FeatureMaps {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<float> values;

  [[nodiscard]] std::span<const float> channel(std::size_t k) const {
    return std::span(values).subspan(k * height * width, height * width);
  }
};

/// One image with the graph of its computation kept, so that each finding's gradient costs one
/// pass backwards.
class Differentiated {
 public:
  Differentiated() = default;
  Differentiated(const Differentiated&) = delete;
  Differentiated& operator=(const Differentiated&) = delete;
  virtual ~Differentiated() = default;

  /// [stage]: the features that the head reads, after ReLU and, where the model has one, after the
  /// pyramid.
  [[nodiscard]] virtual const std::vector<FeatureMaps>& features() const = 0;
  /// [stage]: d logit / d features of a finding. The derivative is total: a shallow stage acts on
  /// the logit by its own map and through the stages behind it.
  [[nodiscard]] virtual std::vector<FeatureMaps> gradients(std::size_t finding) = 0;
  /// d (a cell of a stage's class activation map of a finding) / d image, of the image's size. The
  /// cells are counted row by row.
  [[nodiscard]] virtual ImageF input_gradient(std::size_t stage, std::size_t finding,
                                              std::size_t cell) = 0;
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
  /// Of the CPU that it was given; what works beside it takes no more.
  [[nodiscard]] virtual std::size_t threads() const = 0;
  [[nodiscard]] virtual std::vector<Inference> infer(std::span<const ImageF> images) = 0;
  /// Images of one of several threads that call it at a time, by the calling thread alone where the
  /// back end can; here they take turns.
  [[nodiscard]] virtual std::vector<Inference> infer_alone(std::span<const ImageF> images) {
    const std::lock_guard lock(turn_);
    return infer(images);
  }
  /// How many images are best given to `infer_alone` at a time.
  [[nodiscard]] virtual std::size_t together() const { return 1; }
  /// For maps that are made of gradients (localize/gradient_maps.h). The result must not outlive
  /// the back end.
  [[nodiscard]] virtual std::unique_ptr<Differentiated> differentiate(const ImageF& image) = 0;

 private:
  std::mutex turn_;
};

}  // namespace chestmap
