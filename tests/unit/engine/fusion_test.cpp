#include "engine/fusion.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "small_graph.h"

namespace chestmap::engine {
namespace {

using test::SmallGraph;
using Sides = SmallGraph::Sides;

std::vector<std::string> names_of(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers) names.push_back(layer.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Fusion, NormalisationAndReluBelongToTheConvolutionBeforeThem) {
  SmallGraph graph(1, 8);
  graph.convolution("conv", "image", 1, 16, 3).norm("norm", "conv", 16);
  graph.node("Relu", {"norm"}, "relu").convolution("last", "relu", 16, 2, 1);
  const Network network = fused(graph.graph(), {"last"});
  EXPECT_EQ(names_of(network), (Names{"conv", "last", "last"}));  // the last one: to planes
  const auto& conv = std::get<Convolution>(network.layers[0].operation);
  EXPECT_TRUE(conv.relu);
  // weight / sqrt(variance + epsilon) times the filter's first number
  const auto& constants = graph.graph().constants;
  const float scale = constants[1].values[0] / std::sqrt(constants[4].values[0] + 1e-5F);
  EXPECT_NEAR(conv.weight[0] * conv.scale[0], constants[0].values[0] * scale, 1e-7);
  EXPECT_NEAR(conv.bias[0], constants[2].values[0] - constants[3].values[0] * scale, 1e-6);
}

TEST(Fusion, WhatIsReadTwiceIsNotFoldedAway) {
  SmallGraph graph(1, 8);
  graph.convolution("conv", "image", 1, 16, 3).node("Relu", {"conv"}, "relu");
  graph.convolution("a", "conv", 16, 16, 3).convolution("b", "relu", 16, 16, 3);
  const Network network = fused(graph.graph(), {"a", "b"});
  EXPECT_FALSE(std::get<Convolution>(network.layers[0].operation).relu);
  EXPECT_EQ(std::count_if(
                network.layers.begin(), network.layers.end(),
                [](const Layer& layer) { return std::holds_alternative<Affine>(layer.operation); }),
            1);
}

TEST(Fusion, NormalisationBeforeA1x1ConvolutionIsDoneAsItReads) {
  SmallGraph graph(1, 8);
  graph.convolution("first", "image", 1, 32, 3).convolution("second", "first", 32, 16, 3);
  graph.node("Concat", {"first", "second"}, "joined", {{"axis", std::int64_t{1}}});
  graph.norm("norm", "joined", 48).node("Relu", {"norm"}, "relu");
  graph.convolution("a", "relu", 48, 16, 1).convolution("b", "relu", 48, 16, 1);
  const Network network = fused(graph.graph(), {"a", "b"});
  EXPECT_EQ(names_of(network), (Names{"first", "second", "a", "b", "a", "b"}));
  for (const std::size_t reader : {std::size_t{2}, std::size_t{3}}) {
    const auto& convolution = std::get<Convolution>(network.layers[reader].operation);
    ASSERT_TRUE(convolution.before);
    EXPECT_TRUE(convolution.before->relu);
    EXPECT_EQ(convolution.before->scale.size(), 48U);
  }
}

TEST(Fusion, PartsOfAConcatenationAreWrittenInTheirPlace) {
  SmallGraph graph(1, 8);
  graph.convolution("a", "image", 1, 24, 3).convolution("b", "a", 24, 16, 3);  // 24 fill 2 blocks
  graph.node("Concat", {"a", "b"}, "ab", {{"axis", std::int64_t{1}}});
  graph.convolution("c", "ab", 40, 16, 3);
  graph.node("Concat", {"ab", "c"}, "abc", {{"axis", std::int64_t{1}}});
  graph.convolution("last", "abc", 56, 2, 1);
  const Network network = fused(graph.graph(), {"last"});
  EXPECT_EQ(names_of(network), (Names{"a", "b", "c", "last", "last"}));
  std::map<std::string, Tensor> tensors;
  for (const Tensor& tensor : network.tensors) tensors[tensor.name] = tensor;
  EXPECT_EQ(tensors["a"].offset, 0);
  EXPECT_EQ(tensors["b"].offset, 32);
  EXPECT_EQ(tensors["c"].offset, 48);
  EXPECT_EQ(tensors["abc"].physical, 64);
  EXPECT_EQ(tensors["abc"].positions[24], 32);  // b's first channel
  EXPECT_EQ(tensors["abc"].positions[40], 48);
  // The weights of channels that fill up are zero.
  const auto& last = std::get<Convolution>(network.layers[3].operation);
  for (std::size_t channel = 24; channel < 32; ++channel) EXPECT_EQ(last.weight[channel], 0.0F);
  EXPECT_NE(last.weight[32], 0.0F);
}

TEST(Fusion, SumsAreDoneByTheConvolutionThatComesLast) {
  SmallGraph graph(1, 8);
  graph.convolution("x", "image", 1, 16, 3).convolution("y", "x", 16, 16, 3);
  graph.convolution("shortcut", "x", 16, 16, 1);
  graph.node("Add", {"y", "shortcut"}, "sum").node("Relu", {"sum"}, "relu");
  graph.convolution("last", "relu", 16, 2, 1);
  const Network network = fused(graph.graph(), {"last"});
  EXPECT_EQ(names_of(network), (Names{"x", "y", "shortcut", "last", "last"}));
  const auto& shortcut = std::get<Convolution>(network.layers[2].operation);
  EXPECT_TRUE(shortcut.adds);
  EXPECT_TRUE(shortcut.relu);
  EXPECT_EQ(network.layers[2].inputs[1], network.layers[1].output);
}

TEST(Fusion, EqualChannelsAreReadAsOne) {
  SmallGraph graph(1, 8);
  graph.node("Concat", {"image", "image", "image"}, "grey", {{"axis", std::int64_t{1}}});
  graph.convolution("conv", "grey", 3, 16, 1);
  const Network network = fused(graph.graph(), {"conv"});
  const auto& conv = std::get<Convolution>(network.layers[0].operation);
  EXPECT_EQ(conv.weight.size(), 16U);
  const Numbers& weight = graph.graph().constants[0].values;
  EXPECT_EQ(conv.weight[0], weight[0] + weight[1] + weight[2]);
}

TEST(Fusion, AveragesBehindA1x1ConvolutionAreTakenOfWhatItReads) {
  SmallGraph graph(1, 17);
  graph.convolution("x", "image", 1, 32, 3).convolution("conv", "x", 32, 16, 1);
  graph.node("AveragePool", {"conv"}, "pool",
             {{"kernel_shape", Sides{2, 2}}, {"strides", Sides{2, 2}}});
  graph.convolution("last", "pool", 16, 2, 1);
  const Network network = fused(graph.graph(), {"last"});
  EXPECT_EQ(names_of(network), (Names{"x", "conv", "last", "last"}));
  EXPECT_TRUE(std::get<Convolution>(network.layers[1].operation).averages);
  EXPECT_EQ(network.tensors[network.layers[1].output].height, 4);
}

TEST(Fusion, WhatNoOutputNeedsIsLeftOut) {
  SmallGraph graph(1, 8);
  graph.convolution("a", "image", 1, 16, 3).convolution("b", "a", 16, 16, 3);
  EXPECT_EQ(names_of(fused(graph.graph(), {"a"})), (Names{"a", "a"}));
}

TEST(Fusion, ErrorSaysWhichLayerCannotBeRun) {
  const auto error = [](const SmallGraph& graph) {
    try {
      (void)fused(graph.graph(), {"odd"});
    } catch (const UserError& e) {
      EXPECT_FALSE(e.hint().empty());
      return std::string(e.what());
    }
    return std::string("none");
  };
  SmallGraph unknown(1, 8);
  unknown.node("Erf", {"image"}, "odd");
  EXPECT_EQ(error(unknown), "odd: the engine cannot run the operation Erf");
  SmallGraph grouped(2, 8);
  grouped.constant("w", {2, 1, 3, 3});
  grouped.node("Conv", {"image", "w"}, "odd", {{"group", std::int64_t{2}}});
  EXPECT_EQ(error(grouped), "odd: the engine cannot run a convolution with group");
  SmallGraph oblong(1, 8);
  oblong.constant("w", {2, 1, 3, 3});
  oblong.node("Conv", {"image", "w"}, "odd", {{"strides", Sides{1, 2}}});
  EXPECT_EQ(error(oblong), "odd: the engine cannot run Conv with unequal strides");
  SmallGraph pooled(1, 8);
  pooled.node("AveragePool", {"image"}, "odd", {{"kernel_shape", Sides{2, 2}}});
  EXPECT_NE(error(pooled).find("odd: the engine cannot run average pooling"), std::string::npos);
}

}  // namespace
}  // namespace chestmap::engine
