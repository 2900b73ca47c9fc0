#include "data/phantom/detector.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

/// A running mean over 2 * half_width + 1 values: the outermost two count with the fraction of
/// `half_width`.
struct Window {
  std::ptrdiff_t whole;
  float part;
  float scale;

  explicit Window(double half_width)
      : whole(static_cast<std::ptrdiff_t>(half_width)),
        part(static_cast<float>(half_width - static_cast<double>(whole))),
        scale(static_cast<float>(1.0 / (2.0 * half_width + 1.0))) {}
};

void mean_along_rows(const ImageF& in, ImageF& out, const Window& w) {
  const auto n = static_cast<std::ptrdiff_t>(in.width());
  const std::ptrdiff_t margin = w.whole + 1;
  std::vector<float> line(static_cast<std::size_t>(n + 2 * margin));
  for (std::size_t y = 0; y < in.height(); ++y) {
    const float* row = in.pixels().data() + y * in.width();
    std::fill_n(line.begin(), margin, row[0]);
    std::copy_n(row, n, line.begin() + margin);
    std::fill_n(line.begin() + margin + n, margin, row[n - 1]);
    const float* at = line.data() + margin;
    float* to = out.pixels().data() + y * in.width();
    double sum = 0.0;
    for (std::ptrdiff_t i = -w.whole; i <= w.whole; ++i) sum += static_cast<double>(at[i]);
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      const float before = at[i - w.whole - 1];
      const float after = at[i + w.whole + 1];
      to[i] = w.scale * (static_cast<float>(sum) + w.part * (before + after));
      sum += static_cast<double>(after) - static_cast<double>(at[i - w.whole]);
    }
  }
}

void mean_along_columns(const ImageF& in, ImageF& out, const Window& w) {
  const auto n = static_cast<std::ptrdiff_t>(in.height());
  const std::size_t width = in.width();
  const auto row = [&](std::ptrdiff_t y) {
    const auto inside = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(y, 0, n - 1));
    return in.pixels().data() + inside * width;
  };
  std::vector<double> sum(width, 0.0);
  for (std::ptrdiff_t y = -w.whole; y <= w.whole; ++y) {
    for (std::size_t x = 0; x < width; ++x) sum[x] += static_cast<double>(row(y)[x]);
  }
  for (std::ptrdiff_t y = 0; y < n; ++y) {
    const float* before = row(y - w.whole - 1);
    const float* after = row(y + w.whole + 1);
    const float* leaving = row(y - w.whole);
    float* to = out.pixels().data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) {
      to[x] = w.scale * (static_cast<float>(sum[x]) + w.part * (before[x] + after[x]));
      sum[x] += static_cast<double>(after[x]) - static_cast<double>(leaving[x]);
    }
  }
}

/// Cheap standard normal numbers: the sum of four uniform ones of 16 bits.
class QuickNormal {
 public:
  explicit QuickNormal(RandomStream stream) : stream_(stream) {}
  [[nodiscard]] float operator()() noexcept {
    const std::uint64_t bits = stream_.next();
    const auto sum = static_cast<float>((bits & 0xffffU) + ((bits >> 16U) & 0xffffU) +
                                        ((bits >> 32U) & 0xffffU) + (bits >> 48U));
    return (sum - 131070.0F) * (1.7320508F / 65535.0F);
  }

 private:
  RandomStream stream_;
};

/// A share of the light arrives spread over several cm; computed on a coarse grid.
ImageF scattered(const ImageF& light, double deviation) {
  const std::size_t step = std::max<std::size_t>(1, light.width() / 64);
  const std::size_t side = light.width() / step;
  ImageF coarse(side, side);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      float sum = 0.0F;
      for (std::size_t j = 0; j < step; ++j) {
        for (std::size_t i = 0; i < step; ++i) sum += light.at(x * step + i, y * step + j);
      }
      coarse.at(x, y) = sum / static_cast<float>(step * step);
    }
  }
  blur(coarse, deviation / static_cast<double>(step));
  ImageF fine(light.width(), light.height());
  const float limit = static_cast<float>(side) - 1.001F;
  for (std::size_t y = 0; y < fine.height(); ++y) {
    const float v =
        std::clamp((static_cast<float>(y) + 0.5F) / static_cast<float>(step) - 0.5F, 0.0F, limit);
    const auto j = static_cast<std::size_t>(v);
    const float fv = v - static_cast<float>(j);
    for (std::size_t x = 0; x < fine.width(); ++x) {
      const float u =
          std::clamp((static_cast<float>(x) + 0.5F) / static_cast<float>(step) - 0.5F, 0.0F, limit);
      const auto i = static_cast<std::size_t>(u);
      const float fu = u - static_cast<float>(i);
      const float top = coarse.at(i, j) * (1.0F - fu) + coarse.at(i + 1, j) * fu;
      const float bottom = coarse.at(i, j + 1) * (1.0F - fu) + coarse.at(i + 1, j + 1) * fu;
      fine.at(x, y) = top * (1.0F - fv) + bottom * fv;
    }
  }
  return fine;
}

