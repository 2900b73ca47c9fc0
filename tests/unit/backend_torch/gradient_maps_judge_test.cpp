#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "../image/scratch.h"
#include "backend_torch/torch_backend.h"
#include "judges/ask.h"
#include "localize/gradient_maps.h"
#include "nn/model.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

constexpr std::size_t kSide = 64;

void expect_same(const ImageF& own, const nlohmann::json& judged) {
  ASSERT_EQ(own.height(), judged.size());
  ASSERT_EQ(own.width(), judged[0].size());
  float largest = 0.0F;
  for (const auto& row : judged)
    for (const auto& value : row) largest = std::max(largest, value.get<float>());
  for (std::size_t y = 0; y < own.height(); ++y)
    for (std::size_t x = 0; x < own.width(); ++x)
      // Two networks of a hundred layers in single precision, against the map's own extent.
      ASSERT_NEAR(own.at(x, y), judged[y][x].get<float>(), 2e-3F * largest + 1e-12F)
          << x << ", " << y;
}

TEST(GradientMapsJudge, TorchvisionAndThePapersFormulasGiveTheSame) {
  for (const char* backbone : {"resnet18", "densenet121"}) {
    SCOPED_TRACE(backbone);
    torch::manual_seed(21);
    ModelSpec spec;
    spec.findings = {"Mass", "Nodule"};
    spec.backbone = backbone;
    spec.input_size = kSide;
    spec.input_channels = 3;
    spec.box_rule_provenance = "not fitted";
    Model model(spec);
    {
      const at::NoGradGuard no_gradient;
      for (const auto& item : model.named_parameters())
        if (item.key() == "head.relevance") item.value().normal_();
      model.train();
      // Running means and variances of their own.
      (void)model.forward(at::rand({4, kSide, kSide}));
      model.eval();
    }
    const ScratchFolder folder;
    save_model(model, folder / "model.safetensors");
    ImageF image(kSide, kSide);
    const at::Tensor pixels = at::rand({kSide, kSide});
    std::copy_n(pixels.data_ptr<float>(), kSide * kSide, image.pixels().begin());
    const auto judged =
        ask_judge("gradient_maps.py",
                  {{"model", (folder / "model.safetensors").string()},
                   {"side", kSide},
                   {"pixels", std::vector<float>(image.pixels().begin(), image.pixels().end())}});
    if (!judged) GTEST_SKIP() << "torchvision is not installed";

    const auto backend = make_torch_backend(folder / "model.safetensors", "cpu", 1);
    const auto differentiated = backend->differentiate(image);
    ASSERT_EQ(judged->size(), 4U);
    for (std::size_t f = 0; f < spec.findings.size(); ++f) {
      const std::vector<FeatureMaps> gradients = differentiated->gradients(f);
      for (std::size_t s = 0; s < gradients.size(); ++s) {
        SCOPED_TRACE("stage " + std::to_string(s + 1) + ", finding " + std::to_string(f));
        const FeatureMaps& features = differentiated->features()[s];
        const nlohmann::json& expected = judged->at(s).at(f);
        expect_same(grad_cam(features, gradients[s]), expected.at("grad_cam"));
        expect_same(grad_cam_plus_plus(features, gradients[s]), expected.at("grad_cam_plus_plus"));
        expect_same(layer_cam(features, gradients[s]), expected.at("layer_cam"));
      }
    }
  }
}

}  // namespace
}  // namespace chestmap
