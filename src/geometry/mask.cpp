#include "geometry/mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "geometry/mask_runs.h"

namespace chestmap {

namespace {

/// The number of pixels; it must fit a run.
std::size_t pixels_of(std::size_t width, std::size_t height) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (width != 0 && height > kMost / width)
    throw std::invalid_argument(
        fmt::format("a mask of {} x {} pixels, where fewer than 2^32 are allowed", width, height));
  return width * height;
}

void require_same_size(const Mask& a, const Mask& b) {
  if (a.width() != b.width() || a.height() != b.height())
    throw std::invalid_argument(fmt::format("masks of different sizes: {} x {} and {} x {}",
                                            a.width(), a.height(), b.width(), b.height()));
}

/// Walks two masks of one size together: calls `visit(first, last, in_a, in_b)` for each stretch of
/// pixels over which neither changes.
template <typename Visit>
void walk(const Mask& a, const Mask& b, Visit&& visit) {
  std::size_t run_a = 0;
  std::size_t run_b = 0;
  std::size_t end_a = 0;
  std::size_t end_b = 0;
  std::size_t at = 0;
  const std::size_t pixels = a.width() * a.height();
  while (at < pixels) {
    while (end_a <= at) end_a += a.runs()[run_a++];
    while (end_b <= at) end_b += b.runs()[run_b++];
    const std::size_t end = std::min(end_a, end_b);
    visit(at, end, run_a % 2 == 0, run_b % 2 == 0);
    at = end;
  }
}

/// The first pixel of a row of `cells` whose centre lies at or beyond the start of cell `from` of a
/// row of `of` cells over the same length: the least j with (2 j + 1) of >= 2 cells from.
std::size_t first_at(std::size_t from, std::size_t of, std::size_t cells) {
  const std::size_t twice = 2 * cells * from;
  return twice <= of ? 0 : std::min((twice - of + 2 * of - 1) / (2 * of), cells);
}

}  // namespace

MaskRuns::MaskRuns(std::size_t width, std::size_t height) : width_(width), height_(height) {
  static_cast<void>(pixels_of(width, height));
}

void MaskRuns::add(std::size_t first, std::size_t last) {
  if (first >= last) return;
  if (first == end_ && !runs_.empty()) {
    runs_.back() += static_cast<std::uint32_t>(last - first);
  } else {
    runs_.push_back(static_cast<std::uint32_t>(first - end_));
    runs_.push_back(static_cast<std::uint32_t>(last - first));
  }
  end_ = last;
}

Mask MaskRuns::finish() {
  const std::size_t pixels = width_ * height_;
  if (end_ < pixels) runs_.push_back(static_cast<std::uint32_t>(pixels - end_));
  end_ = 0;
  return Mask::from_runs(width_, height_, std::move(runs_));
}

Mask::Mask(std::size_t width, std::size_t height) : width_(width), height_(height) {
  const std::size_t pixels = pixels_of(width, height);
  if (pixels > 0) runs_.push_back(static_cast<std::uint32_t>(pixels));
}

Mask Mask::from_runs(std::size_t width, std::size_t height, std::vector<std::uint32_t> runs) {
  Mask mask(width, height);
  const std::size_t sum = std::accumulate(runs.begin(), runs.end(), std::size_t{0});
  if (sum != width * height)
    throw std::invalid_argument(fmt::format("run lengths sum to {}, where {} x {} pixels are {}",
                                            sum, width, height, width * height));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    // After a run of length 0 the next one goes on with what came before it.
    const bool goes_on = kept > 0 && kept % 2 != i % 2;
    if (goes_on) {
      runs[kept - 1] += runs[i];
    } else if (runs[i] > 0 || kept == 0) {
      runs[kept++] = runs[i];
    }
  }
  runs.resize(kept);
  if (width * height == 0) runs.clear();
  mask.runs_ = std::move(runs);
  return mask;
}

Mask Mask::from_box(std::size_t width, std::size_t height, const Box& box) {
  MaskRuns runs(width, height);
  // The first pixel whose centre, i + 0.5, is at or beyond an edge.
  const auto pixel = [](double edge, std::size_t most) {
    const double first = std::ceil(edge - 0.5);
    if (!(first > 0.0)) return std::size_t{0};
    return first < static_cast<double>(most) ? static_cast<std::size_t>(first) : most;
  };
  const std::size_t top = pixel(box.y, height);
  const std::size_t bottom = pixel(box.bottom(), height);
  const std::size_t right = pixel(box.right(), width);
  for (std::size_t x = pixel(box.x, width); x < right; ++x)
    runs.add(x * height + top, x * height + bottom);
  return runs.finish();
}

