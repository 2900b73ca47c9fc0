#include "nn/norm_relu/cpu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

// Compiled for several instruction sets, one of which is chosen when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CHESTMAP_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CHESTMAP_VECTOR_CLONES
#endif

namespace chestmap::cpu {

namespace {

/// Sums are taken over so many parts of the rows, whatever the number of threads.
constexpr std::int64_t kParts = 32;
/// Values that single precision sums before they are added in double precision: so many rows are
/// also read twice, the second time from the cache.
constexpr std::int64_t kRun = 32;

struct Rows {
  explicit Rows(const at::Tensor& rows)
      : values(rows.data_ptr<float>()),
        count(rows.size(0)),
        channels(rows.size(1)),
        distance(rows.stride(0)) {}

  float* values;
  std::int64_t count;
  std::int64_t channels;
  std::int64_t distance;
};

struct Span {
  std::int64_t begin;
  std::int64_t end;
};

Span part_of(std::int64_t count, std::int64_t part) {
  return {count * part / kParts, count * (part + 1) / kParts};
}

/// sums[c] and squares[c] become those of x and of (x - mean)^2 over the run; `mean` is scratch.
CHESTMAP_VECTOR_CLONES void run_moments(const float* x, std::int64_t rows, std::int64_t distance,
                                        std::int64_t channels, float* __restrict mean,
                                        float* __restrict squares) {
  for (std::int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = 0.0F;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < channels; ++c) mean[c] += x[r * distance + c];
  const float share = 1.0F / static_cast<float>(rows);
  for (std::int64_t c = 0; c < channels; ++c) mean[c] *= share;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < channels; ++c) {
      const float away = x[r * distance + c] - mean[c];
      squares[c] += away * away;
    }
}

/// Joins the moments of `more` values with those of `known` (Chan, Golub, LeVeque 1979).
CHESTMAP_VECTOR_CLONES void join_moments(double known, double more, std::int64_t channels,
                                         const float* more_mean, const float* more_squares,
                                         double* __restrict mean, double* __restrict squares) {
  const double share = more / (known + more);
  const double between = known * share;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double away = static_cast<double>(more_mean[c]) - mean[c];
    mean[c] += away * share;
    squares[c] += static_cast<double>(more_squares[c]) + away * away * between;
  }
}

CHESTMAP_VECTOR_CLONES void forward_row(const float* x, const float* scale, const float* shift,
                                        std::int64_t channels, float* __restrict y) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float value = scale[c] * x[c] + shift[c];
    y[c] = value > 0.0F ? value : 0.0F;
  }
}

CHESTMAP_VECTOR_CLONES void sum_row(const float* dy, const float* x, const float* scale,
                                    const float* shift, const float* centre, std::int64_t channels,
                                    float* __restrict products, float* __restrict plain_sums) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float passed = scale[c] * x[c] + shift[c] > 0.0F ? dy[c] : 0.0F;
    products[c] += passed * (x[c] - centre[c]);
    plain_sums[c] += passed;
  }
}

struct Gradient {
  const float* scale;
  const float* shift;
  const float* slope;
  const float* offset;
};

CHESTMAP_VECTOR_CLONES void store_row(const float* dy, const float* x, const Gradient& of,
                                      std::int64_t channels, float* __restrict dx) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float passed = of.scale[c] * x[c] + of.shift[c] > 0.0F ? dy[c] : 0.0F;
    dx[c] = of.scale[c] * passed + of.slope[c] * x[c] + of.offset[c];
  }
}

CHESTMAP_VECTOR_CLONES void add_row(const float* dy, const float* x, const Gradient& of,
                                    std::int64_t channels, float* __restrict dx) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float passed = of.scale[c] * x[c] + of.shift[c] > 0.0F ? dy[c] : 0.0F;
    dx[c] += of.scale[c] * passed + of.slope[c] * x[c] + of.offset[c];
  }
}

/// `work(begin, end)` for pieces of the rows, by all threads.
template <typename Work>
void over_rows(std::int64_t rows, std::int64_t channels, const Work& work) {
  constexpr std::int64_t kLeastValues = 16384;
  at::parallel_for(0, rows, std::max<std::int64_t>(1, kLeastValues / channels), work);
}

