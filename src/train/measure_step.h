#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "train/train_config.h"
#include "weights/model_spec.h"

namespace chestmap {

struct MeasuredSteps {
  std::vector<double> seconds;    ///< a step, of each repeat
  std::int64_t parameters = 0;    ///< of the model
  std::int64_t device_bytes = 0;  ///< the most that was in use on a GPU; 0 on the CPU
};

/// Trains a model of random weights on one batch of noise, already on the device: what a step
/// costs, apart from feeding it. `repeats` times `steps` steps are queued and waited for, after
/// some that warm up.
[[nodiscard]] MeasuredSteps measure_steps(const ModelSpec& spec, const TrainOptions& options,
                                          c10::Device device, std::int64_t batch,
                                          std::size_t repeats, std::size_t steps);

}  // namespace chestmap
