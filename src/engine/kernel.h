#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "engine/network.h"
#include "engine/team.h"
#include "kernels/isa.h"

namespace chestmap::engine {

/// What convolutions of blocked tensors multiply: numbers of 24 bits, of 8 bits and an exponent,
/// added in single precision, or 255 steps of the range that their input was seen to have, added as
/// integers; where the range is not known, in single precision. The CPU must support it.
enum class Precision { single, bfloat16, int8 };

/// What a network is computed by.
struct Computing {
  kernels::Isa isa = kernels::best_isa();
  Precision precision = Precision::single;
};

/// The memory that one layer works on: of the first image, and how far it is to the next.
struct Operands {
  std::array<const float*, 2> inputs{};
  float* output = nullptr;  ///< may be the second input's place
  float* workspace = nullptr;
  std::size_t images = 1;
  std::size_t image_stride = 0;  ///< floats, the same for all
};

/// What runs a layer.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  /// To be called, from one thread, before the first run of so many images by a team of so many.
  virtual void prepare(std::size_t /*threads*/, std::size_t /*images*/) {}
  /// Floats that `Operands::workspace` must have.
  [[nodiscard]] virtual std::size_t workspace(std::size_t /*threads*/,
                                              std::size_t /*images*/) const {
    return 0;
  }
  /// May be called at the same time for different operands by different teams.
  void run(const Operands& operands, Team& team) const;
  /// For `chestmap bench`.
  [[nodiscard]] virtual const char* name() const = 0;
  /// Of weights.
  [[nodiscard]] virtual std::size_t bytes() const { return 0; }

 private:
  /// Whether several images are better computed together than one after the other.
  [[nodiscard]] virtual bool shares_weights() const { return false; }
  /// Of one image, unless it shares weights.
  virtual void compute(const Operands& operands, Team& team) const = 0;
};

/// For one layer of the network, whose weights are taken from it.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel(const Network& network, Layer& layer,
                                                  const Computing& how);

}  // namespace chestmap::engine
