#include "geometry/components.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace chestmap {

namespace {

/// Neighbouring cells of a row that are at or above the level, columns [left, right).
struct Run {
  std::size_t row = 0;
  std::size_t left = 0;
  std::size_t right = 0;
};

/// The least float that is not below `level`: comparing floats with it is comparing with `level`.
float as_float(double level) {
  const auto nearest = static_cast<float>(level);
  return static_cast<double>(nearest) < level
             ? std::nextafter(nearest, std::numeric_limits<float>::infinity())
             : nearest;
}

std::vector<Run> runs_at_or_above(std::span<const float> values, std::size_t width, double level) {
  std::vector<char> holds(values.size());
  std::transform(values.begin(), values.end(), holds.begin(),
                 [least = as_float(level)](float value) { return value >= least ? 1 : 0; });
  std::vector<Run> runs;
  // memchr looks at many cells at once; most cells are below the level.
  const auto next = [&](char wanted, std::size_t from, std::size_t end) {
    const void* found = from < end ? std::memchr(&holds[from], wanted, end - from) : nullptr;
    return found == nullptr
               ? end
               : static_cast<std::size_t>(static_cast<const char*>(found) - holds.data());
  };
  for (std::size_t cell = next(1, 0, holds.size()); cell < holds.size();
       cell = next(1, cell, holds.size())) {
    const std::size_t row = cell / width;
    const std::size_t end = next(0, cell, (row + 1) * width);
    runs.push_back({row, cell - row * width, end - row * width});
    cell = end;
  }
  return runs;
}

/// Sets of runs, each known by its first.
class RunSets {
 public:
  explicit RunSets(std::size_t runs) : parents_(runs) {
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
  }
  [[nodiscard]] std::size_t first_of(std::size_t run) {
    while (parents_[run] != run) run = parents_[run] = parents_[parents_[run]];
    return run;
  }
  void join(std::size_t a, std::size_t b) {
    const std::size_t first_a = first_of(a);
    const std::size_t first_b = first_of(b);
    parents_[std::max(first_a, first_b)] = std::min(first_a, first_b);
  }

 private:
  std::vector<std::size_t> parents_;
};

/// Joins the runs that touch, also at a corner.
RunSets joined(std::span<const Run> runs) {
  RunSets sets(runs.size());
  std::size_t above = 0;  // the first run of the row above that may still touch
  for (std::size_t i = 0; i < runs.size(); ++i) {
    while (runs[above].row + 1 < runs[i].row ||
           (runs[above].row + 1 == runs[i].row && runs[above].right < runs[i].left))
      ++above;
    for (std::size_t other = above;
         runs[other].row < runs[i].row && runs[other].left <= runs[i].right; ++other)
      sets.join(other, i);
  }
  return sets;
}

}  // namespace

std::vector<Region> regions_at_or_above(std::span<const float> values, std::size_t width,
                                        [[maybe_unused]] std::size_t height, double level) {
  assert(values.size() == width * height);
  const std::vector<Run> runs = runs_at_or_above(values, width, level);
  RunSets sets = joined(runs);
  std::vector<Region> regions;
  std::vector<std::size_t> places(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    const std::size_t first = sets.first_of(i);
    if (first == i) {
      places[i] = regions.size();
      regions.push_back(
          {run.left, run.row, run.right, run.row + 1, 0, -std::numeric_limits<float>::infinity()});
    }
    Region& region = regions[places[first]];
    region.left = std::min(region.left, run.left);
    region.right = std::max(region.right, run.right);
    region.bottom = run.row + 1;
    region.cells += run.right - run.left;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(run.row * width);
    region.peak =
        std::max(region.peak, *std::max_element(begin + static_cast<std::ptrdiff_t>(run.left),
                                                begin + static_cast<std::ptrdiff_t>(run.right)));
  }
  return regions;
}

}  // namespace chestmap
