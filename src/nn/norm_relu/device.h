#pragma once

// The GPU's kernels of a batch norm with its ReLU. They know neither torch nor CUDA's headers:
// launch.cu includes those before, and a test gives stand-ins and runs the same code on the CPU.
//
// Images lie channels-last, as rows: pixels x channels, of which rows are `distance` values apart.
// A block of kThreads threads takes `columns` packs of V channels (16 bytes, where alignment
// allows) by kThreads / columns rows at a time, so that neighbouring threads read neighbouring
// memory and each keeps its channels' factors in registers.

#include <cstdint>

#include "nn/norm_relu/vectors.h"

// A program may hold them twice, for the GPU and as a test runs them.
#ifndef CHESTMAP_KERNELS_ON
#define CHESTMAP_KERNELS_ON gpu
#endif

namespace chestmap::device {
inline namespace CHESTMAP_KERNELS_ON {

constexpr int kThreads = 256;

struct Bfloat16 {
  std::uint16_t bits;
};

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(Bfloat16 value) {
  return __uint_as_float(static_cast<unsigned>(value.bits) << 16U);
}

__device__ inline void from_float(float value, float& to) { to = value; }
/// To the nearest, ties to even.
__device__ inline void from_float(float value, Bfloat16& to) {
  const unsigned bits = __float_as_uint(value);
  const unsigned rounded = (bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U;
  to.bits = static_cast<std::uint16_t>(value == value ? rounded : 0x7fffU);
}

template <typename T, int V>
struct alignas(sizeof(T) * V) Pack {
  T at[V];

  __device__ static Pack load(const T* from) { return *reinterpret_cast<const Pack*>(from); }
  __device__ void store(T* to) const { *reinterpret_cast<Pack*>(to) = *this; }
};

template <typename T>
struct Rows {
  T* values;
  std::int64_t distance;
};

struct Shape {
  std::int64_t rows;
  int channels;
  int columns;  // threads across packs, a power of two
};

/// Where a thread stands: its first channel, its first row, and how far apart its rows are.
template <int V>
struct Place {
  __device__ explicit Place(const Shape& shape)
      : channel((static_cast<int>(blockIdx.x) * shape.columns +
                 static_cast<int>(threadIdx.x) % shape.columns) *
                V),
        lines(kThreads / shape.columns),
        first(static_cast<std::int64_t>(blockIdx.y) * lines +
              static_cast<int>(threadIdx.x) / shape.columns),
        step(static_cast<std::int64_t>(gridDim.y) * lines) {}

  int channel;
  int lines;
  std::int64_t first;
  std::int64_t step;
};

template <int V>
struct Vector {
  float at[V];

  __device__ static Vector load(const float* from) {
    Vector vector;
    for (int v = 0; v < V; ++v) vector.at[v] = from[v];
    return vector;
  }
};

/// parts[blockIdx.y][k][channel] becomes the block's sum of own[k]: in a fixed order, without
/// atomics.
template <int V>
__device__ void store_sums(const Shape& shape, const Vector<V> (&own)[2], double* parts) {
  __shared__ float sums[2][kThreads * V];
  const int thread = static_cast<int>(threadIdx.x);
  for (int k = 0; k < 2; ++k)
    for (int v = 0; v < V; ++v) sums[k][thread * V + v] = own[k].at[v];
  __syncthreads();
  const int width = shape.columns * V;
  for (int i = thread; i < 2 * width; i += kThreads) {
    const int k = i / width;
    const int column = i % width;
    const int channel = static_cast<int>(blockIdx.x) * width + column;
    if (channel >= shape.channels) continue;
    double sum = 0.0;
    for (int line = 0; line < kThreads / shape.columns; ++line)
      sum += static_cast<double>(sums[k][line * width + column]);
    parts[(static_cast<std::int64_t>(blockIdx.y) * 2 + k) * shape.channels + channel] = sum;
  }
}

__device__ inline double sum_of_parts(const double* parts, int count, int k, int channels,
                                      int channel) {
  double sum = 0.0;
  for (int part = 0; part < count; ++part)
    sum += parts[(static_cast<std::int64_t>(part) * 2 + k) * channels + channel];
  return sum;
}

/// The whole sums, 2 x channels.
__global__ void sum_parts(int channels, const double* parts, int count, double* sums) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= channels) return;
  for (int k = 0; k < 2; ++k)
    sums[k * channels + channel] = sum_of_parts(parts, count, k, channels, channel);
}

/// Sums of x - x_0 and of its square, x_0 being the channel's first value: what they lose by
/// cancellation is what that value is away from the mean.
template <typename T, int V>
__global__ void moment_parts(Rows<const T> x, Shape shape, double* parts) {
  const Place<V> place(shape);
  Vector<V> sums[2] = {};
  if (place.channel < shape.channels) {
    const auto start = Pack<T, V>::load(x.values + place.channel);
    for (std::int64_t r = place.first; r < shape.rows; r += place.step) {
      const auto row = Pack<T, V>::load(x.values + r * x.distance + place.channel);
      for (int v = 0; v < V; ++v) {
        const float away = to_float(row.at[v]) - to_float(start.at[v]);
        sums[0].at[v] += away;
        sums[1].at[v] += away * away;
      }
    }
  }
  store_sums<V>(shape, sums, parts);
}

template <typename T>
__global__ void moments(const T* first_row, Shape shape, const double* parts, int count,
                        double* mean, double* variance) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= shape.channels) return;
  const auto rows = static_cast<double>(shape.rows);
  const double away = sum_of_parts(parts, count, 0, shape.channels, channel) / rows;
  const double square = sum_of_parts(parts, count, 1, shape.channels, channel) / rows;
  mean[channel] = static_cast<double>(to_float(first_row[channel])) + away;
  const double left = square - away * away;
  variance[channel] = left > 0.0 ? left : 0.0;
}

