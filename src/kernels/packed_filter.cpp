#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/convolution.h"

namespace chestmap::kernels {
namespace {

/// A filter's weights, and what each output channel's are multiplied by.
struct Weights {
  const Filter& filter;
  const float* data;
  std::span<const float> scales;  // none where all are 1

  [[nodiscard]] std::size_t taps() const { return filter.kernel * filter.kernel; }
  /// All of an output channel's.
  [[nodiscard]] const float* of(std::size_t out) const {
    return data + out * filter.in_channels * taps();
  }
  [[nodiscard]] float scale(std::size_t out) const { return scales.empty() ? 1.0F : scales[out]; }
};

/// One number for each output channel of a block.
using Lanes = std::array<float, lanes>;

/// A block of output channels side by side: what is packed for them at a time lies together, and
/// each channel's weights are read in their order. Channels that fill up are zero.
class Block {
 public:
  Block(const Weights& weights, std::size_t block)
      : channels_(std::min(lanes, weights.filter.out_channels - block * lanes)) {
    for (std::size_t lane = 0; lane < channels_; ++lane) {
      from_[lane] = weights.of(block * lanes + lane);
      scale_[lane] = weights.scale(block * lanes + lane);
    }
  }
  /// The weights at a place (input channel x taps + tap), with their scale.
  [[nodiscard]] Lanes at(std::size_t place) const {
    Lanes values{};
    for (std::size_t lane = 0; lane < channels_; ++lane) values[lane] = from_[lane][place];
    for (std::size_t lane = 0; lane < lanes; ++lane) values[lane] *= scale_[lane];
    return values;
  }

 private:
  std::size_t channels_;
  std::array<const float*, lanes> from_{};
  Lanes scale_{};
};

/// Floats from a block of output channels to the next, for one position.
std::size_t packed_products(const Filter& filter, Method method) {
  const bool winograd = method == Method::winograd2 || method == Method::winograd4;
  const std::size_t taps = winograd ? 1 : filter.kernel * filter.kernel;
  if (const NarrowOperands operands = narrow_operands(method); operands.terms > 0)
    return (blocks(filter.in_channels) + operands.blocks - 1) / operands.blocks * taps *
           operands.terms * lanes;
  return (filter.planar_input ? filter.in_channels : padded(filter.in_channels)) * taps;
}

void pack_direct(const Weights& weights, float* to) {
  const Filter& filter = weights.filter;
  const std::size_t taps = weights.taps();
  const std::size_t products = packed_products(filter, Method::direct);
  for (std::size_t b = 0; b < blocks(filter.out_channels); ++b) {
    const Block block(weights, b);
    for (std::size_t in = 0; in < filter.in_channels; ++in)
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const std::size_t product =
            filter.planar_input ? in * taps + tap : (in / lanes * taps + tap) * lanes + in % lanes;
        const Lanes values = block.at(in * taps + tap);
        std::copy(values.begin(), values.end(), to + (b * products + product) * lanes);
      }
  }
}

/// The nearest bfloat16, ties to even; for finite values.
std::uint32_t rounded(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
}

/// Block of output channels, pair of blocks of input channels, tap, term, channel of a block,
/// output channel, block of the pair.
void pack_bfloat16(const Weights& weights, Method method, float* to) {
  const std::size_t terms = narrow_operands(method).terms;
  const Filter& filter = weights.filter;
  const std::size_t taps = weights.taps();
  const std::size_t out_block = packed_products(filter, method) * lanes;
  for (std::size_t b = 0; b < blocks(filter.out_channels); ++b) {
    const Block block(weights, b);
    for (std::size_t in = 0; in < filter.in_channels; ++in) {
      if (in / lanes % 2 != 0) continue;  // packed with the channel a block before
      const std::size_t other = in + lanes;
      float* pair =
          to + b * out_block + in / (2 * lanes) * taps * terms * lanes * lanes + in % lanes * lanes;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        Lanes low = block.at(in * taps + tap);
        Lanes high = other < filter.in_channels ? block.at(other * taps + tap) : Lanes{};
        for (std::size_t term = 0; term < terms; ++term, pair += lanes * lanes)
          for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::uint32_t bits = rounded(low[lane]) | rounded(high[lane]) << 16;
            pair[lane] = std::bit_cast<float>(bits);
            low[lane] -= std::bit_cast<float>(bits << 16);
            high[lane] -= std::bit_cast<float>(bits & 0xFFFF0000U);
          }
      }
    }
  }
}

