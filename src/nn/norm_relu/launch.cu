#include <cuda_runtime.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "nn/norm_relu/device.h"
#include "nn/norm_relu/launch.h"
#include "nn/norm_relu/launch_shape.h"

namespace chestmap::device {

namespace {

// An H100 has 132 multiprocessors, each of which holds eight blocks.
constexpr int kMostBlocks = 8 * 132;
// Sums come in fewer parts: each is read again.
constexpr int kMostSums = 4 * 132;
constexpr int kPackBytes = 16;

cudaStream_t stream_of(const Pass& pass) { return static_cast<cudaStream_t>(pass.stream); }

void check() {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("a kernel of norm and ReLU cannot be started: ") +
                             cudaGetErrorString(error));
}

/// Whether packs of 16 bytes may be read and written.
template <typename T>
bool is_aligned(const RawRows& rows) {
  constexpr std::int64_t kPack = kPackBytes / sizeof(T);
  return rows.distance % kPack == 0 &&
         reinterpret_cast<std::uintptr_t>(rows.values) % kPackBytes == 0;
}

template <typename T>
Rows<T> rows_of(const RawRows& rows) {
  return {static_cast<T*>(rows.values), rows.distance};
}

template <typename T>
Rows<const T> inputs_of(const RawRows& rows) {
  return {static_cast<const T*>(rows.values), rows.distance};
}

struct Launch {
  Shape shape;
  dim3 blocks;
};

Launch launch_of(const Pass& pass, int pack, int most) {
  const LaunchShape shape = launch_shape(pass.rows, pass.channels, pack, most);
  return {{pass.rows, pass.channels, shape.columns},
          dim3(static_cast<unsigned>(shape.across), static_cast<unsigned>(shape.down))};
}

/// `work(T(), pack)` with the type of the values and an integral constant of the channels a pack.
template <typename Work>
void by_type(const Pass& pass, std::initializer_list<RawRows> all, const Work& work) {
  const auto by_pack = [&](auto type) {
    using T = decltype(type);
    constexpr int kPack = kPackBytes / sizeof(T);
    bool packed = pass.channels % kPack == 0;
    for (const RawRows& rows : all) packed = packed && is_aligned<T>(rows);
    if (packed)
      work(type, std::integral_constant<int, kPack>());
    else
      work(type, std::integral_constant<int, 1>());
  };
  if (pass.half)
    by_pack(Bfloat16());
  else
    by_pack(float());
}

unsigned blocks_of(int channels) {
  return static_cast<unsigned>((channels + kThreads - 1) / kThreads);
}

}  // namespace

std::int64_t workspace_size() {
  // A block's part is two sums of at most 32 packs of 8 channels.
  constexpr std::int64_t kWidest = 32 * 8;
  return kMostSums * 2 * kWidest;
}

void launch_moments(const Pass& pass, RawRows x, double* workspace, double* mean,
                    double* variance) {
  by_type(pass, {x}, [&](auto type, auto pack) {
    using T = decltype(type);
    const Launch launch = launch_of(pass, pack, kMostSums);
    moment_parts<T, pack>
        <<<launch.blocks, kThreads, 0, stream_of(pass)>>>(inputs_of<T>(x), launch.shape, workspace);
    check();
    moments<T><<<blocks_of(pass.channels), kThreads, 0, stream_of(pass)>>>(
        static_cast<const T*>(x.values), launch.shape, workspace, static_cast<int>(launch.blocks.y),
        mean, variance);
    check();
  });
}

void launch_norm_factors(const Pass& pass, const double* mean, const double* variance,
                         const Norm& norm, const Factors& factors) {
  norm_factors<<<blocks_of(pass.channels), kThreads, 0, stream_of(pass)>>>(
      pass.channels, mean, variance, static_cast<double>(pass.rows), norm, factors);
  check();
}

void launch_stored_factors(const Pass& pass, const Norm& norm, const Factors& factors) {
  stored_factors<<<blocks_of(pass.channels), kThreads, 0, stream_of(pass)>>>(pass.channels, norm,
                                                                             factors);
  check();
}

void launch_forward(const Pass& pass, RawRows x, RawRows y, const float* scale,
                    const float* shift) {
  by_type(pass, {x, y}, [&](auto type, auto pack) {
    using T = decltype(type);
    const Launch launch = launch_of(pass, pack, kMostBlocks);
    forward<T, pack><<<launch.blocks, kThreads, 0, stream_of(pass)>>>(
        inputs_of<T>(x), rows_of<T>(y), launch.shape, scale, shift);
    check();
  });
}

namespace {

/// Returns how many parts there are.
int queue_gradient_parts(const Pass& pass, RawRows dy, RawRows x, const float* scale,
                         const float* shift, const float* mean, double* workspace) {
  int parts = 0;
  by_type(pass, {dy, x}, [&](auto type, auto pack) {
    using T = decltype(type);
    const Launch launch = launch_of(pass, pack, kMostSums);
    gradient_parts<T, pack><<<launch.blocks, kThreads, 0, stream_of(pass)>>>(
        inputs_of<T>(dy), inputs_of<T>(x), launch.shape, scale, shift, mean, workspace);
    check();
    parts = static_cast<int>(launch.blocks.y);
  });
  return parts;
}

}  // namespace

void launch_sums(const Pass& pass, RawRows dy, RawRows x, const float* scale, const float* shift,
                 const float* mean, double* workspace, double* sums) {
  const int parts = queue_gradient_parts(pass, dy, x, scale, shift, mean, workspace);
  sum_parts<<<blocks_of(pass.channels), kThreads, 0, stream_of(pass)>>>(pass.channels, workspace,
                                                                        parts, sums);
  check();
}

void launch_gradient_factors(const Pass& pass, RawRows dy, RawRows x, const Factors& of,
                             double* workspace, const GradientFactors& to) {
  const int parts = queue_gradient_parts(pass, dy, x, of.scale, of.shift, of.mean, workspace);
  gradient_factors<<<blocks_of(pass.channels), kThreads, 0, stream_of(pass)>>>(
      pass.channels, workspace, parts, static_cast<double>(pass.rows), of, to);
  check();
}

void launch_backward(const Pass& pass, RawRows dy, RawRows x, RawRows dx, const float* scale,
                     const float* shift, const float* slope, const float* offset, bool add) {
  by_type(pass, {dy, x, dx}, [&](auto type, auto pack) {
    using T = decltype(type);
    const Launch launch = launch_of(pass, pack, kMostBlocks);
    backward<T, pack><<<launch.blocks, kThreads, 0, stream_of(pass)>>>(
        inputs_of<T>(dy), inputs_of<T>(x), rows_of<T>(dx), launch.shape, scale, shift, slope,
        offset, add);
    check();
  });
}

}  // namespace chestmap::device
