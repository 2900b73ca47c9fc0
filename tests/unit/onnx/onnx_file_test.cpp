#include "onnx/onnx_file.h"

#include <gtest/gtest.h>

#include "../image/scratch.h"
#include "base/error.h"
#include "judges/ask.h"

namespace chestmap {
namespace {

using Json = nlohmann::json;
using test::ScratchFolder;

Graph small_graph() {
  Graph graph;
  graph.inputs = {{"image", {1, 8, 8}, "a square"}};
  graph.outputs = {{"sum", {2, 4, 4}, ""}};
  graph.constants = {{"weight", {2, 1, 3, 3}, std::vector<float>(18, 0.25F)},
                     {"number", {1}, std::vector{-1.5F}}};
  graph.nodes = {{"Conv",
                  {"image", "weight"},
                  "maps",
                  {{"strides", std::vector<std::int64_t>{2, 2}},
                   {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}}},
                 {"Add", {"maps", "number"}, "sum", {}}};
  return graph;
}

/// The file as onnx parses it; nothing where it is not installed.
std::optional<Json> parsed(const Graph& graph, const OnnxDescription& description) {
  const ScratchFolder folder;
  write_file(folder / "graph.onnx", onnx_file(graph, description));
  return ask_judge("describe_onnx.py", {{"file", folder / "graph.onnx"}});
}

TEST(OnnxFile, IsWhatTheReferenceImplementationReads) {
  const auto model =
      parsed(small_graph(), {.opset = 13,
                             .producer_version = "1.2",
                             .text = "zwei Zeilen\nfür Leute",
                             .metadata = {{"findings", "[\"Mass\"]"}, {"empty", ""}}});
  if (!model) GTEST_SKIP() << "onnx is not installed";
  EXPECT_EQ(model->at("ir_version"), 7);
  EXPECT_EQ(model->at("opsets"), (Json{{"", 13}}));
  EXPECT_EQ(model->at("producer"), (Json{"chestmap", "1.2"}));
  EXPECT_EQ(model->at("doc"), "zwei Zeilen\nfür Leute");
  EXPECT_EQ(model->at("metadata"), (Json{{"findings", "[\"Mass\"]"}, {"empty", ""}}));
  EXPECT_EQ(model->at("inputs"), Json::parse(R"([{"name": "image", "type": 1,
            "shape": ["N", 1, 8, 8], "doc": "a square"}])"));
  EXPECT_EQ(model->at("outputs")[0].at("shape"), (Json{"N", 2, 4, 4}));
  const Json& constants = model->at("constants");
  ASSERT_EQ(constants.size(), 2U);
  EXPECT_EQ(constants[0].at("dtype"), "float32");
  EXPECT_EQ(constants[0].at("shape"), (Json{2, 1, 3, 3}));
  EXPECT_EQ(constants[0].at("values"), Json(std::vector<float>(18, 0.25F)));
  EXPECT_EQ(constants[1].at("values"), Json({-1.5}));
  EXPECT_EQ(model->at("nodes"), Json::parse(R"([
      {"op": "Conv", "inputs": ["image", "weight"], "outputs": ["maps"],
       "attributes": {"strides": [2, 2], "pads": [1, 1, 1, 1]}},
      {"op": "Add", "inputs": ["maps", "number"], "outputs": ["sum"], "attributes": {}}])"));
}

TEST(OnnxFile, AttributesKeepTheirTypes) {
  Graph graph;
  graph.nodes = {{"BatchNormalization", {"x"}, "y", {{"epsilon", 1e-5F}}},
                 {"Flatten", {"y"}, "z", {{"axis", std::int64_t{1}}}}};
  const auto model = parsed(graph, {});
  if (!model) GTEST_SKIP() << "onnx is not installed";
  const Json& nodes = model->at("nodes");
  EXPECT_EQ(nodes[0].at("attributes").at("epsilon"), static_cast<double>(1e-5F));
  EXPECT_TRUE(nodes[1].at("attributes").at("axis").is_number_integer());
  EXPECT_EQ(nodes[1].at("attributes").at("axis"), 1);
}

TEST(OnnxFile, HalfPrecisionConstantsAreFloat16) {
  Graph graph = small_graph();
  graph.constants[1] = {"number", {3}, std::vector{-1.5F, 0.1F, 65504.0F}, Precision::half};
  const auto model = parsed(graph, {});
  if (!model) GTEST_SKIP() << "onnx is not installed";
  const Json& number = model->at("constants")[1];
  EXPECT_EQ(number.at("dtype"), "float16");
  EXPECT_EQ(number.at("values")[0], -1.5);
  EXPECT_EQ(number.at("values")[1], 0.0999755859375);  // 1638 * 2^-14, the nearest to 0.1
  EXPECT_EQ(number.at("values")[2], 65504.0);
}

TEST(OnnxFile, NumberBeyondHalfPrecisionIsAnErrorThatNamesTheConstant) {
  Graph graph = small_graph();
  graph.constants[1] = {"layer4.bn.weight", {1}, std::vector{7e4F}, Precision::half};
  try {
    (void)onnx_file(graph, {});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "layer4.bn.weight holds 70000, which is beyond half precision's 65504");
    EXPECT_EQ(error.hint(), "export without --fp16");
  }
}

TEST(OnnxFile, EachOperatorSetHasTheFileFormatThatItCameWith) {
  // https://github.com/onnx/onnx/blob/main/docs/Versioning.md: ONNX 1.4.1 is 9 and format 4, 1.5 10
  // and 5, 1.6 11 and 6, 1.7 12 and 7, 1.8 13 and 7, 1.10 15 and 8.
  const std::vector<std::pair<std::int64_t, int>> pairs = {{9, 4},  {10, 5}, {11, 6}, {12, 7},
                                                           {13, 7}, {15, 8}, {17, 8}};
  for (const auto& [opset, format] : pairs) {
    OnnxDescription description;
    description.opset = opset;
    const auto model = parsed(small_graph(), description);
    if (!model) GTEST_SKIP() << "onnx is not installed";
    EXPECT_EQ(model->at("ir_version"), format) << opset;
    EXPECT_EQ(model->at("opsets").at(""), opset);
  }
}

}  // namespace
}  // namespace chestmap
