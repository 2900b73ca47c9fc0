#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/cores.h"
#include "base/parallel.h"

namespace chestmap::engine {

Engine::Engine(Network network, std::size_t threads, const Computing& how)
    : network_(std::move(network)),
      team_(threads > 0 ? threads : available_cores()),
      kernels_(network_.layers.size()) {
  parallel_for(kernels_.size(), team_.size(), [&](std::size_t layer) {
    kernels_[layer] = make_kernel(network_, network_.layers[layer], how);
  });
  // What one image needs, by all threads at once.
  Arena arena(plan(team_.size(), 1).floats);
  arena.take_pages(team_.size());
  keep_arena(std::move(arena));
}

const Engine::Plan& Engine::plan(std::size_t threads, std::size_t images) {
  const std::lock_guard lock(mutex_);
  const auto known = plans_.find({threads, images});
  if (known != plans_.end()) return known->second;
  std::vector<std::size_t> workspaces;
  for (const auto& kernel : kernels_) {
    kernel->prepare(threads, images);
    workspaces.push_back(kernel->workspace(threads, images));
  }
  Plan plan;
  if (images == 1) {
    plan.memory = plan_memory(network_, workspaces);
    plan.floats = plan.memory.size;
  } else {
    // One image's memory behind the other's, an odd number of lines apart; then what all layers
    // work in.
    plan.memory = plan_memory(network_, std::vector<std::size_t>(workspaces.size(), 0));
    plan.image_stride = (plan.memory.size / kernels::lanes | 1) * kernels::lanes;
    const std::size_t behind = images * plan.image_stride;
    std::fill(plan.memory.workspaces.begin(), plan.memory.workspaces.end(), behind);
    plan.floats = behind + *std::max_element(workspaces.begin(), workspaces.end());
  }
  return plans_.emplace(std::pair(threads, images), std::move(plan)).first->second;
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

Operands Engine::operands_of(const Plan& plan, const Arena& arena, std::size_t layer) const {
  const Layer& described = network_.layers[layer];
  Operands operands;
  for (std::size_t i = 0; i < described.inputs.size(); ++i)
    operands.inputs.at(i) = arena.data() + plan.memory.tensors[described.inputs[i]];
  operands.output = arena.data() + plan.memory.tensors[described.output];
  operands.workspace = arena.data() + plan.memory.workspaces[layer];
  operands.image_stride = plan.image_stride;
  return operands;
}

void Engine::run_images(Images images, Team& team, const Load& load, const Take& take) {
  const Plan& places = plan(team.size(), images.count);
  Arena arena = take_arena(places.floats);
  const auto at = [&](std::size_t image, std::size_t tensor) {
    return arena.data() + image * places.image_stride + places.memory.tensors[tensor];
  };
  for (std::size_t i = 0; i < images.count; ++i) load(images.first + i, at(i, network_.input));
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer) {
    Operands operands = operands_of(places, arena, layer);
    operands.images = images.count;
    kernels_[layer]->run(operands, team);
  }
  for (std::size_t i = 0; i < images.count; ++i) {
    std::vector<std::span<const float>> outputs;
    for (const auto& [name, tensor] : network_.outputs)
      outputs.emplace_back(at(i, tensor), network_.tensors[tensor].floats());
    take(images.first + i, outputs);
  }
  keep_arena(std::move(arena));
}

void Engine::run_alone(std::size_t images, const Load& load, const Take& take) {
  for (std::size_t first = 0; first < images; first += most_together())
    run_images({first, std::min(most_together(), images - first)}, alone_, load, take);
}

std::size_t Engine::most_together() const {
  constexpr std::size_t kMostPixels = std::size_t{4} * 224 * 224;
  constexpr std::size_t kMostImages = 4;
  const auto pixels = static_cast<std::size_t>(network_.tensors[network_.input].pixels());
  return std::clamp<std::size_t>(kMostPixels / pixels, 1, kMostImages);
}

void Engine::run(std::size_t images, const Load& load, const Take& take) {
  const std::size_t shared = threads() > 1 ? images % threads() : 0;  // by all threads
  const std::size_t each = (images - shared) / threads();
  std::vector<Images> groups;
  for (std::size_t done = 0; done < each;) {
    const std::size_t count = std::min(most_together(), each - done);
    for (std::size_t thread = 0; thread < threads(); ++thread)
      groups.push_back({thread * each + done, count});
    done += count;
  }
  std::exception_ptr error;
  std::mutex error_mutex;
  team_.run(groups.size(), [&](std::size_t group, std::size_t /*member*/) {
    try {
      run_images(groups[group], alone_, load, take);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
  for (std::size_t image = images - shared; image < images; ++image)
    run_images({image, 1}, team_, load, take);
}

void Engine::run_watched(const Load& load, const Watch& watch) {
  const Plan& places = plan(threads(), 1);
  Arena arena = take_arena(places.floats);
  load(0, arena.data() + places.memory.tensors[network_.input]);
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
  return plan(threads, 1).floats * sizeof(float);
}

}  // namespace chestmap::engine
