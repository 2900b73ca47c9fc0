#include "graph/localizer_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "../image/scratch.h"
#include "base/error.h"
#include "graph/localizer_metadata.h"
#include "weights/backbone_layout.h"
#include "weights/safetensors.h"

namespace chestmap {
namespace {

using test::ScratchFolder;
using Change = std::function<void(ModelSpec&)>;

struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// A file of a compact model with the plain head over all stages (channels 72, 100, 114 and 121)
/// and made-up weights.
class LocalizerGraphTest : public testing::Test {
 protected:
  LocalizerGraphTest() {
    spec_.findings = {"Mass", "Nodule"};
    spec_.input_size = 64;
    spec_.normalise_maps = false;
    spec_.box_rule_provenance = "not fitted";
    for (const ExpectedTensor& tensor : backbone_tensors(backbone_layout(spec_.backbone), 1))
      if (!tensor.whole) add(tensor.name, tensor.shape);
    const std::vector<std::int64_t> channels = {72, 100, 114, 121};
    for (std::size_t s = 0; s < channels.size(); ++s) {
      const std::string name = "head.classifier" + std::to_string(s + 1);
      add(name + ".weight", {2, channels[s], 1, 1});
      add(name + ".bias", {2});
    }
    add("head.relevance", {2, 4});
  }

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    const auto count =
        std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    tensors_.push_back({name, shape, std::vector<float>(static_cast<std::size_t>(count), 0.5F)});
  }

  Tensor& tensor(const std::string& name) {
    return *std::find_if(tensors_.begin(), tensors_.end(),
                         [&](const Tensor& tensor) { return tensor.name == name; });
  }

  LocalizerGraph graph(const LocalizerGraphOptions& options = {}) {
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors_)
      views.push_back({tensor.name, "F32", tensor.shape, std::as_bytes(std::span(tensor.values))});
    write_safetensors(file(), views, spec_.to_metadata());
    return localizer_graph(file(), options);
  }

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "model.safetensors"; }

  std::string error() {
    try {
      (void)graph();
      return "no error";
    } catch (const UserError& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.starts_with(file().string())) << what;
      return what.substr(file().string().size());
    }
  }

  ScratchFolder folder_;
  ModelSpec spec_;
  std::vector<Tensor> tensors_;
};

TEST_F(LocalizerGraphTest, PortsHaveTheShapesOfTheMaps) {
  const LocalizerGraph localizer = graph({.resolution = 30});
  ASSERT_EQ(localizer.graph.inputs.size(), 1U);
  EXPECT_EQ(localizer.graph.inputs[0].shape, (std::vector<std::int64_t>{1, 64, 64}));
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const Port& port : localizer.graph.outputs) shapes[port.name] = port.shape;
  const std::map<std::string, std::vector<std::int64_t>> expected = {{"logits", {2}},
                                                                     {"probabilities", {2}},
                                                                     {"attention_map", {2, 30, 30}},
                                                                     {"stage_map_1", {2, 16, 16}},
                                                                     {"stage_map_2", {2, 8, 8}},
                                                                     {"stage_map_3", {2, 4, 4}},
                                                                     {"stage_map_4", {2, 2, 2}}};
  EXPECT_EQ(shapes, expected);
}

TEST_F(LocalizerGraphTest, EveryInputOfANodeComesBeforeItAndEachIsNeeded) {
  spec_.stages = {1, 2};  // blocks 3 and 4 give nothing that is asked for
  std::erase_if(tensors_, [](const Tensor& tensor) {
    return tensor.name.starts_with("head.classifier3") ||
           tensor.name.starts_with("head.classifier4");
  });
  tensor("head.relevance") = {"head.relevance", {2, 2}, {0.0F, 1.0F, 2.0F, 3.0F}};
  const Graph built = graph().graph;
  std::set<std::string> known = {"image"};
  std::set<std::string> used;
  for (const Constant& constant : built.constants) {
    EXPECT_TRUE(known.insert(constant.name).second) << constant.name;
    EXPECT_FALSE(constant.name.find("denseblock3") != std::string::npos) << constant.name;
  }
  for (const Node& node : built.nodes) {
    for (const std::string& input : node.inputs) {
      EXPECT_TRUE(known.contains(input)) << input;
      used.insert(input);
    }
    EXPECT_TRUE(known.insert(node.output).second) << node.output;
  }
  for (const Port& output : built.outputs) used.insert(output.name);
  EXPECT_EQ(used, known);
}

