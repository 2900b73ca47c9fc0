#include <gtest/gtest.h>

#include "../image/scratch.h"
#include "exported_case.h"
#include "judges/ask.h"
#include "onnx/export_onnx.h"
#include "torchscript/export_torchscript.h"

namespace chestmap {
namespace {

using test::ScratchFolder;
using Json = nlohmann::json;

struct Case {
  std::string name;
  ModelSpec spec;
  std::int64_t resolution = 0;
  std::int64_t opset = 13;
};

ModelSpec small_spec() {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule", "Hernia"};
  spec.backbone = "densenet-compact";
  spec.input_size = 64;
  spec.box_rule_provenance = "not fitted";
  return spec;
}

Fit made_up_fit() { return {"platt", "none", "valid", "0", 1, ""}; }

/// Of "Nodule" nothing is known.
Calibration lines() {
  return {made_up_fit(), {FindingCalibration{1.7, -0.4, {}}, {}, FindingCalibration{0.3, 2.0, {}}}};
}

/// A step of a width that is nothing in single precision, a plateau, and a constant.
Calibration curves() {
  const std::vector<CalibrationKnot> stairs = {
      {-1.0, 0.1}, {-0.2, 0.3}, {-0.2 + 1e-9, 0.5}, {0.5, 0.5}, {2.0, 0.9}};
  return {made_up_fit(),
          {FindingCalibration{1.0, 0.0, stairs}, {}, FindingCalibration{1.0, 0.0, {{0.0, 0.25}}}}};
}

/// Shifts by parts of cells and by cells, up and down, across the rim too.
Alignment shifts(std::size_t findings, std::size_t stages) {
  Alignment alignment{made_up_fit(), {}};
  double next = -9.3;
  for (std::size_t f = 0; f < findings; ++f) {
    alignment.shifts.emplace_back();
    for (std::size_t s = 0; s < stages; ++s, next += 1.9)
      alignment.shifts.back().push_back({next, 4.0 - next / 2.0});
  }
  return alignment;
}

Case changed(std::string name, const std::function<void(Case&)>& change) {
  Case result{std::move(name), small_spec()};
  change(result);
  return result;
}

/// Writes the case's model, what the own back end says of it, and both exports; the judge's
/// question of them.
Json write_case(const Case& c, const std::filesystem::path& folder) {
  const std::filesystem::path model = folder / (c.name + ".safetensors");
  const std::filesystem::path reference = folder / (c.name + ".reference");
  const std::filesystem::path onnx = folder / (c.name + ".onnx");
  const std::filesystem::path torchscript = folder / (c.name + ".pt");
  test::write_random_model(c.spec, model);
  test::write_reference(model, static_cast<std::size_t>(c.resolution), reference);
  export_onnx(model, onnx, {.resolution = c.resolution}, c.opset);
  export_torchscript(model, torchscript, c.resolution);
  return {{"reference", reference}, {"onnx", onnx}, {"torchscript", torchscript}};
}

/// The largest difference of any output; infinite where the runtime failed.
double worst(const Json& answer) {
  if (!answer.is_object()) return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  for (const auto& [output, difference] : answer.items())
    worst = std::max(worst, difference.get<double>());
  return worst;
}

/// Of the largest value. The runtimes' own kernels sum in other orders: single precision's 6e-8
/// grows with the depth of the network, and 1e-4 is what the export promises. torch.jit runs the
/// same kernels as the own back end on another memory layout; ResNet-50 comes to 1.5e-5, all others
/// stay below 1e-5.
void expect_same(const std::vector<Case>& cases, const Json& answers) {
  ASSERT_EQ(answers.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i)
    for (const auto& [runtime, answer] : answers[i].items()) {
      if (answer == "missing") continue;
      if (runtime == "onnx checker" && cases[i].opset > 17) continue;  // 1.12 knows no later one
      EXPECT_LT(worst(answer), runtime == "torch.jit" ? 3e-5 : 1e-4)
          << cases[i].name << " in " << runtime << ": " << answer;
    }
}

void check(const std::vector<Case>& cases) {
  const ScratchFolder folder;
  Json question = Json::array();
  for (const Case& c : cases) question.push_back(write_case(c, folder.path()));
  const auto answers = ask_judge("exported_models.py", question);
  if (!answers) GTEST_SKIP() << "the judge cannot be started";
  expect_same(cases, *answers);
  for (const auto& [runtime, answer] : answers->at(0).items())
    if (answer == "missing") GTEST_SKIP() << runtime << " is not installed; the others agree";
}

class ExportedBackbone : public testing::TestWithParam<std::string> {};

TEST_P(ExportedBackbone, GivesTheSameInEveryRuntime) {
  check({changed(GetParam(), [](Case& c) { c.spec.backbone = GetParam(); })});
}

INSTANTIATE_TEST_SUITE_P(All, ExportedBackbone, testing::ValuesIn(backbone_names()),
                         test::backbone_test_name);

TEST(ExportedHead, GivesTheSameInEveryRuntimeWithEachOfItsOptions) {
  const auto plain = [](Case& c) {  // what model.head = "sedai2018" stands for
    c.spec.normalise_maps = false;
    c.spec.pooling = "average";
  };
  check({
      changed("average", [](Case& c) { c.spec.pooling = "average"; }),
      changed("max", [](Case& c) { c.spec.pooling = "max"; }),
      changed("sharp_lse", [](Case& c) { c.spec.lse_r = 40.0; }),
      changed("pcam", [](Case& c) { c.spec.pooling = "pcam"; }),
      changed("sedai2018", plain),
      changed("maps", [](Case& c) { c.spec.fusion = "maps"; }),
      changed("maps_pcam",
              [](Case& c) {
                c.spec.fusion = "maps";
                c.spec.pooling = "pcam";
              }),
      changed("pyramid", [](Case& c) { c.spec.head = "pyramid"; }),
      changed("pyramid_of_resnet",
              [](Case& c) {
                c.spec.head = "pyramid";
                c.spec.backbone = "resnet18";
                c.spec.stages = {2, 4};
                c.spec.fusion = "maps";
              }),
      changed("shared", [](Case& c) { c.spec.relevance = "shared"; }),
      changed("uniform", [](Case& c) { c.spec.relevance = "uniform"; }),
      changed("evidence", [](Case& c) { c.spec.relevance = "evidence"; }),
      changed("single_stage", [](Case& c) { c.spec.stages = {4}; }),
      changed("stages_that_leave_the_backbone_early",
              [](Case& c) {
                c.spec.stages = {1, 2};
              }),
      changed("three_channels", [](Case& c) { c.spec.input_channels = 3; }),
      changed("three_channels_of_resnet",
              [](Case& c) {
                c.spec.input_channels = 3;
                c.spec.backbone = "resnet18";
              }),
      changed("pixels_of_imagenet",
              [](Case& c) {
                c.spec.pixel_mean = 0.449;
                c.spec.pixel_deviation = 0.226;
              }),
      changed("size_that_no_stride_divides", [](Case& c) { c.spec.input_size = 75; }),
      changed("coarse_attention_map", [](Case& c) { c.resolution = 20; }),
      changed("one_finding", [](Case& c) { c.spec.findings = {"Mass"}; }),
      changed("aligned", [](Case& c) { c.spec.alignment = shifts(3, 4); }),
      changed("aligned_one_finding",
              [](Case& c) {
                c.spec.findings = {"Mass"};
                c.spec.stages = {1, 3};
                c.spec.alignment = shifts(1, 2);
              }),
      changed("aligned_fusion_of_maps",
              [](Case& c) {
                c.spec.fusion = "maps";
                c.spec.alignment = shifts(3, 4);
              }),
      changed("platt", [](Case& c) { c.spec.calibration = lines(); }),
      changed("isotonic", [](Case& c) { c.spec.calibration = curves(); }),
      changed("opset_9", [](Case& c) { c.opset = 9; }),
      changed("opset_17", [](Case& c) { c.opset = 17; }),
      changed("opset_21", [](Case& c) { c.opset = 21; }),
  });
}

TEST(ExportedModel, DarkAndBrightMapsDoNotOverflowThePooling) {
  // A gain of e^6 = 403 makes logits of several hundred, of which neither exp(r m) nor sigmoid(m)
  // is a number in single precision; differences are relative to the largest.
  const ScratchFolder folder;
  Json question = Json::array();
  for (const std::string pooling : {"lse", "pcam"}) {
    Case c = changed(pooling, [&](Case& x) { x.spec.pooling = pooling; });
    const std::filesystem::path model = folder / (c.name + ".safetensors");
    torch::manual_seed(3);
    const auto network = std::make_shared<Model>(c.spec);
    const at::NoGradGuard no_gradient;
    for (const auto& item : network->named_parameters())
      if (item.key() == "head.gain") item.value().fill_(6.0);
    save_model(*network, model);
    test::write_reference(model, 0, folder / (c.name + ".reference"));
    export_onnx(model, folder / (c.name + ".onnx"), {}, 13);
    question.push_back(
        {{"reference", folder / (c.name + ".reference")}, {"onnx", folder / (c.name + ".onnx")}});
  }
  const auto answers = ask_judge("exported_models.py", question);
  if (!answers || answers->at(0).at("onnxruntime") == "missing") GTEST_SKIP();
  for (const Json& answer : *answers) EXPECT_LT(worst(answer.at("onnxruntime")), 1e-4) << answer;
}

TEST(ExportedModel, HalfPrecisionStaysNearTheOwnBackEnd) {
  // Half precision rounds to 2^-11 = 5e-4, and each layer adds its own: with random weights, whose
  // deepest maps have 2 x 2 cells and little variance, DenseNet-121 comes to 2e-2 of the largest.
  // docs/export.md has what trained models come to.
  const ScratchFolder folder;
  Json question = Json::array();
  for (const std::string backbone : {"densenet-compact", "densenet121", "resnet18"})
    for (const std::string head : {"multiscale", "pyramid"}) {
      const Case c = changed(backbone + head, [&](Case& x) {
        x.spec.backbone = backbone;
        x.spec.head = head;
      });
      Json asked = write_case(c, folder.path());
      export_onnx(folder / (c.name + ".safetensors"), folder / (c.name + ".onnx"),
                  {.precision = Precision::half}, 13);
      asked.erase("torchscript");
      question.push_back(asked);
    }
  const auto answers = ask_judge("exported_models.py", question);
  if (!answers || answers->at(0).at("onnxruntime") == "missing") GTEST_SKIP();
  for (const Json& answer : *answers) {
    EXPECT_EQ(answer.at("onnx checker"), Json::object()) << answer;
    EXPECT_LT(worst(answer.at("onnxruntime")), 5e-2) << answer;
    EXPECT_GT(worst(answer.at("onnxruntime")), 1e-5) << "it is not in half precision";
  }
}

}  // namespace
}  // namespace chestmap
