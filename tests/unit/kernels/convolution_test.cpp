#include "kernels/convolution.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/reference.h"

namespace chestmap::kernels {
namespace {

constexpr float guard = 12345.0F;

std::vector<Isa> isas() {
  std::vector<Isa> found;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
    if (supported(isa)) found.push_back(isa);
  return found;
}

/// A convolution and what stands around it.
struct Case {
  Filter filter;
  Extent extent;
  bool activate = false;
  bool bias = false;
  bool residual = false;
  bool residual_is_output = false;
  bool relu = false;
};

std::string describe(const Case& c, Isa isa, Method method) {
  return fmt::format(
      "{} method {}: {} -> {} channels, {}x{} / {} + {}, {} images of {} x {}, "
      "activate {} bias {} residual {} in place {} relu {} average {}",
      name(isa), static_cast<int>(method), c.filter.in_channels, c.filter.out_channels,
      c.filter.kernel, c.filter.kernel, c.filter.stride, c.filter.padding, c.extent.batch,
      c.extent.height, c.extent.width, c.activate, c.bias, c.residual, c.residual_is_output, c.relu,
      c.filter.average_input);
}

/// A buffer with more blocks than a layer uses, and a pixel between planes, full of `guard`.
struct Buffer {
  std::size_t image_stride = 0;
  std::size_t block_stride = 0;
  std::vector<float> data;

  Buffer(const Extent& extent, std::size_t channel_blocks, std::size_t spare_blocks)
      : image_stride((channel_blocks + 2 * spare_blocks) * (extent.pixels() + 1) * lanes),
        block_stride((extent.pixels() + 1) * lanes),
        data(extent.batch * image_stride, guard) {}
  [[nodiscard]] std::size_t first(std::size_t spare_blocks) const {
    return spare_blocks * block_stride;
  }
};

/// Random channels, zeros in those that fill up.
void fill(Buffer& buffer, const Extent& extent, std::size_t channels, std::size_t spare,
          RandomStream& random) {
  for (std::size_t image = 0; image < extent.batch; ++image)
    for (std::size_t channel = 0; channel < padded(channels); ++channel)
      for (std::size_t pixel = 0; pixel < extent.pixels(); ++pixel)
        buffer.data[image * buffer.image_stride + buffer.first(spare) +
                    channel / lanes * buffer.block_stride + pixel * lanes + channel % lanes] =
            channel < channels ? static_cast<float>(random.uniform(-1.0, 1.0)) : 0.0F;
}

std::vector<float> random_floats(std::size_t count, std::size_t zeros, double low, double high,
                                 RandomStream& random) {
  std::vector<float> values(count + zeros, 0.0F);
  std::generate_n(values.begin(), count,
                  [&] { return static_cast<float>(random.uniform(low, high)); });
  return values;
}

/// The operands of a case, drawn at random.
struct Operands {
  Buffer input;
  Buffer output;
  Buffer other;
  std::vector<float> weights, scale, shift, bias;
  const Case& c;

  Operands(const Case& the_case, RandomStream& random)
      : input(planar_or_blocked(the_case)),
        output(output_extent(the_case.filter, the_case.extent),
               blocks(the_case.filter.out_channels), 1),
        other(output),
        c(the_case) {
    const Filter& f = c.filter;
    if (f.planar_input) {
      std::generate(input.data.begin(), input.data.end(),
                    [&] { return static_cast<float>(random.uniform(-1.0, 1.0)); });
    } else {
      // What lies beside the input is another layer's, and may be anything.
      std::fill(input.data.begin(), input.data.end(), std::numeric_limits<float>::quiet_NaN());
      fill(input, c.extent, f.in_channels, 1, random);
    }
    const Extent out = output_extent(f, c.extent);
    fill(other, out, f.out_channels, 1, random);
    if (c.residual_is_output) output = other;
    const std::size_t in_fill = padded(f.in_channels) - f.in_channels;
    const std::size_t out_fill = padded(f.out_channels) - f.out_channels;
    weights = random_floats(f.out_channels * f.in_channels * f.kernel * f.kernel, 0, -1, 1, random);
    scale = random_floats(f.in_channels, in_fill, 0.2, 2.0, random);
    shift = random_floats(f.in_channels, in_fill, -0.5, 0.5, random);
    bias = random_floats(f.out_channels, out_fill, -2, 2, random);
  }

  static Buffer planar_or_blocked(const Case& c) {
    return c.filter.planar_input ? Buffer(c.extent, c.filter.in_channels, 0)
                                 : Buffer(c.extent, blocks(c.filter.in_channels), 1);
  }

