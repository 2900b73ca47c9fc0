#include "kernels/pooling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"

namespace chestmap::kernels {
namespace {

constexpr float guard = 12345.0F;

std::vector<float> random_planes(std::size_t floats) {
  RandomStream random{3, 5};
  std::vector<float> values(floats);
  std::generate(values.begin(), values.end(),
                [&] { return static_cast<float>(random.uniform(-1.0, 1.0)); });
  return values;
}

/// Runs `work(isa, source, sink)` for each supported set on planes with 16 floats between them, and
/// compares each pixel and channel with `expected(plane, index, y, x, lane)`.
template <typename Work, typename Expected>
void check(const Extent& in, const Extent& out, std::size_t channel_blocks, double tolerance,
           const Work& work, const Expected& expected) {
  const std::size_t in_stride = (in.pixels() + 1) * lanes;
  const std::size_t out_stride = (out.pixels() + 1) * lanes;
  const std::vector<float> input = random_planes(in.batch * channel_blocks * in_stride);
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (!supported(isa)) continue;
    SCOPED_TRACE(std::string(name(isa)));
    std::vector<float> output(in.batch * channel_blocks * out_stride, guard);
    work(isa, Source{input.data(), channel_blocks * in_stride, in_stride},
         Sink{output.data(), channel_blocks * out_stride, out_stride});
    for (std::size_t plane = 0; plane < in.batch * channel_blocks; ++plane)
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        for (std::size_t pixel = 0; pixel < out.pixels(); ++pixel)
          ASSERT_NEAR(output[plane * out_stride + pixel * lanes + lane],
                      expected(&input[plane * in_stride], plane, pixel / out.width,
                               pixel % out.width, lane),
                      tolerance);
        ASSERT_EQ(output[plane * out_stride + out.pixels() * lanes + lane], guard);
      }
  }
}

TEST(MaxPool, LargestOfThreeByThreeThatExist) {
  for (const Extent& in : {Extent{2, 8, 10}, Extent{1, 7, 5}, Extent{1, 1, 1}, Extent{1, 2, 3}}) {
    const auto expected = [&](const float* plane, std::size_t, std::size_t y, std::size_t x,
                              std::size_t lane) {
      float largest = -std::numeric_limits<float>::infinity();
      for (std::size_t row = 0; row < in.height; ++row)
        for (std::size_t column = 0; column < in.width; ++column)
          if (row + 1 >= 2 * y && row <= 2 * y + 1 && column + 1 >= 2 * x && column <= 2 * x + 1)
            largest = std::max(largest, plane[(row * in.width + column) * lanes + lane]);
      return largest;
    };
    check(
        in, max_pool_extent(in), 3, 0.0,
        [&](Isa isa, const Source& source, const Sink& sink) {
          max_pool(isa, in, 3, source, sink, 0, 2);
          max_pool(isa, in, 3, source, sink, 2, in.batch * 3);
        },
        expected);
  }
}

TEST(MaxPool, SizeIsRoundedUp) { EXPECT_EQ(max_pool_extent({2, 112, 113}), (Extent{2, 56, 57})); }

TEST(ScaleShiftRelu, PerChannel) {
  const Extent extent{2, 5, 3};
  const std::vector<float> scale = random_planes(2 * lanes);
  std::vector<float> shift = scale;
  std::reverse(shift.begin(), shift.end());
  const double rounding = 1.8e-7;  // of a product below 1 and a sum below 2: 2^-24 times 1 and 2
  check(
      extent, extent, 2, rounding,
      [&](Isa isa, const Source& source, const Sink& sink) {
        scale_shift_relu(isa, extent, 2, source, scale.data(), shift.data(), sink, 0, 4);
      },
      [&](const float* plane, std::size_t index, std::size_t y, std::size_t x, std::size_t lane) {
        const std::size_t channel = index % 2 * lanes + lane;
        const double value = plane[(y * extent.width + x) * lanes + lane];
        // In double: one rounding, as of a fused multiply-add; the 4 ulp of the comparison allow
        // two.
        return static_cast<float>(std::max(0.0, value * static_cast<double>(scale[channel]) +
                                                    static_cast<double>(shift[channel])));
      });
}

}  // namespace
}  // namespace chestmap::kernels
