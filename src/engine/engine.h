#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/aligned.h"
#include "engine/kernel.h"
#include "engine/memory_plan.h"
#include "engine/network.h"

namespace chestmap::engine {

/// How long a layer took.
struct LayerTime {
  const Layer* layer = nullptr;
  const char* kernel = "";
  double seconds = 0.0;
};

/// Runs a network on the CPU. One image is computed by all threads together, several by one thread
/// each, so that what comes out depends on the number of threads by rounding alone.
class Engine {
 public:
  /// Writes an image's pixels to where the network reads them, channels x height x width.
  using Load = std::function<void(std::size_t image, float* input)>;
  /// Takes an image's results: one array a network output, in their order. They are gone
  /// afterwards.
  using Take =
      std::function<void(std::size_t image, const std::vector<std::span<const float>>& outputs)>;

  /// `threads` 0 takes every core.
  Engine(Network network, int threads);

  /// Both functions are called once an image, from any thread. What they throw is thrown here.
  void run(std::size_t images, const Load& load, const Take& take);

  /// The layers of one image, one after another, by all threads.
  [[nodiscard]] std::vector<LayerTime> timed(const Load& load);

  [[nodiscard]] const Network& network() const noexcept { return network_; }
  [[nodiscard]] int threads() const noexcept { return threads_; }
  /// Of what lies between the layers of one image.
  [[nodiscard]] std::size_t activation_bytes(int threads);

 private:
  /// The network, ready for images that so many threads compute together.
  struct Program {
    MemoryPlan plan;
    int threads = 1;
  };
  const Program& program(int threads);
  void run_one(const Program& program, AlignedFloats& memory, std::size_t image, const Load& load,
               const Take& take) const;
  void run_layer(const Program& program, AlignedFloats& memory, std::size_t layer) const;
  AlignedFloats& memory(std::size_t lane, std::size_t size);

  Network network_;
  int threads_;
  std::vector<std::unique_ptr<Kernel>> kernels_;  // one a layer
  std::map<int, Program> programs_;               // by their threads
  std::vector<AlignedFloats> memory_;             // one an image that is computed at a time
};

}  // namespace chestmap::engine