  [[nodiscard]] Input reads() const {
    const std::size_t first = c.filter.planar_input ? 0 : input.first(1);
    Input result{
        {input.data.data() + first, input.image_stride, input.block_stride}, nullptr, nullptr};
    if (c.activate) {
      result.scale = scale.data();
      result.shift = shift.data();
    }
    return result;
  }
  [[nodiscard]] Output writes(Buffer& to) const {
    Output result;
    result.sink = {to.data.data() + to.first(1), to.image_stride, to.block_stride};
    if (c.bias) result.bias = bias.data();
    if (c.residual)
      result.residual = {other.data.data() + other.first(1), other.image_stride,
                         other.block_stride};
    if (c.residual_is_output)
      result.residual = {result.sink.data, to.image_stride, to.block_stride};
    result.relu = c.relu;
    return result;
  }
};

/// Each of n additions rounds a partial sum, of order sqrt(n) for operands in [-1, 1], by up to
/// 2^-24 of it; such errors add up like a random walk, to sqrt(n) times that. Twice as much, for
/// the largest of thousands of outputs, and three times for 4x4 squares, whose transforms amplify
/// it.
double tolerance(const Case& c, Method method) {
  const auto products =
      static_cast<double>(c.filter.in_channels * c.filter.kernel * c.filter.kernel);
  const double rounding = 6e-8 * std::sqrt(products) * (1.0 + std::sqrt(products));
  return 1e-6 + rounding * (method == Method::winograd4 ? 3.0 : 2.0);
}

/// Runs all items, `step` at a time, the last ones first.
Buffer computed(const Operands& operands, const Convolution& convolution, std::size_t step) {
  Buffer output = operands.output;
  AlignedFloats scratch(convolution.scratch_floats() + lanes);
  std::fill_n(scratch.data(), scratch.size(), guard);
  std::fill_n(scratch.data(), convolution.scratch_floats(),
              std::numeric_limits<float>::quiet_NaN());
  const std::size_t items = convolution.items();
  Scratch used{scratch.data()};
  for (std::size_t first = (items - 1) / step * step + step; first > 0; first -= step)
    convolution.run(operands.reads(), operands.writes(output), first - step, std::min(first, items),
                    used);
  for (std::size_t i = convolution.scratch_floats(); i < scratch.size(); ++i)
    EXPECT_EQ(scratch.data()[i], guard) << "behind the scratch memory";
  return output;
}

/// The largest difference inside; what lies outside must be untouched.
double worst_difference(const Buffer& output, const Buffer& expected) {
  double worst = 0.0;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    if (expected.data[i] == guard)
      outside += output.data[i] == guard ? 0 : 1;
    else
      worst = std::max(worst, std::abs(static_cast<double>(output.data[i]) - expected.data[i]));
  }
  EXPECT_EQ(outside, 0U) << "floats written outside the output";
  return worst;
}

float to_bfloat16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFFU + (bits >> 16 & 1U)) & 0xFFFF0000U);
}

/// What a method may be off by that represents operands by numbers in bfloat16, beyond the rounding
/// of sums: 2^-8 of a product for one (0 where operands are such numbers), 2^-16 for two, 2^-24 for
/// three, of sqrt(n) products that do not cancel.
double representation(const Case& c, std::size_t terms, bool exact) {
  const auto products =
      static_cast<double>(c.filter.in_channels * c.filter.kernel * c.filter.kernel);
  return exact ? 0.0 : 2.0 * std::pow(2.0, -8.0 * static_cast<double>(terms)) * std::sqrt(products);
}

/// The units that run a method of narrow numbers here.
std::vector<Unit> units(Method method) {
  std::vector<Unit> found;
  for (const Unit unit : {Unit::dots, Unit::tiles})
    if (supported(method, unit)) found.push_back(unit);
  return found;
}

std::string name(Unit unit) { return unit == Unit::dots ? " by dot products" : " by AMX"; }

/// For one thread and for three, all items at once and one by one, to the last bit the same.
Buffer computed_alike(const Operands& operands, const PackedFilter& packed, Unit unit) {
  const Extent& extent = operands.c.extent;
  const Convolution alone(packed, extent, Isa::avx512, 1, unit);
  const Convolution shared(packed, extent, Isa::avx512, 3, unit);
  Buffer whole = computed(operands, alone, alone.items());
  EXPECT_EQ(computed(operands, alone, 1).data, whole.data);
  EXPECT_EQ(computed(operands, shared, shared.items()).data, whole.data);
  EXPECT_EQ(computed(operands, shared, 1).data, whole.data);
  return whole;
}

