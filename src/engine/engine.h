#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "engine/arena.h"
#include "engine/kernel.h"
#include "engine/memory_plan.h"
#include "engine/network.h"
#include "engine/team.h"

namespace chestmap::engine {

/// How long a layer took.
struct LayerTime {
  const Layer* layer = nullptr;
  const char* kernel = "";
  double seconds = 0.0;
};

/// Runs a network on the CPU. What comes out depends on the number of threads by rounding alone.
class Engine {
 public:
  /// Writes an image's pixels to where the network reads them, channels x height x width.
  using Load = std::function<void(std::size_t image, float* input)>;
  /// Takes an image's results: one array a network output, in their order. They are gone
  /// afterwards.
  using Take =
      std::function<void(std::size_t image, const std::vector<std::span<const float>>& outputs)>;

  /// `threads` 0 takes every core; what `how` names must be supported.
  Engine(Network network, std::size_t threads, const Computing& how = {});

  /// Images by one thread each, as far as there are enough for all threads, small ones several at a
  /// time, which share the reading of weights; what is left, image by image, by all threads
  /// together. Both functions are called once an image, from any thread; what
  /// they throw is thrown here. One thread at a time may call it. Throws std::bad_alloc where there
  /// is not enough memory.
  void run(std::size_t images, const Load& load, const Take& take);

  /// Images by the calling thread alone. Any number of threads may call it at a time.
  void run_alone(std::size_t images, const Load& load, const Take& take);

  /// Images that a thread computes at a time: weights are read for all of them, activations stay
  /// near.
  [[nodiscard]] std::size_t most_together() const;

  /// Called before each layer, with what it reads.
  using Watch = std::function<void(std::size_t layer, const Operands& operands)>;

  /// The layers of one image, one after another, by all threads.
  void run_watched(const Load& load, const Watch& watch);
  [[nodiscard]] std::vector<LayerTime> timed(const Load& load);

  [[nodiscard]] const Network& network() const noexcept { return network_; }
  [[nodiscard]] std::size_t threads() const noexcept { return team_.size(); }
  [[nodiscard]] std::size_t weight_bytes() const;
  /// Of all that lies between the layers of one image that so many threads compute.
  [[nodiscard]] std::size_t activation_bytes(std::size_t threads);

 private:
  /// Where everything lies for images that are computed together.
  struct Plan {
    MemoryPlan memory;             // of the first image
    std::size_t image_stride = 0;  // floats to the next
    std::size_t floats = 0;        // in all
  };
  struct Images {
    std::size_t first = 0;
    std::size_t count = 1;
  };
  const Plan& plan(std::size_t threads, std::size_t images);
  Arena take_arena(std::size_t size);
  void keep_arena(Arena arena);
  void run_images(Images images, Team& team, const Load& load, const Take& take);
  [[nodiscard]] Operands operands_of(const Plan& plan, const Arena& arena, std::size_t layer) const;

  Network network_;
  Team team_;
  Team alone_{1};
  std::vector<std::unique_ptr<Kernel>> kernels_;               // one a layer
  std::mutex mutex_;                                           // of what follows
  std::map<std::pair<std::size_t, std::size_t>, Plan> plans_;  // by threads and images
  std::vector<Arena> arenas_;                                  // that nobody uses
};

}  // namespace chestmap::engine
