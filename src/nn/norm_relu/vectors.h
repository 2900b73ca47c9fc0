#pragma once

#include <cstdint>

namespace chestmap::device {

/// A norm's vectors, a value a channel.
struct Norm {
  const float* weight;
  const float* bias;
  float* running_mean;
  float* running_variance;
  std::int64_t* batches;  // one number
  double momentum;
  double epsilon;
};

/// What forward and backward multiply by.
struct Factors {
  float* scale;
  float* shift;
  float* mean;
  double* inverse;  // of the deviation
};

struct GradientFactors {
  float* weight;  // gradients of the norm's parameters
  float* bias;
  float* slope;
  float* offset;
};

}  // namespace chestmap::device
