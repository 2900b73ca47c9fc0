#pragma once

#include <cstddef>
#include <vector>

namespace chestmap {

/// Where the cells of a feature map lie over its network's input, on one axis: the centre of cell i
/// is at `offset + stride * i`, in pixels of the input, whose pixel p has its centre at p + 0.5.
///
/// Strided convolutions and poolings shift a grid: with kernel k, stride s and padding p, cell j of
/// the output is centred on input cell s * j + (k - 1) / 2 - p. A 3x3 convolution of stride 2 and
/// padding 1 is centred on cell 2 j, half a cell before the middle of the two cells that it stands
/// for; 2x2 average pooling is centred on that middle.
struct Grid {
  double stride = 1.0;
  double offset = 0.5;

  [[nodiscard]] Grid after(double kernel, double step, double padding) const noexcept {
    return {stride * step, offset + stride * ((kernel - 1.0) / 2.0 - padding)};
  }
  [[nodiscard]] double centre(double cell) const noexcept { return offset + stride * cell; }
  /// Of the cells 0 to count - 1.
  [[nodiscard]] std::vector<double> centres(std::size_t count) const;
};

/// Where the cells of a feature map lie in both directions.
struct PlaneGrid {
  Grid x;
  Grid y;
};

/// Linear interpolation of a row of `cells` values on `grid` at the points of `at` (input pixels):
/// point i takes `1 - weight` of cell `first` and `weight` of cell `first + 1`. Beyond the
/// outermost centres the edge value holds.
struct Interpolation {
  std::size_t first = 0;
  double weight = 0.0;
};
[[nodiscard]] std::vector<Interpolation> interpolate(const Grid& grid, std::size_t cells,
                                                     const std::vector<double>& at);

/// The same as a matrix, `at.size()` x `cells` in row-major order: its product with the row of
/// values interpolates it.
[[nodiscard]] std::vector<float> interpolation_matrix(const Grid& grid, std::size_t cells,
                                                      const std::vector<double>& at);

/// The centres of `count` cells that tile [0, length) evenly.
[[nodiscard]] std::vector<double> even_centres(std::size_t count, double length);

}  // namespace chestmap
