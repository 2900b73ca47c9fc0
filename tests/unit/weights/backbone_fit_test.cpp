#include "weights/backbone_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "weights/tensor_names.h"

namespace chestmap {
namespace {

/// A weight file of a backbone that lives in memory; element i of each tensor is i.
class Made {
 public:
  explicit Made(const std::string& backbone, std::int64_t channels = 3) {
    for (const ExpectedTensor& expected : backbone_tensors(backbone_layout(backbone), channels))
      add(expected.name, expected.shape);
    file.path = "f.pth";
  }
  Made() { file.path = "f.pth"; }

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    memory_.emplace_back(elements_of(shape).value());
    std::iota(memory_.back().begin(), memory_.back().end(), 0.0F);
    file.tensors.push_back({name, "F32", shape, row_major_strides(shape),
                            std::as_bytes(std::span(memory_.back())), false});
  }
  void rename(const std::string& part, const std::string& other) {
    for (StoredTensor& tensor : file.tensors)
      if (const auto at = tensor.name.find(part); at != std::string::npos)
        tensor.name.replace(at, part.size(), other);
  }
  void prefix(const std::string& text) {
    for (StoredTensor& tensor : file.tensors) tensor.name.insert(0, text);
  }
  void remove(const std::string& part) {
    std::erase_if(file.tensors, [&](const StoredTensor& tensor) {
      return tensor.name.find(part) != std::string::npos;
    });
  }

  WeightFile file;

 private:
  std::deque<std::vector<float>> memory_;
};

BackboneFit best(const Made& made) { return fit_every_backbone(made.file).front(); }

TEST(TorchvisionName, OtherProgramsSpellings) {
  const std::vector<std::pair<const char*, const char*>> kCases = {
      {"features.norm5.weight", "features.norm5.weight"},
      // CheXNet: DataParallel round a class with a member densenet121, torchvision 0.2.0.
      {"module.densenet121.features.denseblock1.denselayer1.norm.1.weight",
       "features.denseblock1.denselayer1.norm1.weight"},
      {"features.denseblock4.denselayer16.conv.2.weight",
       "features.denseblock4.denselayer16.conv2.weight"},
      {"features.transition1.norm.weight", "features.transition1.norm.weight"},
      {"model.features.conv0.weight", "features.conv0.weight"},
      {"backbone.conv0.weight", "features.conv0.weight"},
      {"encoder.denseblock1.denselayer1.norm1.bias", "features.denseblock1.denselayer1.norm1.bias"},
      {"module.encoder_q.layer1.0.bn1.running_var", "layer1.0.bn1.running_var"},
      {"backbone.0.weight", "conv1.weight"},
      {"backbone.1.running_mean", "bn1.running_mean"},
      {"backbone.7.1.conv2.weight", "layer4.1.conv2.weight"},
      {"net.layer2.0.downsample.1.weight", "layer2.0.downsample.1.weight"},
      {"features_denseblock1.denselayer1.norm1.bias",
       "features.denseblock1.denselayer1.norm1.bias"},
      {"_orig_mod.fc.weight", "fc.weight"},
  };
  for (const auto& [theirs, torchvision] : kCases)
    EXPECT_EQ(torchvision_name(theirs), torchvision) << theirs;
}

TEST(BackboneFit, EachLayoutFitsItselfAlone) {
  for (const std::string& name : backbone_names())
    for (const std::int64_t channels : {1, 3}) {
      const Made made(name, channels);
      const auto fits = fit_every_backbone(made.file);
      EXPECT_EQ(fits[0].backbone, name);
      EXPECT_EQ(fits[0].channels, channels);
      EXPECT_TRUE(fits[0].exact());
      EXPECT_FALSE(fits[1].exact()) << fits[1].backbone;
      EXPECT_TRUE(fits[0].notes.empty());
    }
}

TEST(BackboneFit, OldCheXNetCheckpointsFit) {
  Made made("densenet121");
  made.remove("num_batches_tracked");
  for (const char* part : {"norm", "conv"})
    for (const char* number : {"1", "2"})
      for (StoredTensor& tensor : made.file.tensors)
        if (tensor.name.find("denselayer") != std::string::npos) {
          const std::string now = std::string(".") + part + number + ".";
          if (const auto at = tensor.name.find(now); at != std::string::npos)
            tensor.name.replace(at, now.size(), std::string(".") + part + "." + number + ".");
        }
  made.prefix("module.densenet121.");
  made.add("module.densenet121.classifier.0.weight", {14, 1024});
  made.add("module.densenet121.classifier.0.bias", {14});
  const BackboneFit fit = best(made);
  EXPECT_EQ(fit.backbone, "densenet121");
  EXPECT_TRUE(fit.exact());
  EXPECT_EQ(fit.beside, (std::vector<std::string>{"module.densenet121.classifier.0.bias",
                                                  "module.densenet121.classifier.0.weight"}));
  // A norm for each of 121 - 1 (classifier) convolutions, and norm5: 1 + 2 * 58 + 3 + 1 = 121.
  EXPECT_EQ(fit.uncounted.size(), 121U);
  ASSERT_EQ(fit.notes.size(), 1U);
  EXPECT_TRUE(fit.notes[0].starts_with("121 of 121 batch counts")) << fit.notes[0];
}

TEST(BackboneFit, TorchXRayVisionsDenseNetFits) {
  Made made("densenet121", 1);
  made.add("classifier.weight", {18, 1024});
  made.add("classifier.bias", {18});
  made.add("op_threshs", {18});
  const BackboneFit fit = best(made);
  EXPECT_EQ(fit.backbone, "densenet121");
  EXPECT_EQ(fit.channels, 1);
  EXPECT_TRUE(fit.exact());
  EXPECT_EQ(fit.beside.size(), 3U);
}

TEST(BackboneFit, ThreeChannelsAreSummedAndOneIsDivided) {
  const Made three("resnet18", 3);
  const BackboneFit summed = fit_backbone(three.file, backbone_layout("resnet18"), 1);
  ASSERT_TRUE(summed.exact());
  ASSERT_EQ(summed.notes.size(), 1U);
  const FittedTensor& first = summed.fitted.front();
  ASSERT_EQ(first.expected.shape, (std::vector<std::int64_t>{64, 1, 7, 7}));
  const std::vector<float> values = fitted_floats(first);
  ASSERT_EQ(values.size(), 64U * 49);
  EXPECT_EQ(values[0], 0.0F + 49.0F + 98.0F);
  EXPECT_EQ(values[1], 1.0F + 50.0F + 99.0F);
  EXPECT_EQ(values[49], 147.0F + 196.0F + 245.0F);  // the second output

  const Made one("resnet18", 1);
  const BackboneFit divided = fit_backbone(one.file, backbone_layout("resnet18"), 3);
  ASSERT_TRUE(divided.exact());
  const std::vector<float> thirds = fitted_floats(divided.fitted.front());
  ASSERT_EQ(thirds.size(), 64U * 3 * 49);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(thirds[c * 49 + 6], 6.0F / 3.0F);
    EXPECT_EQ(thirds[147 + c * 49], 49.0F / 3.0F);
  }
}

