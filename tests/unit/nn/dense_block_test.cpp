#include "nn/dense_block.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "../distributed/ranks.h"
#include "tensors.h"

namespace chestmap {
namespace {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

constexpr std::int64_t kChannels = 5;
constexpr std::int64_t kGrowth = 3;

struct Block {
  std::vector<DenseLayerParts> layers;
  BatchNorm2d norm{nullptr};

  /// Norms whose weights, biases and statistics are not those that they start from.
  explicit Block(std::size_t count) {
    torch::manual_seed(7);
    std::int64_t width = kChannels;
    for (std::size_t l = 0; l < count; ++l) {
      layers.push_back({BatchNorm2d(width), Conv2d(Conv2dOptions(width, 8, 1).bias(false)),
                        BatchNorm2d(8),
                        Conv2d(Conv2dOptions(8, kGrowth, 3).padding(1).bias(false))});
      width += kGrowth;
    }
    norm = BatchNorm2d(width);
    const at::NoGradGuard no_gradient;
    for (BatchNorm2d& each : norms()) {
      each->weight.copy_(at::randn_like(each->weight));
      each->bias.copy_(at::randn_like(each->bias));
      each->running_mean.copy_(at::randn_like(each->running_mean));
      each->running_var.copy_(at::rand_like(each->running_var) + 0.5);
    }
  }

