#pragma once

#include <optional>
#include <vector>

#include "geometry/grid.h"
#include "geometry/point.h"
#include "image/image.h"
#include "localize/backend.h"
#include "weights/fitted.h"

namespace chestmap {

/// The point of the input, in its pixels, that a cell of a map looks at: the centroid of
///   w_p = max(0, g_p (x_p - mean of x about p)),
/// `gradient` g being the cell's derivative with respect to the image x, and the mean taken over a
/// square of an eighth of the side: pixels count by how much their contrast raises the cell.
/// Nothing where none does. Ours; it measures the centre of what Luo et al. (2016) call the
/// effective receptive field.
[[nodiscard]] std::optional<Point> attended_point(const ImageF& gradient, const ImageF& image);

/// Measures how far from the place of its cells each stage's map of a finding finds its evidence.
/// A cell of a deep stage sees much of the radiograph, and training is indifferent to which of the
/// cells that see a finding speaks of it: the one that does may lie beside it, by the same distance
/// on every image (docs/method.md). Only image-level labels choose the images; no box is looked at.
class AlignmentFit {
 public:
  AlignmentFit(std::vector<Grid> grids, std::size_t findings);

  /// Counts the largest cell of each stage's map of `finding` on an image that shows it.
  void add(const ImageF& image, const Inference& inference, Differentiated& differentiated,
           std::size_t finding);
  /// Images counted for a finding.
  [[nodiscard]] std::size_t images(std::size_t finding) const { return images_[finding]; }
  /// [finding][stage]: the median displacement of what is looked at, axis by axis; 0 where nothing
  /// was counted.
  [[nodiscard]] std::vector<std::vector<MapShift>> shifts() const;

 private:
  struct Displacements {
    std::vector<double> x;
    std::vector<double> y;
  };
  std::vector<Grid> grids_;
  std::vector<std::size_t> images_;
  std::vector<std::vector<Displacements>> found_;  // [finding][stage]
};

}  // namespace chestmap