/// The value that the share `q` of the picture's middle lies below.
float quantile_of_middle(const ImageF& image, double q) {
  std::vector<float> sample;
  const std::size_t step = std::max<std::size_t>(1, image.width() / 64);
  for (std::size_t y = image.height() / 6; y < image.height() * 5 / 6; y += step) {
    for (std::size_t x = image.width() / 8; x < image.width() * 7 / 8; x += step) {
      sample.push_back(image.at(x, y));
    }
  }
  const auto at =
      sample.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(sample.size() - 1));
  std::nth_element(sample.begin(), at, sample.end());
  return *at;
}

struct Settings {
  double focus;          // cm
  double scatter;        // share
  double scatter_width;  // cm
  double noise;          // relative, behind no absorber
  double enhancement;
  double enhancement_width;  // cm
  double dark;               // display: where the lung's dark end goes
  double light;
  double slope;
  double grid;
};

Settings draw_settings(const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, plan.image,
                 static_cast<std::uint64_t>(Purpose::detector)};
  const bool bed = plan.view == ViewPosition::ap;
  Settings s{};
  s.focus = r.uniform(0.03, 0.07);
  s.scatter = bed ? r.uniform(0.28, 0.5) : r.uniform(0.18, 0.36);
  s.scatter_width = r.uniform(2.5, 4.5);
  s.noise = (bed ? 0.0030 : 0.0022) * std::exp(r.normal(0.0, 0.25));
  s.enhancement = r.uniform(0.25, 1.1);
  s.enhancement_width = r.uniform(0.4, 1.6);
  s.dark = r.normal(0.31, 0.055);
  s.light = r.normal(0.90, 0.035);
  s.slope = r.normal(0.0, 0.12);
  s.grid = r.chance(0.06) ? r.uniform(0.002, 0.006) : 0.0;
  return s;
}

}  // namespace

void blur(ImageF& image, double deviation) {
  if (deviation < 0.05) return;
  // Three means of half width h have the variance 3 * ((2h + 1)^2 - 1) / 12.
  const Window window(0.5 * (std::sqrt(1.0 + 4.0 * deviation * deviation) - 1.0));
  ImageF other(image.width(), image.height());
  for (int pass = 0; pass < 3; ++pass) {
    mean_along_rows(image, other, window);
    mean_along_columns(other, image, window);
  }
}

ImageF expose(const ImageF& attenuation, double per_cm, const Plan& plan) {
  const Settings s = draw_settings(plan);
  ImageF signal(attenuation.width(), attenuation.height());
  const std::span<float> v = signal.pixels();
  const std::span<const float> mu = attenuation.pixels();
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = std::exp(-mu[i]);
  blur(signal, s.focus * per_cm);
  const ImageF haze = scattered(signal, s.scatter_width * per_cm);
  const std::span<const float> h = haze.pixels();
  QuickNormal normal(RandomStream{plan.seed, plan.patient, plan.image,
                                  static_cast<std::uint64_t>(Purpose::noise)});
  const auto scatter = static_cast<float>(s.scatter);
  // The noise of a pixel shrinks with its side: fewer, larger pixels gather more quanta.
  const auto noise = static_cast<float>(s.noise * per_cm / 7.1);
  for (std::size_t i = 0; i < v.size(); ++i) {
    const float light = std::max((1.0F - scatter) * v[i] + scatter * h[i], 1e-5F);
    const float grid = i % signal.width() % 3 == 0 ? static_cast<float>(s.grid) : 0.0F;
    v[i] = -std::log(light) + noise / std::sqrt(light) * normal() + grid;
  }
  ImageF smooth = signal;
  blur(smooth, s.enhancement_width * per_cm);
  const std::span<const float> m = smooth.pixels();
  const auto gain = static_cast<float>(s.enhancement);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] += gain * (v[i] - m[i]);
  // A logistic display curve that takes two measured levels to two chosen greys.
  const float low = quantile_of_middle(signal, 0.08);
  const float high = quantile_of_middle(signal, 0.93);
  const double dark = std::clamp(s.dark, 0.14, 0.42);
  const double light = std::clamp(s.light, 0.78, 0.97);
  const double a = std::log(dark / (1.0 - dark));
  const double b = std::log(light / (1.0 - light));
  const auto scale = static_cast<float>((b - a) / std::max(0.2, static_cast<double>(high - low)));
  for (float& value : v) {
    value = 1.0F / (1.0F + std::exp(-(static_cast<float>(a) + scale * (value - low))));
  }
  return signal;
}

}  // namespace chestmap::phantom
