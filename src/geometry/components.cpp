#include "geometry/components.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
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

constexpr std::size_t kWord = 64;

/// A bit a cell, the first the lowest, for at most 64 cells that are at or above the level.
std::uint64_t cells_at_or_above(std::span<const float> values, float least) {
  std::array<std::uint8_t, kWord> holds{};
  // Without a branch, which compilers turn into vectors.
  for (std::size_t i = 0; i < values.size(); ++i) holds[i] = values[i] >= least ? 1 : 0;
  std::uint64_t word = 0;
  for (std::size_t byte = 0; byte < kWord / 8; ++byte) {
    std::uint64_t cells = 0;
    for (std::size_t i = 0; i < 8; ++i) cells |= std::uint64_t{holds[8 * byte + i]} << (8 * i);
    // The product moves the lowest bit of each byte into the highest byte, side by side.
    word |= (cells * 0x0102040810204080ULL >> 56U) << (8 * byte);
  }
  return word;
}

std::vector<Run> runs_at_or_above(std::span<const float> values, std::size_t width, double level) {
  const float least = as_float(level);
  std::vector<Run> runs;
  for (std::size_t row = 0; width > 0 && row < values.size() / width; ++row)
    for (std::size_t first = 0; first < width; first += kWord) {
      const std::size_t cells = std::min(kWord, width - first);
      std::uint64_t word = cells_at_or_above(values.subspan(row * width + first, cells), least);
      // A run that ends with the word before may go on.
      const bool goes_on =
          first > 0 && !runs.empty() && runs.back().row == row && runs.back().right == first;
      if (goes_on && (word & 1U) != 0) {
        const auto more = static_cast<std::size_t>(std::countr_one(word));
        runs.back().right += more;
        word = more < kWord ? word >> more << more : 0;
      }
      while (word != 0) {
        const auto left = static_cast<std::size_t>(std::countr_zero(word));
        const auto length = static_cast<std::size_t>(std::countr_one(word >> left));
        runs.push_back({row, first + left, first + left + length});
        word = left + length < kWord ? word >> (left + length) << (left + length) : 0;
      }
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
    for (const float value : values.subspan(run.row * width + run.left, run.right - run.left))
      region.peak = std::max(region.peak, value);
  }
  return regions;
}

}  // namespace chestmap