TEST(BackboneFit, WhatDoesNotFitIsListedByName) {
  Made made("resnet18");
  made.remove("layer4.1.conv2.weight");
  made.rename("layer1.0.conv1.weight", "layer1.0.convolution.weight");
  for (StoredTensor& tensor : made.file.tensors)
    if (tensor.name == "layer2.0.bn1.weight")
      tensor.shape = {64}, tensor.data = tensor.data.subspan(0, 256);
  const BackboneFit fit = fit_backbone(made.file, backbone_layout("resnet18"), 3);
  EXPECT_EQ(fit.missing,
            (std::vector<std::string>{"layer1.0.conv1.weight", "layer4.1.conv2.weight"}));
  EXPECT_EQ(fit.unexpected, (std::vector<std::string>{"layer1.0.convolution.weight"}));
  EXPECT_EQ(fit.misshapen,
            (std::vector<std::string>{"layer2.0.bn1.weight is [64], [128] was expected"}));
  try {
    require_exact(fit, made.file);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "f.pth does not fit resnet18: 2 missing: layer1.0.conv1.weight, "
                 "layer4.1.conv2.weight; 1 unexpected: layer1.0.convolution.weight; 1 misshapen: "
                 "layer2.0.bn1.weight is [64], [128] was expected");
    EXPECT_NE(error.hint().find("--partial"), std::string::npos);
  }
}

TEST(BackboneFit, LongListsAreCut) {
  std::vector<std::string> names(11, "n");
  EXPECT_EQ(listed(names, 3), "n, n, n and 8 more");
  EXPECT_EQ(listed({"a", "b"}), "a, b");
}

TEST(BackboneFit, TwoNetworksInOneFileAreRefused) {
  Made made("resnet18");
  made.add("backbone.conv1.weight", {64, 3, 7, 7});
  try {
    (void)fit_every_backbone(made.file);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "f.pth: \"conv1.weight\" and \"backbone.conv1.weight\" both stand for "
                 "conv1.weight");
  }
}

TEST(BackboneFit, ValuesThatAreNotFiniteAreRefused) {
  Made made("resnet18");
  const std::vector<float> bad = {NAN};
  made.file.tensors[0] = {
      "conv1.weight", "F32", {64, 3, 7, 7}, {0, 0, 0, 0}, std::as_bytes(std::span(bad)), false};
  EXPECT_THROW(
      (void)fitted_floats(fit_backbone(made.file, backbone_layout("resnet18"), 3).fitted[0]),
      UserError);
}

TEST(BackboneFit, ComplexWeightsAreMisshapen) {
  Made made("resnet18");
  made.file.tensors[0].dtype = "C64";
  EXPECT_EQ(best(made).misshapen,
            (std::vector<std::string>{"conv1.weight is of the type C64, which is no real number"}));
}

TEST(BackboneLayout, StagesBeginBehindTheNormsThatEndTheOnesBefore) {
  std::map<std::string, std::int64_t> stage;
  for (const char* name : {"densenet121", "resnet50"})
    for (const ExpectedTensor& tensor : backbone_tensors(backbone_layout(name), 1))
      stage[tensor.name] = tensor.stage;
  EXPECT_EQ(stage["features.conv0.weight"], 1);
  EXPECT_EQ(stage["features.transition1.norm.running_mean"], 1);
  EXPECT_EQ(stage["features.transition1.conv.weight"], 2);
  EXPECT_EQ(stage["features.denseblock3.denselayer1.norm1.weight"], 3);
  EXPECT_EQ(stage["features.norm5.num_batches_tracked"], 4);
  EXPECT_EQ(stage["conv1.weight"], 1);
  EXPECT_EQ(stage["bn1.bias"], 1);
  EXPECT_EQ(stage["layer4.2.conv3.weight"], 4);
}

}  // namespace
}  // namespace chestmap