/// The methods in bfloat16 against the definition, by each unit; one number alone on operands that
/// were rounded before.
void check_bfloat16(const Case& c) {
  if (units(Method::bfloat16).empty()) GTEST_SKIP() << "neither AMX nor AVX512_BF16";
  RandomStream random{7, 1};
  Operands operands(c, random);
  for (const Method method : {Method::bfloat16x3, Method::bfloat16x2, Method::bfloat16}) {
    if (method == Method::bfloat16)
      for (std::vector<float>* values : {&operands.weights, &operands.input.data})
        std::transform(values->begin(), values->end(), values->begin(), to_bfloat16);
    const bool exact = method == Method::bfloat16 && !c.activate && !c.filter.average_input;
    Buffer expected = operands.output;
    reference_convolution(c.filter, operands.weights, c.extent, operands.reads(),
                          operands.writes(expected));
    const PackedFilter packed(c.filter, method, operands.weights);
    for (const Unit unit : units(method)) {
      SCOPED_TRACE(describe(c, Isa::avx512, method) + name(unit));
      EXPECT_LE(worst_difference(computed_alike(operands, packed, unit), expected),
                tolerance(c, method) + representation(c, narrow_operands(method).terms, exact));
    }
  }
}

/// What is multiplied in steps: weights to the nearest 127th of their output channel's largest,
/// inputs, after what stands before the convolution, to the nearest of 255 steps. Counted here
/// value by value, in single precision as the definition says.
struct InSteps {
  Operands operands;                 // weights and input as numbers of steps
  std::vector<float> product_steps;  // what a product of one by one is worth, an output channel
};

InSteps in_steps(const Operands& operands, float step) {
  InSteps result{operands, {}};
  const Filter& f = operands.c.filter;
  const std::size_t products = f.in_channels * f.kernel * f.kernel;
  for (std::size_t out = 0; out < f.out_channels; ++out) {
    float* weights = result.operands.weights.data() + out * products;
    const float largest = std::abs(*std::max_element(
        weights, weights + products, [](float a, float b) { return std::abs(a) < std::abs(b); }));
    const float weight_step = largest / 127.0F;
    for (std::size_t i = 0; i < products; ++i)
      weights[i] = std::nearbyint(weights[i] / weight_step);
    result.product_steps.push_back(weight_step * step);
  }
  result.product_steps.resize(padded(f.out_channels));
  for (float& value : result.operands.input.data)
    value = std::min(std::nearbyint(std::max(value, 0.0F) * (1.0F / step)), 255.0F);
  return result;
}

/// The output by its definition, to the bit: the reference sums steps, which double precision does
/// exactly; then come what a product is worth with the bias, the residual and ReLU.
Buffer expected_of_steps(const Case& c, const InSteps& steps) {
  const Extent out = output_extent(c.filter, c.extent);
  Buffer sums = steps.operands.output;
  Output counts;
  counts.sink = {sums.data.data() + sums.first(1), sums.image_stride, sums.block_stride};
  reference_convolution(c.filter, steps.operands.weights, c.extent, steps.operands.reads(), counts);
  const Buffer& residual = c.residual_is_output ? steps.operands.output : steps.operands.other;
  for (std::size_t image = 0; image < out.batch; ++image)
    for (std::size_t channel = 0; channel < padded(c.filter.out_channels); ++channel)
      for (std::size_t pixel = 0; pixel < out.pixels(); ++pixel) {
        const std::size_t at = image * sums.image_stride + sums.first(1) +
                               channel / lanes * sums.block_stride + pixel * lanes +
                               channel % lanes;
        const float bias = c.bias ? steps.operands.bias[channel] : 0.0F;
        float value = std::fma(sums.data[at], steps.product_steps[channel], bias);
        if (c.residual || c.residual_is_output) value += residual.data[at];
        sums.data[at] = c.relu ? std::max(value, 0.0F) : value;
      }
  return sums;
}

/// `c` has nothing before the convolution, so that the rounded input can be given to the reference.
void check_int8(const Case& c) {
  if (units(Method::int8).empty()) GTEST_SKIP() << "neither AMX nor AVX512_VNNI";
  RandomStream random{7, 1};
  Operands operands(c, random);
  constexpr float step = 0.9F / 255.0F;                  // so that the largest inputs are cut off
  operands.input.data[operands.input.first(1)] = 1e15F;  // more steps than an integer counts
  const Buffer expected = expected_of_steps(c, in_steps(operands, step));
  const PackedFilter packed(c.filter, Method::int8, operands.weights, {}, step);
  for (const Unit unit : units(Method::int8)) {
    SCOPED_TRACE(describe(c, Isa::avx512, Method::int8) + name(unit));
    EXPECT_EQ(computed_alike(operands, packed, unit).data, expected.data);
  }
}

