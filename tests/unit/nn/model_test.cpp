#include "nn/model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"
#include "tensors.h"
#include "weights/safetensors.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

ModelSpec small_spec(const std::function<void(ModelSpec&)>& change = {}) {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule"};
  spec.stages = {2, 4};
  spec.input_size = 32;
  spec.box_rule_provenance = "not fitted";
  spec.program_version = "1.2.3";
  if (change) change(spec);
  return spec;
}

/// A model that has seen a batch, so that its running statistics are no round numbers.
std::shared_ptr<Model> used_model(const ModelSpec& spec) {
  torch::manual_seed(7);
  auto model = std::make_shared<Model>(spec);
  const at::NoGradGuard no_gradient;
  model->train();
  (void)model->forward(at::rand({4, 32, 32}));
  model->head().observe(at::rand({2, 2}));
  model->eval();
  return model;
}

TEST(Model, IsTheSameBitForBitAfterSavingAndLoading) {
  const std::vector<std::function<void(ModelSpec&)>> variants = {
      [](ModelSpec&) {}, [](ModelSpec& s) { s.head = "pyramid"; },
      [](ModelSpec& s) { s.relevance = "evidence"; }, [](ModelSpec& s) { s.relevance = "uniform"; },
      [](ModelSpec& s) {
        s.relevance = "shared";
        s.normalise_maps = false;
        s.fusion = "scores";
        s.input_channels = 3;
      }};
  const ScratchFolder folder;
  const at::NoGradGuard no_gradient;
  for (const auto& variant : variants) {
    const auto model = used_model(small_spec(variant));
    save_model(*model, folder / "model.safetensors");
    const auto loaded = load_model(folder / "model.safetensors");
    EXPECT_FALSE(loaded->is_training());
    EXPECT_EQ(loaded->spec().to_metadata(), model->spec().to_metadata());
    const at::Tensor images = at::rand({3, 32, 32});
    const HeadOutput expected = model->forward(images);
    const HeadOutput output = loaded->forward(images);
    EXPECT_TRUE(at::equal(output.logits, expected.logits));
    EXPECT_TRUE(at::equal(output.stage_logits, expected.stage_logits));
    ASSERT_EQ(output.stage_maps.size(), 2U);
    for (std::size_t s = 0; s < 2; ++s)
      EXPECT_TRUE(at::equal(output.stage_maps[s], expected.stage_maps[s]));
    save_model(*loaded, folder / "again.safetensors");
    EXPECT_EQ(test::slurp(folder / "again.safetensors"), test::slurp(folder / "model.safetensors"));
  }
}

TEST(Model, TensorsInTheFileAreNamedAsTorchvisionsWithTheHeadBeside) {
  const auto model = used_model(small_spec());
  std::set<std::string> prefixes;
  for (const NamedTensor& item : named_state(*model))
    prefixes.insert(item.name.substr(0, item.name.find('.')));
  EXPECT_EQ(prefixes, (std::set<std::string>{"features", "head"}));
}

