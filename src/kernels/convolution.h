#pragma once

#include <cstddef>
#include <span>

#include "kernels/blocked.h"
#include "kernels/isa.h"
#include "kernels/job.h"

/// Convolutions in single precision on blocked tensors (blocked.h), with what stands before and
/// behind them in the backbones done in the same pass:
///
///     output = act(filter * pre(input) + bias + residual)
///
/// pre: an optional scale and shift a channel followed by ReLU, then an optional average over 2x2
/// pixels; act: an optional ReLU. A kernel allocates nothing and starts no thread: a convolution is
/// cut into work items, any range of which may be computed by any thread; every output is summed in
/// the same order whatever the cut.
namespace chestmap::kernels {

/// How a filter is applied. `direct` sums the products as the definition does. Two are Winograd's
/// F(2x2, 3x3) and F(4x4, 3x3) (Lavin and Gray 2016): 2.25 and 4 times fewer products, weights of
/// 16/9 and 4 times the memory. The rest are direct with inputs, after `pre`, and weights as one
/// number in bfloat16 or as sums of two or three of them, of whose products the largest, three or
/// six, are summed in single precision (Henry, Tang and Heinecke 2019). `int8` multiplies numbers
/// of 8 bits: inputs, after `pre`, none below 0, in steps of a size that is given, up to 255 of
/// them; weights in steps of 1/127 of the largest of their output channel. The sums are exact.
/// These are for blocked input, where the CPU has a unit for them (`supported`).
///
/// Measured rms (largest) errors, relative to the rms of the output, for a 3x3 filter of 128 to 32
/// channels on normal values after ReLU: direct 4.2e-7 (4.4e-6), F(2x2) 3.1e-7 (1.5e-6), F(4x4)
/// 9.2e-7 (6.0e-6), bfloat16 2.5e-3 (1.1e-2), two of them 4.6e-6 (2.1e-5), three 2.7e-7 (2.3e-6).
enum class Method { direct, winograd2, winograd4, bfloat16, bfloat16x2, bfloat16x3, int8 };

/// How a method of narrow numbers holds its operands; no terms for the others.
struct NarrowOperands {
  std::size_t terms = 0;   // numbers that stand for one
  std::size_t blocks = 1;  // of 16 channels in a register's row
};
[[nodiscard]] NarrowOperands narrow_operands(Method method) noexcept;
/// Whether this CPU can run a method of narrow numbers by the unit. Sums of two or three numbers
/// are for tiles alone.
[[nodiscard]] bool supported(Method method, Unit unit) noexcept;
/// Products that a method takes of a tile: those of Winograd's transformed patch, 1 for the others.
[[nodiscard]] std::size_t positions_of(Method method) noexcept;

struct Filter {
  std::size_t in_channels = 0;
  std::size_t out_channels = 0;
  std::size_t kernel = 1;   // pixels, both axes
  std::size_t stride = 1;   // both axes
  std::size_t padding = 0;  // pixels of zeros on each side, after `pre`
  /// The input is planes of pixels (NCHW), `block_stride` floats apart, instead of blocked. Such a
  /// filter has stride 2, and `pre` is not applied.
  bool planar_input = false;
  /// Averages 2x2 pixels after `pre` and before a 1x1 filter, the last odd row and column left out:
  /// a transition of DenseNet, whose 1x1 convolution and average pooling commute.
  bool average_input = false;
};

/// Height and width of the output for that input.
[[nodiscard]] Extent output_extent(const Filter& filter, const Extent& input) noexcept;

/// The fastest method as accurate as single precision for an input of this size, weights read from
/// beyond the second level cache.
[[nodiscard]] Method choose_method(const Filter& filter, const Extent& input,
                                   Isa isa = best_isa()) noexcept;

/// The fastest method at least as accurate as one number in bfloat16, where `bfloat16_supported()`:
/// Winograd's on most 3x3 filters where dot products multiply.
[[nodiscard]] Method choose_bfloat16_method(const Filter& filter, const Extent& input,
                                            Isa isa = best_isa()) noexcept;

/// A filter's weights in the order that a method reads them; good for any size of image.
class PackedFilter {
 public:
  /// `weights`: out_channels x in_channels x kernel x kernel, to be multiplied by `scale`, one
  /// number an output channel, where there is one. Winograd's methods are for 3x3 filters of stride
  /// 1 and padding 1 on blocked input. `input_step`: of `int8` alone, above 0.
  PackedFilter(const Filter& filter, Method method, std::span<const float> weights,
               std::span<const float> scale = {}, float input_step = 0.0F);

  [[nodiscard]] const Filter& filter() const noexcept { return filter_; }
  [[nodiscard]] Method method() const noexcept { return method_; }
  [[nodiscard]] const float* data() const noexcept { return packed_.data(); }
  /// Of `int8`: the input's step, and what a product of one step by one step is worth, a padded
  /// output channel.
  [[nodiscard]] float input_step() const noexcept { return input_step_; }
  [[nodiscard]] const float* product_steps() const noexcept { return product_steps_.data(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return packed_.size() * sizeof(float); }

 private:
  Filter filter_;
  Method method_;
  AlignedFloats packed_;
  float input_step_;
  AlignedFloats product_steps_;
};

/// What a convolution reads. `scale` and `shift`: null for no `pre`, or `padded(in_channels)`
/// floats each, zero for the channels that fill up.
struct Input {
  Source source;
  const float* scale = nullptr;
  const float* shift = nullptr;
};

/// What it writes: all `blocks(out_channels)` blocks. `bias`: null or `padded(out_channels)`
/// floats, zero for those that fill up. The residual may be the output itself; apart from that the
/// output overlaps nothing that is read.
struct Output {
  Sink sink;
  const float* bias = nullptr;
  Source residual;  // data: null for none
  bool relu = false;
};

/// A convolution of images of one size, planned for an instruction set and a number of threads.
class Convolution {
 public:
  /// `filter` must outlive it. Narrow numbers are multiplied by the unit, which is the fastest
  /// where none is given.
  Convolution(const PackedFilter& filter, const Extent& input, Isa isa, std::size_t threads);
  Convolution(const PackedFilter& filter, const Extent& input, Isa isa, std::size_t threads,
              Unit unit);

  [[nodiscard]] Extent output() const noexcept { return output_; }
  [[nodiscard]] std::size_t items() const noexcept { return job_.spans * job_.groups; }
  /// Floats of scratch memory that a thread needs, at 64 bytes' alignment.
  [[nodiscard]] std::size_t scratch_floats() const noexcept;

  /// Computes items [begin, end). `scratch`: a thread's, for one input.
  void run(const Input& input, const Output& output, std::size_t begin, std::size_t end,
           Scratch& scratch) const;

 private:
  const PackedFilter* filter_;
  Method method_;
  bool planar_;
  Isa isa_;
  Unit unit_;
  Extent output_;
  Job job_;  // but for what `run` is given
};

}  // namespace chestmap::kernels
