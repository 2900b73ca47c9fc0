#include "data/augmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "image/power.h"

namespace chestmap {

namespace {

/// A coordinate among pixel centres in units of 2^-32 pixels, so that stepping along a row is exact
/// and a position costs no conversion from floating point.
using Fixed = std::int64_t;
constexpr int kFractionBits = 32;
constexpr double kOne = 4294967296.0;

Fixed to_fixed(double value) { return static_cast<Fixed>(std::llround(value * kOne)); }

std::size_t whole(Fixed position) { return static_cast<std::size_t>(position >> kFractionBits); }

float fraction(Fixed position) {
  // 24 bits are a float's own.
  const auto bits = static_cast<std::int32_t>((position >> (kFractionBits - 24)) & 0xffffff);
  return static_cast<float>(bits) * 0x1p-24F;
}

/// Where the pixels of an output row come from: (x + i * step_x, y + i * step_y).
struct SourceLine {
  Fixed x = 0;
  Fixed y = 0;
  Fixed step_x = 0;
  Fixed step_y = 0;

  [[nodiscard]] Fixed x_at(std::size_t i) const { return x + static_cast<Fixed>(i) * step_x; }
  [[nodiscard]] Fixed y_at(std::size_t i) const { return y + static_cast<Fixed>(i) * step_y; }
};

/// The sum of four pixels, weighted linearly; `next_x` and `next_y` lead from `from` to the others.
float between(const float* from, std::size_t next_x, std::size_t next_y, float fx, float fy) {
  const float top = from[0] + fx * (from[next_x] - from[0]);
  const float bottom = from[next_y] + fx * (from[next_y + next_x] - from[next_y]);
  return top + fy * (bottom - top);
}

class Sampler {
 public:
  explicit Sampler(const ImageF& image)
      : pixels_(image.pixels().data()),
        width_(image.width()),
        last_x_(static_cast<Fixed>(image.width() - 1) * (Fixed{1} << kFractionBits)),
        last_y_(static_cast<Fixed>(image.height() - 1) * (Fixed{1} << kFractionBits)) {}

  void row(const SourceLine& line, std::span<float> to) const {
    const auto [first, end] = inner_part(line, to.size());
    for (std::size_t i = 0; i < first; ++i) to[i] = at_edge(line.x_at(i), line.y_at(i));
    Fixed x = line.x_at(first);
    Fixed y = line.y_at(first);
    for (std::size_t i = first; i < end; ++i) {
      to[i] = between(pixels_ + whole(y) * width_ + whole(x), 1, width_, fraction(x), fraction(y));
      x += line.step_x;
      y += line.step_y;
    }
    for (std::size_t i = end; i < to.size(); ++i) to[i] = at_edge(line.x_at(i), line.y_at(i));
  }

 private:
  struct Part {
    std::size_t first;
    std::size_t end;
  };

  /// Whether all four pixels round the position lie in the image.
  [[nodiscard]] bool is_inside(Fixed x, Fixed y) const {
    return x >= 0 && y >= 0 && x < last_x_ && y < last_y_;
  }

  /// The positions of a line that are inside are one piece: from `first` to before `end`.
  [[nodiscard]] Part inner_part(const SourceLine& line, std::size_t count) const {
    double low = 0.0;
    double high = static_cast<double>(count);
    const auto narrow = [&](Fixed start, Fixed step, Fixed last) {
      if (step == 0) return;
      const double a = -static_cast<double>(start) / static_cast<double>(step);
      const double b = static_cast<double>(last - start) / static_cast<double>(step);
      low = std::max(low, std::min(a, b));
      high = std::min(high, std::max(a, b));
    };
    narrow(line.x, line.step_x, last_x_);
    narrow(line.y, line.step_y, last_y_);
    if (!(low < high)) return {count, count};
    auto first = static_cast<std::size_t>(std::ceil(low));
    auto end = std::min(count, static_cast<std::size_t>(std::floor(high)) + 1);
    const auto inside = [&](std::size_t i) { return is_inside(line.x_at(i), line.y_at(i)); };
    while (first < end && !inside(first)) ++first;
    while (first < end && !inside(end - 1)) --end;
    return {first, std::max(first, end)};
  }

