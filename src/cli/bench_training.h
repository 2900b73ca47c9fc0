#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/backend_arguments.h"

namespace chestmap {

struct TrainingBench {
  std::string backbone;
  std::int64_t size = 224;
  std::int64_t batch = 16;
  std::string precision = "float32";
  bool record = true;  ///< steps, on a GPU
  std::size_t repeats = 5;
};

/// What a training step costs, as JSON: "backbone", "input_size", "parameters", "images" (a step),
/// "seconds" (a step, the median), "device_bytes" (0 on the CPU). Of chestmap-torch alone.
[[nodiscard]] nlohmann::ordered_json bench_training(const TrainingBench& bench,
                                                    const BackendArguments& backend);

}  // namespace chestmap
