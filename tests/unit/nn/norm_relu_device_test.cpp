// The GPU's kernels, run on the CPU.

#include "cuda_on_cpu.h"
// After the stand-ins for CUDA's words.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstdint>
#include <limits>
#include <tuple>

#include "nn/batch_norm.h"
#include "nn/norm_relu/device.h"
#include "nn/norm_relu/kernels.h"
#include "nn/norm_relu/launch_shape.h"
#include "tensors.h"

namespace chestmap {
namespace {

using device::Bfloat16;

template <typename T>
constexpr at::ScalarType kType = std::is_same_v<T, float> ? at::kFloat : at::kBFloat16;

/// Rows of one type, and how they are spread over few blocks.
template <typename T, int V>
struct Case {
  Case(std::int64_t pixels, std::int64_t channels, std::int64_t distance)
      : count(pixels),
        width(channels),
        between(distance),
        launch(device::launch_shape(pixels, static_cast<int>(channels), V, 4)),
        shape{pixels, static_cast<int>(channels), launch.columns} {
    torch::manual_seed(1);
  }

  [[nodiscard]] at::Tensor rows() const {
    return at::randn({count, between}).to(kType<T>).narrow(1, between - width, width);
  }
  static device::Rows<T> raw(const at::Tensor& rows) {
    return {static_cast<T*>(rows.data_ptr()), rows.stride(0)};
  }
  static device::Rows<const T> input(const at::Tensor& rows) {
    return {static_cast<const T*>(rows.data_ptr()), rows.stride(0)};
  }
  template <typename Kernel>
  void over_rows(const Kernel& kernel) const {
    test::run_on_cpu({static_cast<unsigned>(launch.across), static_cast<unsigned>(launch.down)},
                     device::kThreads, kernel);
  }
  template <typename Kernel>
  void over_channels(const Kernel& kernel) const {
    test::run_on_cpu({static_cast<unsigned>((width + device::kThreads - 1) / device::kThreads), 1},
                     device::kThreads, kernel);
  }
  [[nodiscard]] at::Tensor parts() const {
    return at::full({launch.down, 2, width}, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  }
  [[nodiscard]] at::Tensor values() const { return at::randn({width}); }

  std::int64_t count;
  std::int64_t width;
  std::int64_t between;
  device::LaunchShape launch;
  device::Shape shape;
};

float* of(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }
double* doubles_of(const at::Tensor& tensor) { return tensor.data_ptr<double>(); }

// Products and sums of single precision over some hundred values; bfloat16 keeps 8 bits of what is
// stored, and values here reach some 10.
constexpr double kRounding = 1e-5;
template <typename T>
constexpr double kStored = std::is_same_v<T, float> ? 4e-6 : 0.04;

template <typename T, int V>
void check_moments(const Case<T, V>& c) {
  const at::Tensor x = c.rows().add_(3.0);
  const at::Tensor parts = c.parts();
  const at::Tensor mean = at::empty({c.width}, at::kDouble);
  const at::Tensor variance = at::empty({c.width}, at::kDouble);
  c.over_rows([&] { device::moment_parts<T, V>(c.input(x), c.shape, doubles_of(parts)); });
  c.over_channels([&] {
    device::moments<T>(c.input(x).values, c.shape, doubles_of(parts), c.launch.down,
                       doubles_of(mean), doubles_of(variance));
  });
  const ChannelMoments expected = plain::channel_moments(x.to(at::kDouble));
  EXPECT_LT(test::distance(mean, expected.mean), kRounding);
  EXPECT_LT(test::distance(variance, expected.variance), 10 * kRounding);
}

template <typename T, int V>
void check_passes(const Case<T, V>& c) {
  const at::Tensor x = c.rows();
  const at::Tensor dy = c.rows();
  const at::Tensor factors = at::stack({c.values(), c.values(), c.values(), c.values()});
  const NormReluFactors by{factors[0], factors[1], factors[2], factors[3]};
  const NormReluFactors exact{by.scale.to(at::kDouble), by.shift.to(at::kDouble),
                              by.slope.to(at::kDouble), by.offset.to(at::kDouble)};
  const at::Tensor x_exact = x.to(at::kDouble);
  const at::Tensor dy_exact = dy.to(at::kDouble);

  const at::Tensor y = c.rows();
  at::Tensor expected = at::empty({c.count, c.width}, at::kDouble);
  c.over_rows(
      [&] { device::forward<T, V>(c.input(x), c.raw(y), c.shape, of(by.scale), of(by.shift)); });
  plain::norm_relu_forward(x_exact, exact, expected);
  EXPECT_LT(test::distance(y, expected), kStored<T>);

  for (const bool add : {false, true}) {
    const at::Tensor dx = c.rows();
    expected = dx.to(at::kDouble);
    c.over_rows([&] {
      device::backward<T, V>(c.input(dy), c.input(x), c.raw(dx), c.shape, of(by.scale),
                             of(by.shift), of(by.slope), of(by.offset), add);
    });
    plain::norm_relu_backward(dy_exact, x_exact, exact, expected, add);
    EXPECT_LT(test::distance(dx, expected), 2 * kStored<T>) << add;
  }

  const at::Tensor mean = c.values();
  const at::Tensor parts = c.parts();
  const at::Tensor sums = at::empty({2, c.width}, at::kDouble);
  c.over_rows([&] {
    device::gradient_parts<T, V>(c.input(dy), c.input(x), c.shape, of(by.scale), of(by.shift),
                                 of(mean), doubles_of(parts));
  });
  c.over_channels([&] {
    device::sum_parts(static_cast<int>(c.width), doubles_of(parts), c.launch.down,
                      doubles_of(sums));
  });
  EXPECT_LT(
      test::distance(sums, plain::norm_relu_sums(dy_exact, x_exact, exact, mean.to(at::kDouble))),
      kRounding * static_cast<double>(c.count));
}

template <typename T, int V>
void check(std::int64_t pixels, std::int64_t channels, std::int64_t distance) {
  SCOPED_TRACE(testing::Message() << pixels << " x " << channels << " of " << distance
                                  << ", packs of " << V);
  const Case<T, V> c(pixels, channels, distance);
  check_moments(c);
  check_passes(c);
}

TEST(NormReluDevice, SingleValuesAreThoseOfThePlainOperations) {
  check<float, 1>(1, 1, 1);
  check<float, 1>(300, 33, 40);
  check<Bfloat16, 1>(77, 5, 9);
}

TEST(NormReluDevice, PacksAreThoseOfThePlainOperations) {
  check<float, 4>(50, 4, 4);
  check<float, 4>(130, 160, 192);
  check<Bfloat16, 8>(700, 32, 64);
  // More channels than a block is wide.
  check<Bfloat16, 8>(9, 264, 264);
}

TEST(NormReluDevice, FactorsAndGradientAreThoseOfTorchsBatchNorm) {
  torch::manual_seed(2);
  constexpr std::int64_t kPixels = 60;
  constexpr std::int64_t kChannels = 300;  // two blocks
  BatchNorm2d norm(kChannels);
  BatchNorm2d judge(kChannels);
  {
    const at::NoGradGuard no_gradient;
    for (BatchNorm2d& one : {std::ref(norm), std::ref(judge)}) {
      torch::manual_seed(3);
      one->weight.copy_(at::randn({kChannels}));
      one->bias.copy_(at::randn({kChannels}));
    }
  }
  const at::Tensor x = (at::randn({kPixels, kChannels}) * 2.0 + 1.0).requires_grad_();
  const at::Tensor dy = at::randn({kPixels, kChannels});
  const at::Tensor y =
      at::relu(judge->forward(x.view({kPixels, kChannels, 1, 1}))).view({kPixels, kChannels});
  y.backward(dy);

  const ChannelMoments moments = plain::channel_moments(x.detach());
  const NormVectors vectors = norm->vectors();
  at::Tensor values = at::empty({7, kChannels});
  at::Tensor inverse = at::empty({kChannels}, at::kDouble);
  const device::Factors factors{of(values[0]), of(values[1]), of(values[2]), doubles_of(inverse)};
  const Case<float, 4> c(kPixels, kChannels, kChannels);
  const at::Tensor rows = x.detach();
  c.over_channels([&] {
    device::norm_factors(
        static_cast<int>(kChannels), doubles_of(moments.mean), doubles_of(moments.variance),
        static_cast<double>(kPixels),
        {of(vectors.weight), of(vectors.bias), of(vectors.running_mean), of(vectors.running_var),
         vectors.batches.data_ptr<std::int64_t>(), vectors.momentum, vectors.epsilon},
        factors);
  });
  const at::Tensor found = at::empty({kPixels, kChannels});
  c.over_rows([&] {
    device::forward<float, 4>(c.input(rows), c.raw(found), c.shape, factors.scale, factors.shift);
  });
  EXPECT_LT(test::distance(found, y.detach()), kRounding);
  EXPECT_LT(test::distance(norm->running_mean, judge->running_mean), 1e-6);
  EXPECT_LT(test::distance(norm->running_var, judge->running_var), kRounding);
  EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), 1);

