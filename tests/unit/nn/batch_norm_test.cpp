#include "nn/batch_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <array>
#include <vector>

#include "../distributed/ranks.h"

namespace chestmap {
namespace {

constexpr std::int64_t kChannels = 3;

BatchNorm2d norm_of(bool affine) {
  BatchNorm2d norm(torch::nn::BatchNormOptions(kChannels).affine(affine));
  if (!affine) return norm;
  const at::NoGradGuard no_gradient;
  norm->weight.copy_(at::tensor({0.5F, -2.0F, 1.0F}));
  norm->bias.copy_(at::tensor({0.1F, 0.0F, -3.0F}));
  return norm;
}

struct Outcome {
  at::Tensor y;
  at::Tensor dx;
  std::vector<at::Tensor> parameters;  // their gradients
  std::vector<at::Tensor> statistics;
};

Outcome pass(BatchNorm2d& norm, const at::Tensor& images, const at::Tensor& factors) {
  const at::Tensor x = images.detach().clone().set_requires_grad(true);
  // In place, as the backbones do.
  const at::Tensor y = norm(x).relu_();
  (y * factors).sum().backward();
  Outcome outcome{y.detach(), x.grad(), {}, {norm->running_mean, norm->running_var}};
  for (const at::Tensor& parameter : norm->parameters())
    outcome.parameters.push_back(parameter.grad());
  return outcome;
}

/// Values near 100 are 8e-6 apart in single precision, of which normalising keeps the error.
void expect_close(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_TRUE(at::allclose(a, b, 1e-4, 1e-4)) << (a - b).abs().max();
}

TEST(BatchNorm, OfPartsIsTheBatchNormOfTheWhole) {
  torch::manual_seed(3);
  // A mean far from zero: a sum of plain squares in single precision would lose the variance.
  const at::Tensor images =
      (100.0 + at::randn({5, kChannels, 4, 6})).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor factors = at::randn({5, kChannels, 4, 6});
  // The last rank has no image.
  constexpr std::array<std::int64_t, 4> kBegins = {0, 3, 5, 5};
  for (const bool affine : {true, false}) {
    BatchNorm2d whole = norm_of(affine);
    const Outcome expected = pass(whole, images, factors);
    std::vector<Outcome> parts(3);
    test::with_ranks(3, [&](Communicator& ranks) {
      BatchNorm2d norm = norm_of(affine);
      norm->synchronise([&](const at::Tensor& sums) { ranks.sum(sums); });
      const auto rank = static_cast<std::size_t>(ranks.rank());
      const auto part = [&](const at::Tensor& of) {
        return of.slice(0, kBegins[rank], kBegins[rank + 1]);
      };
      if (part(images).size(0) > 0) {
        parts[rank] = pass(norm, part(images), part(factors));
        return;
      }
      norm->count_images(false);
      parts[rank] =
          pass(norm, at::full({1, kChannels, 4, 6}, 7.0), at::zeros({1, kChannels, 4, 6}));
    });
    expect_close(at::cat({parts[0].y, parts[1].y}), expected.y);
    expect_close(at::cat({parts[0].dx, parts[1].dx}), expected.dx);
    for (std::size_t p = 0; p < expected.parameters.size(); ++p)
      expect_close(parts[0].parameters[p] + parts[1].parameters[p] + parts[2].parameters[p],
                   expected.parameters[p]);
    EXPECT_EQ(parts[2].dx.abs().max().item<double>(), 0.0);
    for (const Outcome& part : parts)
      for (std::size_t s = 0; s < expected.statistics.size(); ++s)
        expect_close(part.statistics[s], expected.statistics[s]);
  }
}

TEST(BatchNorm, AloneAndInEvaluationIsTorchsToTheBit) {
  torch::manual_seed(4);
  const at::Tensor images = at::randn({4, kChannels, 5, 5});
  BatchNorm2d own = norm_of(true);
  torch::nn::BatchNorm2d torchs(torch::nn::BatchNorm2dOptions{kChannels});
  {
    const at::NoGradGuard no_gradient;
    torchs->weight.copy_(own->weight);
    torchs->bias.copy_(own->bias);
  }
  EXPECT_TRUE(at::equal(own(images), torchs(images)));
  EXPECT_TRUE(at::equal(own->running_var, torchs->running_var));
  own->synchronise([](const at::Tensor&) { FAIL() << "evaluation exchanges nothing"; });
  own->eval();
  torchs->eval();
  EXPECT_TRUE(at::equal(own(images), torchs(images)));
}

}  // namespace
}  // namespace chestmap