/// Every instruction set and method against the definition; for one thread and for three, all items
/// at once and one by one, to the last bit the same.
void check(const Case& c, const std::vector<Method>& methods = {Method::direct}) {
  RandomStream random{7, 1};
  const Operands operands(c, random);
  Buffer expected = operands.output;
  reference_convolution(c.filter, operands.weights, c.extent, operands.reads(),
                        operands.writes(expected));
  for (const Method method : methods) {
    const PackedFilter packed(c.filter, method, operands.weights);
    for (const Isa isa : isas()) {
      SCOPED_TRACE(describe(c, isa, method));
      const Convolution alone(packed, c.extent, isa, 1);
      const Convolution shared(packed, c.extent, isa, 3);
      const Buffer whole = computed(operands, alone, alone.items());
      EXPECT_LE(worst_difference(whole, expected), tolerance(c, method));
      EXPECT_EQ(computed(operands, alone, 1).data, whole.data);
      EXPECT_EQ(computed(operands, shared, shared.items()).data, whole.data);
      EXPECT_EQ(computed(operands, shared, 1).data, whole.data);
    }
  }
}

const std::vector<Method> every_method{Method::direct, Method::winograd2, Method::winograd4};

TEST(Convolution, PointwiseOfManySizesAndChannels) {
  for (const auto& [in, out] : std::vector<std::pair<std::size_t, std::size_t>>{
           {16, 16}, {3, 5}, {33, 47}, {64, 32}, {80, 100}})
    for (const auto& [height, width] :
         std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {7, 7}, {3, 13}, {10, 9}})
      check({{in, out}, {2, height, width}, false, true});
}

TEST(Convolution, PointwiseWithEachStepBeforeAndBehind) {
  for (int bits = 0; bits < 32; ++bits) {
    Case c{{40, 24}, {1, 5, 6}};
    c.activate = (bits & 1) != 0;
    c.bias = (bits & 2) != 0;
    c.residual = (bits & 4) != 0;
    c.residual_is_output = (bits & 8) != 0;
    c.relu = (bits & 16) != 0;
    check(c);
  }
}

TEST(Convolution, PointwiseInSeveralSpans) {
  check({{1040, 40}, {1, 13, 12}, true, true, false, false, true});
}

TEST(Convolution, PointwiseOfFewPixelsAndManyOutputs) {
  check({{32, 272}, {1, 3, 3}, true, true});
  check({{32, 272}, {3, 5, 5}, false, true});
}

TEST(Convolution, AveragesTwoByTwoPixels) {
  for (const auto& [height, width] :
       std::vector<std::pair<std::size_t, std::size_t>>{{2, 2}, {7, 7}, {14, 10}, {9, 4}}) {
    Case c{{48, 32}, {2, height, width}, true, true};
    c.filter.average_input = true;
    check(c);
    c.activate = false;
    check(c);
  }
}

TEST(Convolution, DirectWithStrideAndPadding) {
  for (const std::size_t kernel : {1U, 2U, 3U, 5U})
    for (const std::size_t stride : {1U, 2U, 3U})
      for (const std::size_t padding : {0U, 1U}) {
        Filter filter{20, 40, kernel, stride, padding};
        check({filter, {2, 7, 9}, padding == 1, true, stride == 2, false, true});
      }
}

TEST(Convolution, Bfloat16OfManySizesAndChannels) {
  for (const auto& [in, out] :
       std::vector<std::pair<std::size_t, std::size_t>>{{16, 16}, {5, 3}, {40, 72}, {144, 32}})
    for (const auto& [height, width] :
         std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {7, 7}, {5, 31}, {13, 6}}) {
      check_bfloat16({{in, out}, {2, height, width}, false, true, true});
      check_bfloat16({{in, out}, {1, height, width}, true, true, false, true, true});
      check_bfloat16({{in, out, 3, 1, 1}, {2, height, width}, false, true, false, true, true});
      check_bfloat16({{in, out, 3, 1, 1}, {1, height, width}, true});
      check_bfloat16({{in, out, 3, 2, 1}, {2, height, width}, false, false, false, false, true});
    }
}

TEST(Convolution, Bfloat16OfAverages) {
  Case c{{48, 32}, {2, 14, 10}, true, true};
  c.filter.average_input = true;
  check_bfloat16(c);
}