__device__ inline void set_factors(int channel, double mean, double variance, const Norm& norm,
                                   const Factors& factors) {
  const double inverse = 1.0 / sqrt(variance + norm.epsilon);
  const double scale = static_cast<double>(norm.weight[channel]) * inverse;
  factors.scale[channel] = static_cast<float>(scale);
  factors.shift[channel] =
      static_cast<float>(static_cast<double>(norm.bias[channel]) - scale * mean);
  factors.mean[channel] = static_cast<float>(mean);
  factors.inverse[channel] = inverse;
}

/// From the running statistics, which stay.
__global__ void stored_factors(int channels, Norm norm, Factors factors) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= channels) return;
  set_factors(channel, static_cast<double>(norm.running_mean[channel]),
              static_cast<double>(norm.running_variance[channel]), norm, factors);
}

/// From the moments of `count` pixels, which move the running statistics.
__global__ void norm_factors(int channels, const double* mean, const double* variance, double count,
                             Norm norm, Factors factors) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= channels) return;
  set_factors(channel, mean[channel], variance[channel], norm, factors);
  const auto momentum = static_cast<float>(norm.momentum);
  const auto unbiased = static_cast<float>(variance[channel] * (count / (count - 1.0)));
  norm.running_mean[channel] +=
      momentum * (static_cast<float>(mean[channel]) - norm.running_mean[channel]);
  norm.running_variance[channel] += momentum * (unbiased - norm.running_variance[channel]);
  if (channel == 0) ++*norm.batches;
}

template <typename T, int V>
__global__ void forward(Rows<const T> x, Rows<T> y, Shape shape, const float* scale,
                        const float* shift) {
  const Place<V> place(shape);
  if (place.channel >= shape.channels) return;
  const auto by = Vector<V>::load(scale + place.channel);
  const auto plus = Vector<V>::load(shift + place.channel);
  for (std::int64_t r = place.first; r < shape.rows; r += place.step) {
    const auto row = Pack<T, V>::load(x.values + r * x.distance + place.channel);
    Pack<T, V> result;
    for (int v = 0; v < V; ++v) {
      const float value = by.at[v] * to_float(row.at[v]) + plus.at[v];
      from_float(value > 0.0F ? value : 0.0F, result.at[v]);
    }
    result.store(y.values + r * y.distance + place.channel);
  }
}

