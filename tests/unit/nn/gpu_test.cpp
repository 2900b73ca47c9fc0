// On a GPU; without one each test skips itself. bench/gpu_check.sh runs them.

#ifdef CHESTMAP_CUDA

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include "nn/device.h"
#include "nn/model.h"
#include "nn/norm_relu/cuda.h"
#include "tensors.h"

namespace chestmap {
namespace {

class GpuNormRelu : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
    (void)prepare_device("cuda", 0);
    torch::manual_seed(1);
  }
};

double distance(const at::Tensor& found, const at::Tensor& expected) {
  return test::distance(found.cpu().to(at::kDouble), expected.cpu().to(at::kDouble));
}

TEST_F(GpuNormRelu, EveryPassIsThatOfThePlainOperations) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    for (const auto& [pixels, channels, between] :
         {std::tuple{1, 1, 1}, std::tuple{1000, 33, 40}, std::tuple{20000, 64, 256},
          std::tuple{3136, 1024, 1024}}) {
      SCOPED_TRACE(testing::Message() << at::toString(type) << " " << pixels << " x " << channels);
      const auto rows = [&, p = pixels, c = channels, b = between] {
        return at::randn({p, b}, at::kCUDA).to(type).narrow(1, b - c, c);
      };
      const auto vector = [&, c = channels] { return at::randn({c}, at::kCUDA); };
      // Sums of single precision; bfloat16 keeps 8 bits of what is stored.
      const double stored = type == at::kFloat ? 4e-6 : 0.06;
      const double summed = 1e-5 * static_cast<double>(pixels);
      const at::Tensor x = rows();
      const at::Tensor dy = rows();
      const NormReluFactors factors{vector(), vector(), vector(), vector()};
      const NormReluFactors exact{factors.scale.to(at::kDouble), factors.shift.to(at::kDouble),
                                  factors.slope.to(at::kDouble), factors.offset.to(at::kDouble)};
      const at::Tensor x_exact = x.to(at::kDouble);
      const at::Tensor dy_exact = dy.to(at::kDouble);

      const ChannelMoments moments = cuda::channel_moments(x);
      const ChannelMoments expected = plain::channel_moments(x_exact);
      EXPECT_LT(distance(moments.mean, expected.mean), 1e-5);
      EXPECT_LT(distance(moments.variance, expected.variance), 1e-4);

      const at::Tensor y = rows();
      at::Tensor judge = at::empty(x.sizes(), x_exact.options());
      cuda::norm_relu_forward(x, factors, y);
      plain::norm_relu_forward(x_exact, exact, judge);
      EXPECT_LT(distance(y, judge), stored);

      const at::Tensor centre = vector();
      EXPECT_LT(distance(cuda::norm_relu_sums(dy, x, factors, centre),
                         plain::norm_relu_sums(dy_exact, x_exact, exact, centre.to(at::kDouble))),
                summed);
      for (const bool add : {false, true}) {
        const at::Tensor dx = rows();
        judge = dx.to(at::kDouble);
        cuda::norm_relu_backward(dy, x, factors, dx, add);
        plain::norm_relu_backward(dy_exact, x_exact, exact, judge, add);
        EXPECT_LT(distance(dx, judge), 2 * stored);
      }
    }
}

TEST_F(GpuNormRelu, AModelsLossAndGradientsAreThoseOfTheCpu) {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule"};
  spec.backbone = "densenet-compact";
  spec.stages = {1, 2, 3};
  spec.input_size = 64;
  spec.box_rule_provenance = "not fitted";
  const at::Tensor images = at::rand({8, 64, 64});
  // In doubles nothing but the order of sums differs, so that what differs is wrong.
  const auto gradients = [&](c10::Device device, at::ScalarType type) {
    torch::manual_seed(7);
    Model model(spec);
    model.to(device, type);
    model.train();
    model.forward(images.to(device, type)).logits.square().sum().backward();
    std::vector<at::Tensor> all;
    for (const at::Tensor& parameter : model.parameters())
      if (parameter.grad().defined()) all.push_back(parameter.grad().cpu().to(at::kDouble));
    return all;
  };
  const auto expected = gradients(c10::kCPU, at::kDouble);
  const auto found = gradients(c10::Device("cuda:0"), at::kFloat);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t p = 0; p < found.size(); ++p)
    // TF32 keeps 10 bits of each factor.
    EXPECT_LT(test::distance(found[p], expected[p]),
              0.02 * expected[p].abs().max().item<double>() + 1e-4)
        << p;
}

}  // namespace
}  // namespace chestmap

#endif