TEST(Convolution, Int8OfManySizesAndChannels) {
  for (const auto& [in, out] : std::vector<std::pair<std::size_t, std::size_t>>{
           {16, 16}, {5, 3}, {40, 72}, {64, 32}, {144, 40}})
    for (const auto& [height, width] :
         std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {7, 7}, {5, 31}, {13, 6}}) {
      check_int8({{in, out}, {2, height, width}, false, true, true});
      check_int8({{in, out}, {1, height, width}, false, true, false, true, true});
      check_int8({{in, out, 3, 1, 1}, {2, height, width}, false, true, false, true, true});
      check_int8({{in, out, 3, 2, 1}, {2, height, width}, false, false, false, false, true});
    }
}

/// Normalisation and averages come before the rounding: as the same without a sign and rounded
/// less.
TEST(Convolution, Int8RoundsWhatComesAfterNormalisationAndAverages) {
  if (units(Method::int8).empty()) GTEST_SKIP() << "neither AMX nor AVX512_VNNI";
  Case c{{48, 32}, {2, 14, 10}, true, true};
  c.filter.average_input = true;
  RandomStream random{7, 1};
  const Operands operands(c, random);
  Buffer expected = operands.output;
  reference_convolution(c.filter, operands.weights, c.extent, operands.reads(),
                        operands.writes(expected));
  constexpr float step = 2.5F / 255.0F;  // scale 2 and shift 0.5 at most
  const PackedFilter packed(c.filter, Method::int8, operands.weights, {}, step);
  // Half a step of an input and of a weight, each uniform and of 48 products that do not cancel,
  // sqrt(48) * (step * 0.6 + 2.5 / 127 * 0.3) / sqrt(12): 0.024 rms; five times that for the
  // largest.
  for (const Unit unit : units(Method::int8))
    EXPECT_LE(worst_difference(computed_alike(operands, packed, unit), expected), 0.12)
        << name(unit);
}

/// Dot products in bfloat16 take half the time of single precision's, Winograd's 4x4 squares a
/// quarter of the products, and weights of four times the memory, which a small image does not
/// repay.
TEST(ChooseBfloat16Method, LeavesLargeImagesToWinogradWithoutAmx) {
  const bool tiles = supported(Method::bfloat16, Unit::tiles);
  const auto chosen = [](const Filter& filter, std::size_t side) {
    return choose_bfloat16_method(filter, {1, side, side});
  };
  EXPECT_EQ(chosen({128, 32, 3, 1, 1}, 128), tiles ? Method::bfloat16 : Method::winograd4);
  EXPECT_EQ(chosen({512, 512, 3, 1, 1}, 7), Method::bfloat16);
  EXPECT_EQ(chosen({512, 512, 3, 2, 1}, 128), Method::bfloat16);
  EXPECT_EQ(chosen({256, 128}, 128), Method::bfloat16);
  Filter stem{3, 64, 7, 2, 3};
  stem.planar_input = true;
  EXPECT_EQ(chosen(stem, 224), Method::direct);
}

TEST(Convolution, StemOfPlanes) {
  for (const std::size_t channels : {1U, 3U})
    for (const auto& [height, width] :
         std::vector<std::pair<std::size_t, std::size_t>>{{7, 7}, {20, 31}, {33, 16}}) {
      Filter filter{channels, 64, 7, 2, 3};
      filter.planar_input = true;
      check({filter, {2, height, width}, false, true, false, false, true});
    }
}

TEST(Convolution, ThreeByThreeByEveryMethod) {
  for (const auto& [in, out] :
       std::vector<std::pair<std::size_t, std::size_t>>{{16, 16}, {5, 3}, {40, 72}, {128, 32}})
    for (const auto& [height, width] : std::vector<std::pair<std::size_t, std::size_t>>{
             {1, 1}, {1, 6}, {5, 3}, {7, 7}, {8, 8}, {14, 19}, {31, 33}})
      check({{in, out, 3, 1, 1}, {2, height, width}, false, true}, every_method);
}

TEST(Convolution, ThreeByThreeWithEachStepBeforeAndBehind) {
  for (int bits = 0; bits < 32; ++bits) {
    Case c{{24, 40, 3, 1, 1}, {1, 9, 7}};
    c.activate = (bits & 1) != 0;
    c.bias = (bits & 2) != 0;
    c.residual = (bits & 4) != 0;
    c.residual_is_output = (bits & 8) != 0;
    c.relu = (bits & 16) != 0;
    check(c, every_method);
  }
}

}  // namespace
}  // namespace chestmap::kernels
