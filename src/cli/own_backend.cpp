#include <nlohmann/json.hpp>
#include <stdexcept>

#include "cli/backend_arguments.h"
#include "cli/bench_training.h"
#include "cli/fitting.h"
#include "engine/engine_backend.h"
#include "engine/input_ranges.h"
#include "engine/localizer_network.h"
#include "engine/precision.h"

namespace chestmap {

bool needs_torch(const BackendArguments& arguments, bool gradients) {
  return gradients || arguments.engine == "torch" || arguments.device != "cpu";
}

std::unique_ptr<Backend> make_backend(const std::filesystem::path& model,
                                      const BackendArguments& arguments) {
  return make_engine_backend(model, arguments.threads, precision_of(arguments.engine));
}

nlohmann::ordered_json bench_training(const TrainingBench& /*bench*/,
                                      const BackendArguments& /*backend*/) {
  throw std::logic_error("training is timed by chestmap-torch");
}

void make_ready_to_time(const std::filesystem::path& model, const BackendArguments& arguments) {
  if (precision_of(arguments.engine) != engine::Precision::int8) return;
  ModelSpec spec = localizer_network(model).spec;
  const auto side = static_cast<std::size_t>(spec.input_size);
  InputRangeObserver observer(model, arguments.threads);
  ImageF ramp(side, side);
  for (std::size_t i = 0; i < ramp.pixels().size(); ++i)
    ramp.pixels()[i] = static_cast<float>(i) / static_cast<float>(ramp.pixels().size());
  observer.see(ramp);
  spec.input_ranges.emplace().largest = observer.largest();
  rewrite_model(model, spec);
}

}  // namespace chestmap