/// Block of output channels, four blocks of input channels, tap, channel of a block, output
/// channel, block of the four. Sets what a product of one step by one step is worth.
void pack_int8(const Weights& weights, float input_step, float* to, float* product_steps) {
  constexpr float most = 127.0F;
  const Filter& filter = weights.filter;
  const std::size_t taps = weights.taps();
  const std::size_t products = filter.in_channels * taps;
  const std::size_t out_block = packed_products(filter, Method::int8) * lanes;
  for (std::size_t out = 0; out < filter.out_channels; ++out) {
    float largest = 0.0F;
    for (std::size_t i = 0; i < products; ++i)
      largest = std::max(largest, std::abs(weights.of(out)[i]));
    const float weight_step = largest > 0.0F ? largest / most : 1.0F;
    // The scale belongs to the steps: a negative one makes them so.
    product_steps[out] = weight_step * weights.scale(out) * input_step;
    for (std::size_t in = 0; in < filter.in_channels; ++in) {
      if (in / lanes % 4 != 0) continue;  // packed with the channel some blocks before
      float* four = to + out / lanes * out_block + out % lanes +
                    in / (4 * lanes) * taps * lanes * lanes + in % lanes * lanes;
      for (std::size_t tap = 0; tap < taps; ++tap, four += lanes * lanes) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 4 && in + i * lanes < filter.in_channels; ++i) {
          const float weight = weights.of(out)[(in + i * lanes) * taps + tap];
          const auto steps = std::lrint(weight / weight_step);
          bits |= (static_cast<std::uint32_t>(steps) & 0xFFU) << 8 * i;
        }
        *four = std::bit_cast<float>(bits);
      }
    }
  }
}

/// Rows of G, by which Winograd's methods transform the three taps of an axis.
constexpr std::array<std::array<double, 3>, 4> transform2{
    {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
constexpr double near = 0.70710678118654752;  // the points of 4x4: see winograd.inl
constexpr double far = 1.41421356237309505;
constexpr std::array<std::array<double, 3>, 6> transform4{{{1, 0, 0},
                                                           {-2.0 / 3, -2.0 / 3 * near, -1.0 / 3},
                                                           {-2.0 / 3, 2.0 / 3 * near, -1.0 / 3},
                                                           {1.0 / 6, far / 6, 1.0 / 3},
                                                           {1.0 / 6, -far / 6, 1.0 / 3},
                                                           {0, 0, 1}}};

/// Block of output channels, position, input channel, output channel.
template <std::size_t patch>
void pack_winograd(const Weights& weights, const std::array<std::array<double, 3>, patch>& g,
                   float* to) {
  using Rows = std::array<std::array<double, lanes>, 3>;
  const Filter& filter = weights.filter;
  const std::size_t products = padded(filter.in_channels);
  for (std::size_t b = 0; b < blocks(filter.out_channels); ++b) {
    const Block block(weights, b);
    for (std::size_t in = 0; in < filter.in_channels; ++in) {
      std::array<Lanes, 9> taps;
      for (std::size_t tap = 0; tap < taps.size(); ++tap) taps[tap] = block.at(in * 9 + tap);
      float* position = to + (b * patch * patch * products + in) * lanes;
      for (std::size_t i = 0; i < patch; ++i) {
        Rows row{};  // of G by the filter
        for (std::size_t y = 0; y < 3; ++y)
          for (std::size_t x = 0; x < 3; ++x)
            for (std::size_t lane = 0; lane < lanes; ++lane)
              row[x][lane] += g[i][y] * static_cast<double>(taps[y * 3 + x][lane]);
        for (std::size_t j = 0; j < patch; ++j, position += products * lanes)
          for (std::size_t lane = 0; lane < lanes; ++lane)
            position[lane] = static_cast<float>(row[0][lane] * g[j][0] + row[1][lane] * g[j][1] +
                                                row[2][lane] * g[j][2]);
      }
    }
  }
}

}  // namespace

PackedFilter::PackedFilter(const Filter& filter, Method method, std::span<const float> weights,
                           std::span<const float> scale, float input_step)
    : filter_(filter), method_(method), input_step_(input_step) {
  packed_ = AlignedFloats(padded(filter.out_channels) * packed_products(filter, method) *
                          positions_of(method));
  const Weights source{filter_, weights.data(), scale};
  if (method == Method::direct) pack_direct(source, packed_.data());
  if (method == Method::int8) {
    product_steps_ = AlignedFloats(padded(filter.out_channels));
    pack_int8(source, input_step, packed_.data(), product_steps_.data());
  } else if (narrow_operands(method).terms > 0) {
    pack_bfloat16(source, method, packed_.data());
  }
  if (method == Method::winograd2) pack_winograd(source, transform2, packed_.data());
  if (method == Method::winograd4) pack_winograd(source, transform4, packed_.data());
}

}  // namespace chestmap::kernels