  std::vector<BatchNorm2d> norms() {
    std::vector<BatchNorm2d> all = {norm};
    for (DenseLayerParts& layer : layers) all.insert(all.end(), {layer.norm1, layer.norm2});
    return all;
  }
  void to(at::ScalarType type) {
    norm->to(type);
    for (DenseLayerParts& layer : layers) {
      for (BatchNorm2d& each : std::array{layer.norm1, layer.norm2}) each->to(type);
      for (Conv2d& each : std::array{layer.conv1, layer.conv2}) each->to(type);
    }
  }
  std::vector<at::Tensor> parameters() {
    std::vector<at::Tensor> all = norm->parameters();
    for (DenseLayerParts& layer : layers)
      for (const std::vector<at::Tensor>& of :
           {layer.norm1->parameters(), layer.conv1->parameters(), layer.norm2->parameters(),
            layer.conv2->parameters()})
        all.insert(all.end(), of.begin(), of.end());
    return all;
  }
  std::vector<at::Tensor> statistics() {
    std::vector<at::Tensor> all;
    for (BatchNorm2d& each : norms())
      all.insert(all.end(), {each->running_mean, each->running_var, each->num_batches_tracked});
    return all;
  }
};

/// By torch's own modules, as the definition says.
at::Tensor plain_block(const at::Tensor& x, Block& block) {
  at::Tensor all = x;
  for (DenseLayerParts& layer : block.layers) {
    const at::Tensor narrow = layer.conv1(at::relu(layer.norm1(all)));
    all = at::cat({all, layer.conv2(at::relu(layer.norm2(narrow)))}, 1);
  }
  return at::relu(block.norm(all));
}

at::Tensor own_block(const at::Tensor& x, Block& block) {
  return dense_block(x, block.layers, block.norm);
}

struct Outcome {
  at::Tensor y;
  at::Tensor dx;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> statistics;
};

Outcome pass(const std::function<at::Tensor(const at::Tensor&, Block&)>& function, Block& block,
             const at::Tensor& images, const at::Tensor& factors) {
  const at::Tensor x = images.detach().clone().set_requires_grad(true);
  const at::Tensor y = function(x, block);
  // As the model does: what was not counted forward must not be backward.
  for (BatchNorm2d& norm : block.norms()) norm->count_images(true);
  (y * factors).sum().backward();
  Outcome outcome{y.detach(), x.grad(), {}, block.statistics()};
  for (const at::Tensor& parameter : block.parameters())
    outcome.gradients.push_back(parameter.grad());
  return outcome;
}

void expect_equal(const Outcome& found, const Outcome& expected, double tolerance) {
  EXPECT_LT(test::distance(found.y, expected.y), tolerance);
  EXPECT_LT(test::distance(found.dx, expected.dx), tolerance);
  ASSERT_EQ(found.gradients.size(), expected.gradients.size());
  for (std::size_t p = 0; p < found.gradients.size(); ++p) {
    ASSERT_EQ(found.gradients[p].defined(), expected.gradients[p].defined()) << p;
    if (!found.gradients[p].defined()) continue;
    EXPECT_LT(test::distance(found.gradients[p], expected.gradients[p]), tolerance) << p;
  }
  for (std::size_t s = 0; s < found.statistics.size(); ++s)
    EXPECT_LT(test::distance(found.statistics[s], expected.statistics[s]), tolerance) << s;
}

at::Tensor images_of(std::int64_t count, at::ScalarType type) {
  torch::manual_seed(11);
  return (at::randn({count, kChannels, 6, 7}, at::kDouble) + 0.3).to(type);
}

at::Tensor factors_of(const at::Tensor& images, std::size_t layers) {
  const auto channels = kChannels + kGrowth * static_cast<std::int64_t>(layers);
  return at::randn({images.size(0), channels, 6, 7}, at::kDouble).to(images.scalar_type());
}

TEST(DenseBlock, IsThatOfTorchsModules) {
  for (const std::size_t layers : {0U, 1U, 3U})
    for (const bool training : {true, false})
      for (const bool channels_last : {true, false}) {
        Block block(layers);
        Block reference(layers);
        for (Block* each : {&block, &reference}) {
          each->to(at::kDouble);
          for (BatchNorm2d& norm : each->norms()) norm->train(training);
        }
        at::Tensor images = images_of(4, at::kDouble);
        if (channels_last) images = images.contiguous(at::MemoryFormat::ChannelsLast);
        const at::Tensor factors = factors_of(images, layers);
        // Doubles, so that rounding is far below any mistake.
        expect_equal(pass(own_block, block, images, factors),
                     pass(plain_block, reference, images, factors), 1e-11);
      }
}

TEST(DenseBlock, InSinglePrecisionIsThatInDoubles) {
  Block block(3);
  Block reference(3);
  reference.to(at::kDouble);
  const at::Tensor images = images_of(4, at::kFloat);
  const at::Tensor factors = factors_of(images, 3);
  // Gradients are sums over 168 pixels of values of some units, each with roundings of 1e-7.
  expect_equal(pass(own_block, block, images, factors),
               pass(plain_block, reference, images.to(at::kDouble), factors.to(at::kDouble)), 2e-4);
}

TEST(DenseBlock, LeavesFrozenParametersWithoutGradients) {
  Block block(2);
  Block reference(2);
  for (Block* each : {&block, &reference}) {
    each->to(at::kDouble);
    for (const at::Tensor& parameter : each->parameters()) parameter.set_requires_grad(false);
    for (BatchNorm2d& norm : each->norms()) norm->train(false);
  }
  const at::Tensor images = images_of(3, at::kDouble);
  const at::Tensor factors = factors_of(images, 2);
  expect_equal(pass(own_block, block, images, factors),
               pass(plain_block, reference, images, factors), 1e-11);
}

TEST(DenseBlock, WithoutGradientsGivesTheSame) {
  Block block(2);
  const at::Tensor images = images_of(3, at::kFloat);
  for (BatchNorm2d& norm : block.norms()) norm->train(false);
  const at::Tensor with = own_block(images, block);
  const at::NoGradGuard no_gradient;
  EXPECT_TRUE(at::equal(own_block(images, block), with.detach()));
}

TEST(DenseBlock, OfPartsIsTheBlockOfTheWhole) {
  const at::Tensor images = images_of(5, at::kDouble);
  const at::Tensor factors = factors_of(images, 2);
  Block whole(2);
  whole.to(at::kDouble);
  const Outcome expected = pass(plain_block, whole, images, factors);
  // The last rank has no image.
  constexpr std::array<std::int64_t, 4> kBegins = {0, 3, 5, 5};
  std::vector<Block> blocks;
  for (std::size_t r = 0; r + 1 < kBegins.size(); ++r) {
    blocks.emplace_back(2);
    blocks.back().to(at::kDouble);
  }
  std::vector<Outcome> parts(blocks.size());
  test::with_ranks(3, [&](Communicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    const bool none = kBegins[rank] == kBegins[rank + 1];
    for (BatchNorm2d& norm : blocks[rank].norms()) {
      norm->synchronise([&](const at::Tensor& sums) { ranks.sum(sums); });
      norm->count_images(!none);
    }
    const auto part = [&](const at::Tensor& of) {
      return none ? at::zeros_like(of.slice(0, 0, 1))
                  : of.slice(0, kBegins[rank], kBegins[rank + 1]);
    };
    parts[rank] = pass(own_block, blocks[rank], part(images), part(factors));
  });
  EXPECT_LT(test::distance(at::cat({parts[0].y, parts[1].y}), expected.y), 1e-10);
  EXPECT_LT(test::distance(at::cat({parts[0].dx, parts[1].dx}), expected.dx), 1e-10);
  EXPECT_EQ(parts[2].dx.abs().max().item<double>(), 0.0);
  for (std::size_t p = 0; p < expected.gradients.size(); ++p)
    EXPECT_LT(test::distance(parts[0].gradients[p] + parts[1].gradients[p] + parts[2].gradients[p],
                             expected.gradients[p]),
              1e-10);
  for (const Outcome& part : parts)
    for (std::size_t s = 0; s < expected.statistics.size(); ++s)
      EXPECT_LT(test::distance(part.statistics[s], expected.statistics[s]), 1e-10);
}

}  // namespace
}  // namespace chestmap
