#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/parallel.h"

namespace chestmap::engine {

Engine::Engine(Network network, std::size_t threads, const Computing& how)
    : network_(std::move(network)),
      team_(threads > 0 ? threads : available_cores()),
      kernels_(network_.layers.size()) {
  parallel_for(kernels_.size(), team_.size(), [&](std::size_t layer) {
    kernels_[layer] = make_kernel(network_, network_.layers[layer], how);
  });
}

const MemoryPlan& Engine::plan(std::size_t threads) {
  const std::lock_guard lock(mutex_);
  const auto known = plans_.find(threads);
  if (known != plans_.end()) return known->second;
  std::vector<std::size_t> workspaces;
  for (const auto& kernel : kernels_) {
    kernel->prepare(threads);
    workspaces.push_back(kernel->workspace(threads));
  }
  return plans_.emplace(threads, plan_memory(network_, workspaces)).first->second;
}

Arena Engine::take_arena(std::size_t size) {
  {
    const std::lock_guard lock(mutex_);
    const auto large = std::find_if(arenas_.begin(), arenas_.end(),
                                    [&](const Arena& arena) { return arena.size() >= size; });
    if (large != arenas_.end()) {
      Arena arena = std::move(*large);
      arenas_.erase(large);
      return arena;
    }
    arenas_.clear();  // too small for what is asked for now
  }
  return Arena(size);
}

void Engine::keep_arena(Arena arena) {
  const std::lock_guard lock(mutex_);
  arenas_.push_back(std::move(arena));
}

Operands Engine::operands_of(const MemoryPlan& plan, const Arena& arena, std::size_t layer) const {
  const Layer& described = network_.layers[layer];
  Operands operands;
  for (std::size_t i = 0; i < described.inputs.size(); ++i)
    operands.inputs.at(i) = arena.data() + plan.tensors[described.inputs[i]];
  operands.output = arena.data() + plan.tensors[described.output];
  operands.workspace = arena.data() + plan.workspaces[layer];
  return operands;
}

void Engine::run_image(std::size_t image, Team& team, const Load& load, const Take& take) {
  const MemoryPlan& places = plan(team.size());
  Arena arena = take_arena(places.size);
  load(image, arena.data() + places.tensors[network_.input]);
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer)
    kernels_[layer]->run(operands_of(places, arena, layer), team);
  std::vector<std::span<const float>> outputs;
  for (const auto& [name, tensor] : network_.outputs)
    outputs.emplace_back(arena.data() + places.tensors[tensor], network_.tensors[tensor].floats());
  take(image, outputs);
  keep_arena(std::move(arena));
}

void Engine::run_alone(const Load& load, const Take& take) { run_image(0, alone_, load, take); }

void Engine::run(std::size_t images, const Load& load, const Take& take) {
  const std::size_t each = threads() > 1 ? images / threads() * threads() : 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  team_.run(each, [&](std::size_t image, std::size_t /*member*/) {
    try {
      run_image(image, alone_, load, take);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
  for (std::size_t image = each; image < images; ++image) run_image(image, team_, load, take);
}

void Engine::run_watched(const Load& load, const Watch& watch) {
  const MemoryPlan& places = plan(threads());
  Arena arena = take_arena(places.size);
  load(0, arena.data() + places.tensors[network_.input]);
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer) {
    const Operands operands = operands_of(places, arena, layer);
    watch(layer, operands);
    kernels_[layer]->run(operands, team_);
  }
  keep_arena(std::move(arena));
}

std::vector<LayerTime> Engine::timed(const Load& load) {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> starts;
  run_watched(load, [&](std::size_t /*layer*/, const Operands& /*operands*/) {
    starts.push_back(Clock::now());
  });
  starts.push_back(Clock::now());
  std::vector<LayerTime> times;
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer) {
    const std::chrono::duration<double> taken = starts[layer + 1] - starts[layer];
    times.push_back({&network_.layers[layer], kernels_[layer]->name(), taken.count()});
  }
  return times;
}

std::size_t Engine::weight_bytes() const {
  std::size_t bytes = 0;
  for (const auto& kernel : kernels_) bytes += kernel->bytes();
  return bytes;
}

std::size_t Engine::activation_bytes(std::size_t threads) {
  return plan(threads).size * sizeof(float);
}

}  // namespace chestmap::engine
