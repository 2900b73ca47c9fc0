#include "nn/initial_weights.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "nn/model.h"
#include "tensors.h"
#include "weights/backbone_layout.h"
#include "weights/safetensors.h"
#include "weights/weight_file.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;

std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value();
  return state;
}

std::map<std::string, at::Tensor> copies_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state = state_of(module);
  for (auto& [name, tensor] : state) tensor = tensor.detach().clone();
  return state;
}

class EveryBackbone : public testing::TestWithParam<std::string> {};

TEST_P(EveryBackbone, LayoutNamesTheModulesTensors) {
  for (const std::int64_t channels : {1, 3}) {
    auto state = state_of(*make_backbone(GetParam(), channels));
    for (const ExpectedTensor& expected : backbone_tensors(backbone_layout(GetParam()), channels)) {
      const auto found = state.find(expected.name);
      ASSERT_NE(found, state.end()) << expected.name;
      EXPECT_EQ(found->second.sizes().vec(), expected.shape) << expected.name;
      EXPECT_EQ(found->second.scalar_type(), expected.whole ? at::kLong : at::kFloat)
          << expected.name;
      state.erase(found);
    }
    for (const auto& [name, tensor] : state) ADD_FAILURE() << name << " is in no layout";
  }
}

/// Relative to the largest value: both sides sum in single precision, in another order.
constexpr double kRounding = 1e-5;
/// In training each norm divides by the deviation of a few pixels, which magnifies what rounding
/// the layers before have left: PyTorch 1.13 and 2.11 differ by 3e-5 between themselves.
constexpr double kRoundingInTraining = 1e-4;

void expect_near(const at::Tensor& ours, const at::Tensor& expected, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(ours.sizes(), expected.sizes()) << what;
  const double scale = expected.abs().max().item<double>();
  ASSERT_GT(scale, 0.01) << what;
  const double relative = test::distance(ours, expected) / scale;
  EXPECT_LT(relative, tolerance) << what;
  testing::Test::RecordProperty(fmt::format("relative of {}", what),
                                fmt::format("{:.2e}", relative));
}

TEST_P(EveryBackbone, TorchvisionsCheckpointsGiveTorchvisionsFeatures) {
  const ScratchFolder folder;
  const std::string name = GetParam();
  const int status =
      run_judge("torchvision_backbones.py",
                fmt::format("features '{}' {} 2>/dev/null", folder.path().string(), name));
  if (status == 77) GTEST_SKIP() << "python3 with torchvision is not installed";
  ASSERT_EQ(status, 0);
  std::map<std::string, at::Tensor> answers;
  const SafetensorsFile judged(folder / (name + "-answers.safetensors"));
  for (const TensorView& view : judged.tensors()) answers[view.name] = test::tensor_of(view);

  std::map<std::string, at::Tensor> first;
  for (const std::string ending : {".safetensors", ".pt", ".pth"}) {
    const WeightFile file = read_weights(folder / (name + ending));
    const BackboneFit fit = fit_backbone(file, backbone_layout(name), 3);
    require_exact(fit, file);
    EXPECT_EQ(fit.beside.size(), 2U);  // the classifier's weight and bias
    const auto backbone = make_backbone(name, 3);
    load_initial_weights(*backbone, fit);
    if (!first.empty()) {
      for (const auto& [key, tensor] : state_of(*backbone))
        EXPECT_TRUE(at::equal(tensor, first.at(key))) << name << ending << " " << key;
      continue;
    }
    first = copies_of(*backbone);
    const at::NoGradGuard no_gradient;
    for (const bool training : {false, true}) {
      backbone->train(training);
      const std::vector<at::Tensor> stages = backbone->features(answers.at("input"), 4);
      ASSERT_EQ(stages.size(), 4U);
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const std::string key = fmt::format("{}{}", training ? "train" : "eval", s + 1);
        expect_near(stages[s], answers.at(key), training ? kRoundingInTraining : kRounding,
                    name + " " + key);
        EXPECT_EQ(backbone->stages()[s].channels, stages[s].size(1));
      }
    }
    for (const auto& [key, buffer] : backbone->named_buffers().pairs())
      expect_near(buffer, answers.at("after." + key), kRoundingInTraining, name + " " + key);
  }
}

INSTANTIATE_TEST_SUITE_P(Backbones, EveryBackbone, testing::ValuesIn(backbone_names()),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::erase(name, '-');
                           return name;
                         });

/// A weight file of the backbone itself.
struct Saved {
  explicit Saved(const std::string& backbone, std::int64_t channels) {
    ModelSpec spec;
    spec.findings = {"Mass"};
    spec.backbone = backbone;
    spec.input_channels = channels;
    const Model model(spec);
    save_model(model, folder / "m.safetensors");
    file = read_weights(folder / "m.safetensors");
  }
  ScratchFolder folder;
  WeightFile file;
};

TEST(InitialWeights, OneAndThreeChannelsGiveTheSameFeaturesOfAGreyImage) {
  for (const auto& [from, to] : {std::pair{1, 3}, std::pair{3, 1}}) {
    const Saved saved("densenet-compact", from);
    const BackboneLayout& layout = backbone_layout("densenet-compact");
    const auto original = make_backbone(layout.name, from);
    const auto converted = make_backbone(layout.name, to);
    load_initial_weights(*original, fit_backbone(saved.file, layout, from));
    load_initial_weights(*converted, fit_backbone(saved.file, layout, to));
    original->eval();
    converted->eval();
    const at::NoGradGuard no_gradient;
    const at::Tensor grey = at::rand({2, 1, 64, 64});
    const auto a = original->features(grey.expand({-1, from, -1, -1}), 4);
    const auto b = converted->features(grey.expand({-1, to, -1, -1}), 4);
    for (std::size_t s = 0; s < a.size(); ++s)
      expect_near(b[s], a[s], kRounding, fmt::format("{} to {}, stage {}", from, to, s + 1));
  }
}

TEST(InitialWeights, AModelsOwnFileFitsAndTheHeadIsLeftOut) {
  const Saved saved("densenet-compact", 1);
  const BackboneFit fit = fit_backbone(saved.file, backbone_layout("densenet-compact"), 1);
  EXPECT_TRUE(fit.exact());
  EXPECT_FALSE(fit.beside.empty());
  for (const std::string& name : fit.beside) EXPECT_TRUE(name.starts_with("head.")) << name;
}

TEST(InitialWeights, WhatIsMissingKeepsItsInitialValue) {
  Saved saved("densenet-compact", 1);
  const std::string gone = "features.denseblock2.denselayer1.conv1.weight";
  std::erase_if(saved.file.tensors, [&](const StoredTensor& t) { return t.name == gone; });
  const auto backbone = make_backbone("densenet-compact", 1);
  const auto before = copies_of(*backbone);
  load_initial_weights(*backbone, fit_backbone(saved.file, backbone_layout("densenet-compact"), 1));
  const auto after = state_of(*backbone);
  EXPECT_TRUE(at::equal(after.at(gone), before.at(gone)));
  const std::string other = "features.denseblock2.denselayer1.conv2.weight";
  EXPECT_FALSE(at::equal(after.at(other), before.at(other)));
}

}  // namespace
}  // namespace chestmap
