#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "engine/network.h"

namespace chestmap::engine {

/// The memory that one layer works on, of one image.
struct Operands {
  std::array<const float*, 2> inputs{};
  float* output = nullptr;  ///< may be the second input's place
  float* workspace = nullptr;
};

/// What runs a layer.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  /// To be called, from one thread, before the first run with so many threads.
  virtual void prepare(int /*threads*/) {}
  /// Floats that `Operands::workspace` must have.
  [[nodiscard]] virtual std::size_t workspace(int /*threads*/) const { return 0; }
  /// May be called at the same time for different operands.
  virtual void run(const Operands& operands, int threads) const = 0;
  /// For `chestmap bench`: "oneDNN", "plain", ...
  [[nodiscard]] virtual const char* name() const = 0;
};

/// For one layer of the network, whose weights are taken from it.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel(const Network& network, Layer& layer);

}  // namespace chestmap::engine
