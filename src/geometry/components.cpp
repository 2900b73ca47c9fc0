#include "geometry/components.h"

#include <algorithm>
#include <cassert>

namespace chestmap {

namespace {

/// Flood fill with an explicit stack, since a map of a million cells would overflow the call stack.
class RegionFinder {
 public:
  RegionFinder(std::span<const float> values, std::size_t width, std::size_t height, double level)
      : values_(values), width_(width), height_(height), waiting_(values.size()) {
    std::transform(values.begin(), values.end(), waiting_.begin(),
                   [level](float value) { return static_cast<double>(value) >= level ? 1 : 0; });
  }

  [[nodiscard]] std::vector<Region> find() {
    std::vector<Region> regions;
    for (std::size_t cell = 0; cell < values_.size(); ++cell)
      if (waiting_[cell] != 0) regions.push_back(fill(cell));
    return regions;
  }

 private:
  void push(std::size_t cell) {
    waiting_[cell] = 0;
    stack_.push_back(cell);
  }

  [[nodiscard]] Region fill(std::size_t first) {
    Region region{first % width_, first / width_, 0, 0, 0, values_[first]};
    push(first);
    while (!stack_.empty()) {
      const std::size_t cell = stack_.back();
      stack_.pop_back();
      const std::size_t x = cell % width_;
      const std::size_t y = cell / width_;
      region.left = std::min(region.left, x);
      region.top = std::min(region.top, y);
      region.right = std::max(region.right, x + 1);
      region.bottom = std::max(region.bottom, y + 1);
      region.peak = std::max(region.peak, values_[cell]);
      ++region.cells;
      push_neighbours(x, y);
    }
    return region;
  }

  void push_neighbours(std::size_t x, std::size_t y) {
    const std::size_t left = x == 0 ? 0 : x - 1;
    const std::size_t right = std::min(x + 2, width_);
    const std::size_t bottom = std::min(y + 2, height_);
    for (std::size_t row = y == 0 ? 0 : y - 1; row < bottom; ++row)
      for (std::size_t column = left; column < right; ++column)
        if (waiting_[row * width_ + column] != 0) push(row * width_ + column);
  }

  std::span<const float> values_;
  std::size_t width_;
  std::size_t height_;
  std::vector<char> waiting_;
  std::vector<std::size_t> stack_;
};

}  // namespace

std::vector<Region> regions_at_or_above(std::span<const float> values, std::size_t width,
                                        std::size_t height, double level) {
  assert(values.size() == width * height);
  return RegionFinder(values, width, height, level).find();
}

}  // namespace chestmap
