#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "base/parallel.h"

namespace chestmap::engine {

Engine::Engine(Network network, int threads)
    : network_(std::move(network)),
      threads_(threads > 0 ? threads : static_cast<int>(available_cores())) {
  for (Layer& layer : network_.layers) kernels_.push_back(make_kernel(network_, layer));
}

const Engine::Program& Engine::program(int threads) {
  const auto known = programs_.find(threads);
  if (known != programs_.end()) return known->second;
  std::vector<std::size_t> workspaces;
  for (const auto& kernel : kernels_) {
    kernel->prepare(threads);
    workspaces.push_back(kernel->workspace(threads));
  }
  return programs_[threads] = {plan_memory(network_, workspaces), threads};
}

AlignedFloats& Engine::memory(std::size_t lane, std::size_t size) {
  if (memory_.size() <= lane) memory_.resize(lane + 1);
  if (memory_[lane].size() < size) {
    memory_[lane] = {};  // before there is another
    memory_[lane] = AlignedFloats(size);
  }
  return memory_[lane];
}

void Engine::run_layer(const Program& program, AlignedFloats& memory, std::size_t layer) const {
  const Layer& described = network_.layers[layer];
  Operands operands;
  for (std::size_t i = 0; i < described.inputs.size(); ++i)
    operands.inputs.at(i) = memory.data() + program.plan.tensors[described.inputs[i]];
  operands.output = memory.data() + program.plan.tensors[described.output];
  operands.workspace = memory.data() + program.plan.workspaces[layer];
  kernels_[layer]->run(operands, program.threads);
}

void Engine::run_one(const Program& program, AlignedFloats& memory, std::size_t image,
                     const Load& load, const Take& take) const {
  load(image, memory.data() + program.plan.tensors[network_.input]);
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer) run_layer(program, memory, layer);
  std::vector<std::span<const float>> outputs;
  for (const auto& [name, tensor] : network_.outputs)
    outputs.emplace_back(memory.data() + program.plan.tensors[tensor],
                         network_.tensors[tensor].elements());
  take(image, outputs);
}

void Engine::run(std::size_t images, const Load& load, const Take& take) {
  const auto lanes = static_cast<std::size_t>(threads_);
  const std::size_t alone = lanes > 1 ? images / lanes * lanes : 0;  // by one thread each
  if (alone > 0) {
    const Program& single = program(1);
    for (std::size_t lane = 0; lane < lanes; ++lane) memory(lane, single.plan.size);
    std::exception_ptr error;
    std::mutex error_mutex;
#pragma omp parallel for num_threads(threads_) schedule(static, 1)
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      try {
        for (std::size_t image = lane; image < alone; image += lanes)
          run_one(single, memory_[lane], image, load, take);
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
  }
  if (alone == images) return;
  const Program& joint = program(threads_);
  for (std::size_t image = alone; image < images; ++image)
    run_one(joint, memory(0, joint.plan.size), image, load, take);
}

std::vector<LayerTime> Engine::timed(const Load& load) {
  using Clock = std::chrono::steady_clock;
  const Program& joint = program(threads_);
  AlignedFloats& floats = memory(0, joint.plan.size);
  load(0, floats.data() + joint.plan.tensors[network_.input]);
  std::vector<LayerTime> times;
  for (std::size_t layer = 0; layer < kernels_.size(); ++layer) {
    const Clock::time_point start = Clock::now();
    run_layer(joint, floats, layer);
    const std::chrono::duration<double> taken = Clock::now() - start;
    times.push_back({&network_.layers[layer], kernels_[layer]->name(), taken.count()});
  }
  return times;
}

std::size_t Engine::activation_bytes(int threads) {
  return program(threads).plan.size * sizeof(float);
}

}  // namespace chestmap::engine