TEST_F(LocalizerGraphTest, RelevanceIsTheSoftmaxOverStages) {
  // e^0 : e^0 : e^0 : e^ln 3 = 1 : 1 : 1 : 3
  const auto log3 = static_cast<float>(std::log(3.0));
  tensor("head.relevance").values = {0, 0, 0, log3, 0, 0, 0, 0};
  const auto relevance = graph().relevance;
  ASSERT_EQ(relevance.size(), 2U);
  EXPECT_NEAR(relevance[0][0], 1.0 / 6.0, 1e-7);  // log3 is rounded to single precision
  EXPECT_NEAR(relevance[0][3], 0.5, 1e-7);
  EXPECT_EQ(relevance[1][2], 0.25);
}

TEST_F(LocalizerGraphTest, WrongTensorsAreToldByNameAndAllAtOnce) {
  std::erase_if(tensors_, [](const Tensor& t) { return t.name == "features.conv0.weight"; });
  tensor("head.classifier2.bias").shape = {1, 2};
  add("head.gain", {2});
  EXPECT_EQ(error(),
            " does not fit its own description: features.conv0.weight is missing; "
            "head.classifier2.bias is F32 [1, 2], F32 [2] was expected; head.gain is unexpected");
}

TEST_F(LocalizerGraphTest, WhatCannotBeExportedIsToldByItsLayer) {
  const std::vector<std::pair<Change, std::string>> cases = {
      {[](ModelSpec& s) { s.pooling = "median"; },
       ": head: its pooling \"median\" cannot be exported"},
      {[](ModelSpec& s) { s.fusion = "product"; },
       ": head: its fusion \"product\" cannot be exported"},
      {[](ModelSpec& s) { s.head = "transformer"; },
       ": the head \"transformer\" cannot be exported"},
      {[](ModelSpec& s) { s.backbone = "vgg16"; }, ": unknown backbone \"vgg16\""},
      {[](ModelSpec& s) {
         s.stages = {4, 1};
       },
       ": model.stages = [4, 1] is not a rising list of stages of densenet-compact"},
      {[](ModelSpec& s) { s.input_size = 8; },
       ": features.transition2.pool gets a map of 1 cells, which is too small for it"},
  };
  const ModelSpec good = spec_;
  for (const auto& [change, expected] : cases) {
    spec_ = good;
    change(spec_);
    EXPECT_EQ(error(), expected);
  }
}

TEST_F(LocalizerGraphTest, FileWithoutMetadataIsNoModel) {
  write_safetensors(file(), {}, {});
  try {
    (void)localizer_graph(file(), {});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.what(),
              file().string() + " holds no chestmap model: its metadata has no \"chestmap\"");
  }
}

TEST_F(LocalizerGraphTest, MetadataHoldsTheModelsOwnAndWhatTheExportAdds) {
  spec_.program_version = "chestmap 0.1.0";
  spec_.provenance = {{"seed", "7"}};
  spec_.box_rules["multiscale attention map"] = {{.fraction = 0.25, .fitted = true}, {}};
  const auto metadata = localizer_metadata(graph({.precision = Precision::half}));
  EXPECT_EQ(metadata.at("notice"), "Research use only. Not for diagnosis.");
  EXPECT_EQ(metadata.at("findings"), "[\"Mass\",\"Nodule\"]");
  EXPECT_EQ(metadata.at("program_version"), "chestmap 0.1.0");
  EXPECT_EQ(metadata.at("provenance"), "{\"seed\":\"7\"}");
  EXPECT_NE(metadata.at("boxes").find("\"fraction\":0.25"), std::string::npos);
  EXPECT_NE(metadata.at("preprocessing").find("\"size\":64"), std::string::npos);
  EXPECT_EQ(metadata.at("precision"), "float16");
  EXPECT_EQ(metadata.at("attention_resolution"), "64");
  EXPECT_EQ(metadata.at("layer_relevance"),
            "{\"Mass\":[0.25,0.25,0.25,0.25],\"Nodule\":[0.25,0.25,0.25,0.25]}");
  // Stem 3/2/1 and pool 3/2/1 are centred on input cell 0: 0.5. Each 2x2 pooling moves the grid by
  // half a cell: 0.5 + 2, + 4, + 8.
  EXPECT_NE(metadata.at("grids").find("\"stage_map_3\":{\"offset\":6.5,\"stride\":16.0}"),
            std::string::npos)
      << metadata.at("grids");
}

}  // namespace
}  // namespace chestmap