ChannelMoments moments_of(const Rows& x) {
  std::vector<double> mean(static_cast<std::size_t>(kParts * x.channels));
  std::vector<double> squares(mean.size());
  at::parallel_for(0, kParts, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> run_mean(static_cast<std::size_t>(x.channels));
    std::vector<float> run_squares(run_mean.size());
    for (std::int64_t part = first; part < last; ++part) {
      const auto [begin, end] = part_of(x.count, part);
      for (std::int64_t r = begin; r < end; r += kRun) {
        const std::int64_t rows = std::min(kRun, end - r);
        run_moments(x.values + r * x.distance, rows, x.distance, x.channels, run_mean.data(),
                    run_squares.data());
        join_moments(static_cast<double>(r - begin), static_cast<double>(rows), x.channels,
                     run_mean.data(), run_squares.data(), mean.data() + part * x.channels,
                     squares.data() + part * x.channels);
      }
    }
  });
  ChannelMoments moments{at::zeros({x.channels}, at::kDouble),
                         at::zeros({x.channels}, at::kDouble)};
  auto* all_mean = moments.mean.data_ptr<double>();
  auto* all_squares = moments.variance.data_ptr<double>();
  for (std::int64_t part = 0; part < kParts; ++part) {
    const auto [begin, end] = part_of(x.count, part);
    if (begin == end) continue;
    const auto known = static_cast<double>(begin);
    const auto more = static_cast<double>(end - begin);
    for (std::int64_t c = 0; c < x.channels; ++c) {
      const auto at = static_cast<std::size_t>(part * x.channels + c);
      const double away = mean[at] - all_mean[c];
      all_mean[c] += away * more / (known + more);
      all_squares[c] += squares[at] + away * away * known * more / (known + more);
    }
  }
  moments.variance.div_(static_cast<double>(x.count));
  return moments;
}

at::Tensor sums_of(const Rows& dy, const Rows& x, const NormReluFactors& factors,
                   const float* centre) {
  const auto* scale = factors.scale.data_ptr<float>();
  const auto* shift = factors.shift.data_ptr<float>();
  const at::Tensor parts = at::zeros({kParts, 2, x.channels}, at::kDouble);
  at::parallel_for(0, kParts, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> run(static_cast<std::size_t>(2 * x.channels));
    for (std::int64_t part = first; part < last; ++part) {
      const auto [begin, end] = part_of(x.count, part);
      double* sums = parts.data_ptr<double>() + part * 2 * x.channels;
      for (std::int64_t from = begin; from < end; from += kRun) {
        std::fill(run.begin(), run.end(), 0.0F);
        for (std::int64_t r = from; r < std::min(from + kRun, end); ++r)
          sum_row(dy.values + r * dy.distance, x.values + r * x.distance, scale, shift, centre,
                  x.channels, run.data(), run.data() + x.channels);
        for (std::size_t i = 0; i < run.size(); ++i) sums[i] += static_cast<double>(run[i]);
      }
    }
  });
  return parts.sum(0);
}

}  // namespace

ChannelMoments channel_moments(const at::Tensor& rows) { return moments_of(Rows(rows)); }

void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors,
                       const at::Tensor& y) {
  const Rows from(rows);
  const Rows to(y);
  const auto* scale = factors.scale.data_ptr<float>();
  const auto* shift = factors.shift.data_ptr<float>();
  over_rows(from.count, from.channels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      forward_row(from.values + r * from.distance, scale, shift, from.channels,
                  to.values + r * to.distance);
  });
}

at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                          const NormReluFactors& factors, const at::Tensor& centre) {
  return sums_of(Rows(dy), Rows(rows), factors, centre.data_ptr<float>());
}

void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add) {
  const Rows above(dy);
  const Rows x(rows);
  const Rows to(dx);
  const Gradient of{factors.scale.data_ptr<float>(), factors.shift.data_ptr<float>(),
                    factors.slope.data_ptr<float>(), factors.offset.data_ptr<float>()};
  over_rows(x.count, x.channels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      (add ? add_row : store_row)(above.values + r * above.distance, x.values + r * x.distance, of,
                                  x.channels, to.values + r * to.distance);
  });
}

}  // namespace chestmap::cpu