/// The text of the error that loading gives after `change` was made to the stored tensors.
std::string error_after(const std::function<void(std::vector<TensorView>&)>& change) {
  const ScratchFolder folder;
  save_model(*used_model(small_spec()), folder / "model.safetensors");
  const SafetensorsFile file(folder / "model.safetensors");
  std::vector<TensorView> tensors = file.tensors();
  change(tensors);
  write_safetensors(folder / "changed.safetensors", tensors, file.metadata());
  try {
    (void)load_model(folder / "changed.safetensors");
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TensorView& named(std::vector<TensorView>& tensors, const std::string& name) {
  return *std::find_if(tensors.begin(), tensors.end(),
                       [&](const TensorView& t) { return t.name == name; });
}

TEST(Model, LoadsWhateverTheOrderOfTheTensors) {
  EXPECT_EQ(error_after([](auto& tensors) { std::reverse(tensors.begin(), tensors.end()); }),
            "no error");
}

TEST(Model, MissingUnexpectedAndMisshapenTensorsAreListedByName) {
  const std::string error = error_after([](auto& tensors) {
    named(tensors, "features.norm5.bias").name = "features.norm6.bias";
    std::swap(named(tensors, "head.classifier4.weight").shape[0],
              named(tensors, "head.classifier4.weight").shape[1]);
    std::erase_if(tensors, [](const TensorView& t) { return t.name == "head.relevance"; });
  });
  for (const std::string part : {"changed.safetensors", "features.norm5.bias is missing",
                                 "features.norm6.bias is unexpected", "head.relevance is missing",
                                 "head.classifier4.weight is F32 [", ", 2, 1, 1], F32 [2, "})
    EXPECT_NE(error.find(part), std::string::npos) << part << " in " << error;
  EXPECT_EQ(error.find("norm4.bias"), std::string::npos) << error;
}

TEST(Model, ATensorOfAnotherTypeIsRefused) {
  const std::string error =
      error_after([](auto& tensors) { named(tensors, "head.bias").dtype = "I32"; });
  EXPECT_NE(error.find("head.bias is I32 [2, 2], F32 [2, 2] was expected"), std::string::npos)
      << error;
}

TEST(Model, StagesMustBeThoseOfTheBackboneInRisingOrder) {
  for (const std::vector<std::int64_t>& stages :
       {std::vector<std::int64_t>{}, {0, 1}, {2, 1}, {1, 1}, {1, 5}})
    EXPECT_THROW(Model(small_spec([&](ModelSpec& s) { s.stages = stages; })), UserError);
}

TEST(Model, GreyValuesAreNormalisedAndRepeatedOverTheChannels) {
  const at::NoGradGuard no_gradient;
  const auto plain = used_model(small_spec([](ModelSpec& s) {
    s.pixel_mean = 0.0;
    s.pixel_deviation = 1.0;
    s.input_channels = 3;
  }));
  const auto scaled = used_model(small_spec([](ModelSpec& s) {
    s.pixel_mean = 0.25;
    s.pixel_deviation = 0.5;
    s.input_channels = 3;
  }));
  const std::vector<NamedTensor> from = named_state(*plain);
  const std::vector<NamedTensor> to = named_state(*scaled);
  for (std::size_t i = 0; i < from.size(); ++i) to[i].tensor.detach().copy_(from[i].tensor);
  const at::Tensor images = at::rand({2, 32, 32});
  // 0.25 and 0.5 are exact in binary.
  EXPECT_TRUE(
      at::equal(scaled->forward(images).logits, plain->forward((images - 0.25) / 0.5).logits));
}

TEST(Model, UsesTheStagesThatItsSpecNames) {
  const auto model = used_model(small_spec());
  const std::vector<Grid> grids = model->grids();
  ASSERT_EQ(grids.size(), 2U);
  EXPECT_EQ(grids[0].stride, 8.0);
  EXPECT_EQ(grids[1].stride, 32.0);
  const at::NoGradGuard no_gradient;
  const std::vector<at::Tensor> features = model->features(at::rand({1, 32, 32}));
  ASSERT_EQ(features.size(), 2U);
  EXPECT_EQ(features[0].size(2), 4);
  EXPECT_EQ(features[1].size(2), 1);
}

TEST(Model, ComputesNoStageBehindTheDeepestUsed) {
  ModelSpec spec = small_spec();
  spec.stages = {1, 3};
  const auto model = used_model(spec);
  const at::NoGradGuard no_gradient;
  const at::Tensor images = at::rand({1, 32, 32});
  const at::Tensor before = model->forward(images).logits;
  for (const auto& item : model->named_parameters())
    if (item.key().starts_with("backbone.features.denseblock4"))
      item.value().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(at::equal(model->forward(images).logits, before));
  EXPECT_EQ(model->backbone().features(at::rand({1, 1, 32, 32}), 2).size(), 2U);
}

}  // namespace
}  // namespace chestmap
