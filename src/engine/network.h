#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/numbers.h"
#include "kernels/blocked.h"

namespace chestmap::engine {

/// Channels in a block of the blocked layout.
inline constexpr std::int64_t kBlock = static_cast<std::int64_t>(kernels::lanes);

/// What one value of the network looks like in memory, of one image and in single precision.
/// Planar: channels x height x width, row-major. Blocked: the physical channels in blocks of 16,
/// each block height x width x 16 (kernels/blocked.h); channels that stand for none are zero.
struct Tensor {
  std::string name;
  std::int64_t channels = 0;  ///< logical
  std::int64_t height = 0;
  std::int64_t width = 0;
  bool blocked = false;
  std::int64_t physical = 0;            ///< channels with padding
  std::vector<std::int64_t> positions;  ///< of each logical channel among the physical ones
  /// Part of a larger tensor, from its physical channel `offset` on: what a concatenation reads is
  /// written in its place.
  std::optional<std::size_t> parent;
  std::int64_t offset = 0;

  [[nodiscard]] std::int64_t pixels() const noexcept { return height * width; }
  /// Floats from one block of channels, or one planar channel, to the next. Blocks are an odd
  /// number of lines of the cache apart, so that a pixel's blocks lie in different sets of it.
  [[nodiscard]] std::int64_t stride() const noexcept {
    return blocked ? (pixels() | 1) * kBlock : pixels();
  }
  /// Floats from the start to the end, what is left free between blocks included.
  [[nodiscard]] std::size_t floats() const noexcept {
    return static_cast<std::size_t>(blocked ? physical / kBlock * stride() : physical * stride());
  }
};

/// y = scale x + shift a channel (physical), then ReLU where it is set.
struct Affine {
  std::vector<float> scale;
  std::vector<float> shift;
  bool relu = false;
};

/// Convolution, cross-correlation as networks have it, on square kernels.
struct Convolution {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  Numbers weight;                ///< output x input x kernel x kernel, physical channels
  std::vector<float> scale;      ///< of `weight`, one a physical output channel
  std::vector<float> bias;       ///< likewise
  std::optional<Affine> before;  ///< of what is read, with a ReLU; the padding stays zero
  bool averages = false;         ///< 2x2 pixels after `before`, for a 1x1 kernel
  bool adds = false;             ///< the second input is added before the ReLU
  bool relu = false;
  /// Largest number that was seen of what is multiplied, none below 0; 0 where that is not known.
  float input_largest = 0.0F;
};

/// The largest of 3 x 3 pixels, stride 2, over those that exist.
struct MaxPooling {};

/// From one layout to the other.
struct Reorder {};

/// The input's place in a concatenation that could not be written at once.
struct Copy {};

/// On planar tensors: "Exp", "Log", "Neg", "Sigmoid", "Softplus"; "Add", "Sub", "Mul", "Div" of two
/// values of one shape; "GlobalAveragePool", "GlobalMaxPool"; "Transpose" of height and width;
/// "MatMul" with a constant of width x `columns` on the right. They are ONNX's.
struct PlanarOperation {
  std::string op;
  std::vector<float> matrix;
  std::int64_t columns = 0;
};

using Operation = std::variant<Convolution, Affine, MaxPooling, Reorder, Copy, PlanarOperation>;

/// One step of the computation: reads tensors, writes one.
struct Layer {
  std::string name;  ///< of the model's layer whose result this gives
  Operation operation;
  std::vector<std::size_t> inputs;
  std::size_t output = 0;
};

/// A network that is ready to be planned: its layers in the order in which they run.
struct Network {
  std::vector<Tensor> tensors;
  std::vector<Layer> layers;
  std::size_t input = 0;                                     ///< planar, one channel
  std::vector<std::pair<std::string, std::size_t>> outputs;  ///< by name; planar
};

/// Multiply-adds of a layer times two; 0 of what is no convolution.
[[nodiscard]] double operations_of(const Network& network, const Layer& layer);

}  // namespace chestmap::engine