Mask Mask::from_bits(std::span<const std::uint8_t> row_major, std::size_t width,
                     std::size_t height) {
  MaskRuns runs(width, height);
  if (row_major.size() != width * height)
    throw std::invalid_argument(
        fmt::format("{} pixels for a mask of {} x {}", row_major.size(), width, height));
  for (std::size_t x = 0; x < width; ++x)
    for (std::size_t y = 0; y < height; ++y)
      if (row_major[y * width + x] != 0) runs.add(x * height + y, x * height + y + 1);
  return runs.finish();
}

std::vector<std::uint8_t> Mask::to_bits() const {
  std::vector<std::uint8_t> bits(width_ * height_, 0);
  std::size_t pixel = 0;
  for (std::size_t run = 0; run < runs_.size(); ++run) {
    const std::size_t end = pixel + runs_[run];
    for (; run % 2 == 1 && pixel < end; ++pixel)
      bits[pixel % height_ * width_ + pixel / height_] = 1;
    pixel = end;
  }
  return bits;
}

std::size_t Mask::area() const noexcept {
  std::size_t area = 0;
  for (std::size_t run = 1; run < runs_.size(); run += 2) area += runs_[run];
  return area;
}

std::optional<Box> Mask::bounding_box() const {
  if (empty()) return std::nullopt;
  std::size_t top = height_;
  std::size_t bottom = 0;
  std::size_t end = 0;
  for (std::size_t run = 0; run + 1 < runs_.size(); run += 2) {
    const std::size_t first = end + runs_[run];
    end = first + runs_[run + 1];
    const bool one_column = first / height_ == (end - 1) / height_;
    top = std::min(top, one_column ? first % height_ : 0);
    bottom = std::max(bottom, one_column ? (end - 1) % height_ + 1 : height_);
  }
  const std::size_t left = runs_[0] / height_;
  const std::size_t right = (end - 1) / height_ + 1;
  return Box{static_cast<double>(left), static_cast<double>(top), static_cast<double>(right - left),
             static_cast<double>(bottom - top)};
}

bool Mask::contains(double x, double y) const noexcept {
  if (!(x >= 0.0 && y >= 0.0 && x < static_cast<double>(width_) &&
        y < static_cast<double>(height_)))
    return false;
  const std::size_t pixel = static_cast<std::size_t>(x) * height_ + static_cast<std::size_t>(y);
  std::size_t end = 0;
  std::size_t run = 0;
  while (end <= pixel) end += runs_[run++];
  return run % 2 == 0;
}

std::size_t intersection_area(const Mask& a, const Mask& b) {
  require_same_size(a, b);
  std::size_t area = 0;
  walk(a, b, [&](std::size_t first, std::size_t last, bool in_a, bool in_b) {
    if (in_a && in_b) area += last - first;
  });
  return area;
}

double iou(const Mask& a, const Mask& b) {
  const std::size_t shared = intersection_area(a, b);
  const std::size_t joined = a.area() + b.area() - shared;
  return joined > 0 ? static_cast<double>(shared) / static_cast<double>(joined) : 0.0;
}

double iobb(const Mask& detected, const Mask& truth) {
  const std::size_t shared = intersection_area(detected, truth);
  return shared > 0 ? static_cast<double>(shared) / static_cast<double>(detected.area()) : 0.0;
}

double dice(const Mask& a, const Mask& b) {
  const std::size_t shared = intersection_area(a, b);
  return shared > 0 ? 2.0 * static_cast<double>(shared) / static_cast<double>(a.area() + b.area())
                    : 0.0;
}

Mask union_of(const Mask& a, const Mask& b) {
  require_same_size(a, b);
  MaskRuns runs(a.width(), a.height());
  walk(a, b, [&](std::size_t first, std::size_t last, bool in_a, bool in_b) {
    if (in_a || in_b) runs.add(first, last);
  });
  return runs.finish();
}

Mask resized(const Mask& mask, std::size_t width, std::size_t height) {
  MaskRuns result(width, height);
  const std::vector<std::uint32_t>& runs = mask.runs();
  std::size_t run = 0;    // the first of those that reach into the column
  std::size_t start = 0;  // of that run
  for (std::size_t x = 0; x < width && !mask.empty(); ++x) {
    const std::size_t column = (2 * x + 1) * mask.width() / (2 * width);
    const std::size_t top = column * mask.height();
    const std::size_t bottom = top + mask.height();
    while (start + runs[run] <= top) start += runs[run++];
    std::size_t begin = start;
    for (std::size_t i = run; i < runs.size() && begin < bottom; begin += runs[i++]) {
      if (i % 2 == 0) continue;
      const std::size_t first = std::max(begin, top) - top;
      const std::size_t last = std::min(begin + runs[i], bottom) - top;
      result.add(x * height + first_at(first, mask.height(), height),
                 x * height + first_at(last, mask.height(), height));
    }
  }
  return result.finish();
}

}  // namespace chestmap
