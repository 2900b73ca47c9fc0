#include "cli/bench_training.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/median.h"
#include "nn/device.h"
#include "train/measure_step.h"
#include "train/train_config.h"

namespace chestmap {

nlohmann::ordered_json bench_training(const TrainingBench& bench, const BackendArguments& backend) {
  const c10::Device device = prepare_device(backend.device, backend.threads);
  Config config = train_config();
  config.set("model.backbone=" + bench.backbone);
  config.set("train.precision=" + bench.precision);
  config.set(fmt::format("model.size={}", bench.size));
  config.set(fmt::format("train.record_steps={}", bench.record));
  std::vector<std::string> findings;
  constexpr int kFindings = 14;  // ChestX-ray14's
  for (int f = 1; f <= kFindings; ++f) findings.push_back(fmt::format("Finding {}", f));
  const std::size_t steps = device.is_cpu() ? 1 : 20;
  MeasuredSteps measured = measure_steps(model_spec(config, findings), train_options(config),
                                         device, bench.batch, bench.repeats, steps);
  return {{"backbone", bench.backbone},
          {"input_size", bench.size},
          {"parameters", measured.parameters},
          {"images", bench.batch},
          {"seconds", upper_median(std::move(measured.seconds))},
          {"device_bytes", measured.device_bytes}};
}

}  // namespace chestmap