  /// The same with the edge repeated.
  [[nodiscard]] float at_edge(Fixed x, Fixed y) const {
    x = std::clamp(x, Fixed{0}, last_x_);
    y = std::clamp(y, Fixed{0}, last_y_);
    return between(pixels_ + whole(y) * width_ + whole(x), x < last_x_ ? 1 : 0,
                   y < last_y_ ? width_ : 0, fraction(x), fraction(y));
  }

  const float* pixels_;
  std::size_t width_;
  Fixed last_x_;
  Fixed last_y_;
};

bool moves(const AugmentationDraw& draw) {
  return draw.flip || draw.shift_x != 0.0 || draw.shift_y != 0.0 || draw.scale != 1.0 ||
         draw.degrees != 0.0;
}

void move(const ImageF& image, const AugmentationDraw& draw, std::span<float> to) {
  const auto width = static_cast<double>(image.width());
  const auto height = static_cast<double>(image.height());
  const double angle = draw.degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle) / draw.scale;
  const double sine = std::sin(angle) / draw.scale;
  const double side = draw.flip ? -1.0 : 1.0;
  const Sampler sampler(image);
  for (std::size_t row = 0; row < image.height(); ++row) {
    // Of the row's first pixel, from the centre.
    const double u = 0.5 - width / 2.0 - draw.shift_x * width;
    const double v = static_cast<double>(row) + 0.5 - height / 2.0 - draw.shift_y * height;
    const SourceLine line{to_fixed(width / 2.0 - 0.5 + side * (cosine * u + sine * v)),
                          to_fixed(height / 2.0 - 0.5 - sine * u + cosine * v),
                          to_fixed(side * cosine), to_fixed(-sine)};
    sampler.row(line, to.subspan(row * image.width(), image.width()));
  }
}

/// In lanes, which the compiler keeps in vector registers.
double mean_of(std::span<const float> values) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  const std::size_t whole_lanes = values.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole_lanes; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(values[i + lane]);
  for (std::size_t i = whole_lanes; i < values.size(); ++i)
    sums[i - whole_lanes] += static_cast<double>(values[i]);
  double sum = 0.0;
  for (const double lane : sums) sum += lane;
  return sum / static_cast<double>(values.size());
}

void change_tones(std::span<float> pixels, const AugmentationDraw& draw) {
  if (draw.contrast != 1.0 || draw.brightness != 0.0) {
    const double mean = mean_of(pixels);
    const auto factor = static_cast<float>(draw.contrast);
    const auto offset = static_cast<float>(mean * (1.0 - draw.contrast) + draw.brightness);
    for (float& value : pixels) value = std::clamp(factor * value + offset, 0.0F, 1.0F);
  }
  if (draw.gamma != 1.0) raise_to_power(pixels, static_cast<float>(draw.gamma));
}

}  // namespace

AugmentationDraw draw(const Augmentation& augmentation, RandomStream& stream) {
  AugmentationDraw result;
  result.flip = stream.chance(augmentation.flip);
  result.shift_x = stream.uniform(-augmentation.shift, augmentation.shift);
  result.shift_y = stream.uniform(-augmentation.shift, augmentation.shift);
  result.scale = stream.uniform(1.0 - augmentation.scale, 1.0 + augmentation.scale);
  result.degrees = stream.uniform(-augmentation.rotation, augmentation.rotation);
  result.brightness = stream.uniform(-augmentation.brightness, augmentation.brightness);
  result.contrast = stream.uniform(1.0 - augmentation.contrast, 1.0 + augmentation.contrast);
  const double most = std::log1p(augmentation.gamma);
  result.gamma = std::exp(stream.uniform(-most, most));
  return result;
}

void augment(const ImageF& image, const AugmentationDraw& draw, std::span<float> result) {
  if (moves(draw))
    move(image, draw, result);
  else
    std::copy(image.pixels().begin(), image.pixels().end(), result.begin());
  change_tones(result, draw);
}

ImageF augmented(const ImageF& image, const AugmentationDraw& draw) {
  ImageF result(image.width(), image.height());
  augment(image, draw, result.pixels());
  return result;
}

}  // namespace chestmap
