#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"

namespace chestmap::phantom {

/// A point of a tube's axis, in pixels of the target, with the radius there and its weight (cm of
/// material where the ray crosses the axis).
struct TubePoint {
  double x = 0.0;
  double y = 0.0;
  double radius = 1.0;
  double weight = 1.0;
};

/// Adds the shadows of curved tubes to an image. Within a tube the segments do not add up, so that
/// joints leave no trace; a tube thinner than a pixel keeps its area times weight.
class TubePainter {
 public:
  explicit TubePainter(ImageF& target)
      : target_(&target), scratch_(target.width() * target.height(), 0.0F) {}

  /// `shell` in [0, 1]: 0 draws a solid tube, 1 one whose outer fifth alone absorbs.
  void add(std::span<const TubePoint> axis, double shell = 0.0);
  /// A ball.
  void add_disc(const TubePoint& disc, double shell = 0.0) { add(std::span(&disc, 1), shell); }

 private:
  void segment(const TubePoint& a, const TubePoint& b, double shell);

  ImageF* target_;
  std::vector<float> scratch_;
  std::vector<std::size_t> touched_;
};

}  // namespace chestmap::phantom