  const device::GradientFactors gradient{of(values[3]), of(values[4]), of(values[5]),
                                         of(values[6])};
  const at::Tensor parts = c.parts();
  const at::Tensor dx = at::empty({kPixels, kChannels});
  c.over_rows([&] {
    device::gradient_parts<float, 4>(c.input(dy), c.input(rows), c.shape, factors.scale,
                                     factors.shift, factors.mean, doubles_of(parts));
  });
  c.over_channels([&] {
    device::gradient_factors(static_cast<int>(kChannels), doubles_of(parts), c.launch.down,
                             static_cast<double>(kPixels), factors, gradient);
  });
  c.over_rows([&] {
    device::backward<float, 4>(c.input(dy), c.input(rows), c.raw(dx), c.shape, factors.scale,
                               factors.shift, gradient.slope, gradient.offset, false);
  });
  EXPECT_LT(test::distance(dx, x.grad()), kRounding);
  // Sums of 60 values.
  EXPECT_LT(test::distance(values[3], judge->weight.grad()), 10 * kRounding);
  EXPECT_LT(test::distance(values[4], judge->bias.grad()), 10 * kRounding);
}

TEST(NormReluDevice, StoredFactorsAreThoseOfTorchsBatchNormInEvaluation) {
  torch::manual_seed(4);
  constexpr std::int64_t kPixels = 20;
  constexpr std::int64_t kChannels = 260;  // two blocks
  BatchNorm2d norm(kChannels);
  norm->eval();
  const at::NoGradGuard no_gradient;
  norm->weight.copy_(at::randn({kChannels}));
  norm->bias.copy_(at::randn({kChannels}));
  norm->running_mean.copy_(at::randn({kChannels}));
  norm->running_var.copy_(at::rand({kChannels}) + 0.1);
  const at::Tensor x = at::randn({kPixels, kChannels});
  const at::Tensor expected =
      at::relu(norm->forward(x.view({kPixels, kChannels, 1, 1}))).view({kPixels, kChannels});
  const NormVectors vectors = norm->vectors();
  const at::Tensor values = at::empty({3, kChannels});
  const at::Tensor inverse = at::empty({kChannels}, at::kDouble);
  const device::Factors factors{of(values[0]), of(values[1]), of(values[2]), doubles_of(inverse)};
  const Case<float, 4> c(kPixels, kChannels, kChannels);
  c.over_channels([&] {
    device::stored_factors(static_cast<int>(kChannels),
                           {of(vectors.weight), of(vectors.bias), of(vectors.running_mean),
                            of(vectors.running_var), nullptr, vectors.momentum, vectors.epsilon},
                           factors);
  });
  const at::Tensor found = at::empty({kPixels, kChannels});
  c.over_rows([&] {
    device::forward<float, 4>(c.input(x), c.raw(found), c.shape, factors.scale, factors.shift);
  });
  EXPECT_LT(test::distance(found, expected), kRounding);
}

TEST(NormReluDevice, BfloatsRoundToTheNearestEven) {
  const at::Tensor values = at::cat(
      {at::randn({1000}) * 1e3, at::tensor({1.00390625F, 1.01171875F, -0.0F, 3.3895e38F, 1e-40F}),
       at::full({1}, std::numeric_limits<float>::infinity()),
       at::full({1}, std::numeric_limits<float>::quiet_NaN())});
  const at::Tensor expected = values.to(at::kBFloat16).to(at::kFloat);
  for (std::int64_t i = 0; i < values.size(0); ++i) {
    Bfloat16 rounded{};
    device::from_float(values[i].item<float>(), rounded);
    const float found = device::to_float(rounded);
    if (std::isnan(expected[i].item<float>()))
      EXPECT_TRUE(std::isnan(found));
    else
      EXPECT_EQ(found, expected[i].item<float>()) << values[i].item<float>();
  }
}

TEST(LaunchShape, CoversEveryChannelAndNoMoreBlocksThanAskedFor) {
  for (const int channels : {1, 3, 32, 64, 100, 256, 1024, 2048})
    for (const int pack : {1, 4, 8})
      for (const std::int64_t rows : {1, 49, 3000, 800000}) {
        const device::LaunchShape shape = device::launch_shape(rows, channels, pack, 528);
        EXPECT_GE(shape.across * shape.columns * pack, channels);
        EXPECT_LE(static_cast<std::int64_t>(shape.down - 1) * (256 / shape.columns), rows);
        EXPECT_LE(shape.across * shape.down, std::max(528, shape.across));
        // The workspace that launch.cu gives the sums.
        EXPECT_LE(std::int64_t{2} * shape.down * channels, 528 * 2 * 256);
      }
}

}  // namespace
}  // namespace chestmap