/// Sums of dy' (x - mean) and of dy', dy' being dy where the output is above 0.
template <typename T, int V>
__global__ void gradient_parts(Rows<const T> dy, Rows<const T> x, Shape shape, const float* scale,
                               const float* shift, const float* mean, double* parts) {
  const Place<V> place(shape);
  Vector<V> sums[2] = {};
  if (place.channel < shape.channels) {
    const auto by = Vector<V>::load(scale + place.channel);
    const auto plus = Vector<V>::load(shift + place.channel);
    const auto centre = Vector<V>::load(mean + place.channel);
    for (std::int64_t r = place.first; r < shape.rows; r += place.step) {
      const auto row = Pack<T, V>::load(x.values + r * x.distance + place.channel);
      const auto above = Pack<T, V>::load(dy.values + r * dy.distance + place.channel);
      for (int v = 0; v < V; ++v) {
        const float value = to_float(row.at[v]);
        const float passed = by.at[v] * value + plus.at[v] > 0.0F ? to_float(above.at[v]) : 0.0F;
        sums[0].at[v] += passed * (value - centre.at[v]);
        sums[1].at[v] += passed;
      }
    }
  }
  store_sums<V>(shape, sums, parts);
}

/// The gradients of weight and bias, and the factors of `backward` for moments of `count` pixels.
__global__ void gradient_factors(int channels, const double* parts, int parts_count, double count,
                                 Factors of, GradientFactors to) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= channels) return;
  const double by_weight =
      sum_of_parts(parts, parts_count, 0, channels, channel) * of.inverse[channel];
  const double by_bias = sum_of_parts(parts, parts_count, 1, channels, channel);
  to.weight[channel] = static_cast<float>(by_weight);
  to.bias[channel] = static_cast<float>(by_bias);
  const auto scale = static_cast<double>(of.scale[channel]);
  const double slope = -scale * of.inverse[channel] * by_weight / count;
  to.slope[channel] = static_cast<float>(slope);
  to.offset[channel] =
      static_cast<float>(-scale * by_bias / count - slope * static_cast<double>(of.mean[channel]));
}

/// dx = scale dy' + slope x + offset, or added to what is there.
template <typename T, int V>
__global__ void backward(Rows<const T> dy, Rows<const T> x, Rows<T> dx, Shape shape,
                         const float* scale, const float* shift, const float* slope,
                         const float* offset, bool add) {
  const Place<V> place(shape);
  if (place.channel >= shape.channels) return;
  const auto by = Vector<V>::load(scale + place.channel);
  const auto plus = Vector<V>::load(shift + place.channel);
  const auto lean = Vector<V>::load(slope + place.channel);
  const auto more = Vector<V>::load(offset + place.channel);
  for (std::int64_t r = place.first; r < shape.rows; r += place.step) {
    const auto row = Pack<T, V>::load(x.values + r * x.distance + place.channel);
    const auto above = Pack<T, V>::load(dy.values + r * dy.distance + place.channel);
    T* const to = dx.values + r * dx.distance + place.channel;
    Pack<T, V> result;
    if (add) result = Pack<T, V>::load(to);
    for (int v = 0; v < V; ++v) {
      const float value = to_float(row.at[v]);
      const float passed = by.at[v] * value + plus.at[v] > 0.0F ? to_float(above.at[v]) : 0.0F;
      const float gradient = by.at[v] * passed + lean.at[v] * value + more.at[v];
      from_float(add ? to_float(result.at[v]) + gradient : gradient, result.at[v]);
    }
    result.store(to);
  }
}

}  // namespace CHESTMAP_KERNELS_ON
}  // namespace chestmap::device
