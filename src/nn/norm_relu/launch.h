#pragma once

#include <cstdint>

#include "nn/norm_relu/vectors.h"

namespace chestmap::device {

/// Rows as the kernels see them: float, or bfloat16 where `half`.
struct RawRows {
  void* values = nullptr;
  std::int64_t distance = 0;
};

struct Pass {
  std::int64_t rows = 0;
  int channels = 0;
  bool half = false;
  void* stream = nullptr;  ///< a cudaStream_t
};

/// Doubles of memory that the passes which sum need to work in.
[[nodiscard]] std::int64_t workspace_size();

// Each queues one or two kernels of device.h on the pass's stream. Throws std::runtime_error where
// CUDA refuses.

void launch_moments(const Pass& pass, RawRows x, double* workspace, double* mean, double* variance);
void launch_norm_factors(const Pass& pass, const double* mean, const double* variance,
                         const Norm& norm, const Factors& factors);
void launch_stored_factors(const Pass& pass, const Norm& norm, const Factors& factors);
void launch_forward(const Pass& pass, RawRows x, RawRows y, const float* scale, const float* shift);
/// `sums` are 2 x channels.
void launch_sums(const Pass& pass, RawRows dy, RawRows x, const float* scale, const float* shift,
                 const float* mean, double* workspace, double* sums);
/// The sums, and what follows from them.
void launch_gradient_factors(const Pass& pass, RawRows dy, RawRows x, const Factors& of,
                             double* workspace, const GradientFactors& to);
void launch_backward(const Pass& pass, RawRows dy, RawRows x, RawRows dx, const float* scale,
                     const float* shift, const float* slope, const float* offset, bool add);

}  // namespace chestmap::device
