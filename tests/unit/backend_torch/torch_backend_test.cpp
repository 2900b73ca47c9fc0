#include "backend_torch/torch_backend.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "../image/scratch.h"
#include "base/error.h"
#include "nn/model.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

class TorchBackendTest : public testing::Test {
 protected:
  TorchBackendTest() {
    torch::manual_seed(5);
    ModelSpec spec;
    spec.findings = {"Mass", "Nodule", "Hernia"};
    spec.stages = {2, 3, 4};
    spec.input_size = 64;
    spec.box_rule_provenance = "not fitted";
    model_ = std::make_shared<Model>(spec);
    const at::NoGradGuard no_gradient;
    for (const auto& item : model_->named_parameters())
      if (item.key() == "head.relevance") item.value().normal_();
    model_->train();
    (void)model_->forward(at::rand({4, 64, 64}));
    model_->eval();
    save_model(*model_, folder_ / "model.safetensors");
    backend_ = make_torch_backend(folder_ / "model.safetensors", "cpu", 1);
    for (int i = 0; i < 3; ++i) {
      images_.emplace_back(64, 64);
      for (std::size_t p = 0; p < images_.back().pixels().size(); ++p)
        images_.back().pixels()[p] =
            static_cast<float>((p * static_cast<std::size_t>(3 * i + 5)) % 97) / 96.0F;
    }
  }

  [[nodiscard]] at::Tensor batch() const {
    std::vector<at::Tensor> rows;
    for (const ImageF& image : images_)
      rows.push_back(at::tensor(std::vector<float>(image.pixels().begin(), image.pixels().end()))
                         .view({64, 64}));
    return at::stack(rows);
  }

  ScratchFolder folder_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Backend> backend_;
  std::vector<ImageF> images_;
};

TEST_F(TorchBackendTest, GivesTheModelsLogitsAndMaps) {
  const at::NoGradGuard no_gradient;
  const HeadOutput expected = model_->forward(batch());
  const std::vector<Inference> found = backend_->infer(images_);
  ASSERT_EQ(found.size(), 3U);
  for (std::int64_t i = 0; i < 3; ++i) {
    const Inference& image = found[static_cast<std::size_t>(i)];
    ASSERT_EQ(image.logits.size(), 3U);
    ASSERT_EQ(image.stage_maps.size(), 3U);
    for (std::int64_t f = 0; f < 3; ++f) {
      EXPECT_EQ(image.logits[static_cast<std::size_t>(f)], expected.logits[i][f].item<float>());
      for (std::size_t s = 0; s < 3; ++s) {
        const at::Tensor map = expected.stage_maps[s][i][f];
        const ImageF& own = image.stage_maps[s][static_cast<std::size_t>(f)];
        ASSERT_EQ(own.height(), static_cast<std::size_t>(map.size(0)));
        ASSERT_EQ(own.width(), static_cast<std::size_t>(map.size(1)));
        for (std::int64_t y = 0; y < map.size(0); ++y)
          for (std::int64_t x = 0; x < map.size(1); ++x)
            ASSERT_EQ(own.at(static_cast<std::size_t>(x), static_cast<std::size_t>(y)),
                      map[y][x].item<float>());
      }
    }
  }
}

TEST_F(TorchBackendTest, AnImagesResultDoesNotDependOnItsBatch) {
  const std::vector<Inference> together = backend_->infer(images_);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const Inference alone = backend_->infer({&images_[i], 1})[0];
    // Kernels may sum in another order for another batch: rounding of single precision.
    for (std::size_t f = 0; f < 3; ++f) EXPECT_NEAR(alone.logits[f], together[i].logits[f], 1e-5);
  }
}

TEST_F(TorchBackendTest, RelevanceAndGridsAreTheModels) {
  const at::NoGradGuard no_gradient;
  const at::Tensor alpha = model_->head().relevance();
  for (std::int64_t f = 0; f < 3; ++f) {
    double sum = 0.0;
    for (std::int64_t s = 0; s < 3; ++s) {
      const double own =
          backend_->relevance()[static_cast<std::size_t>(f)][static_cast<std::size_t>(s)];
      EXPECT_FLOAT_EQ(static_cast<float>(own), alpha[f][s].item<float>());
      sum += own;
    }
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
  ASSERT_EQ(backend_->grids().size(), 3U);
  EXPECT_EQ(backend_->grids()[0].stride, 8.0);
  EXPECT_EQ(backend_->grids()[2].stride, 32.0);
}

TEST_F(TorchBackendTest, GradCamIsTheReluOfTheGradientWeightedFeatures) {
  at::Tensor features;
  {
    const at::NoGradGuard no_gradient;
    features = model_->features(batch().narrow(0, 1, 1)).back();
  }
  const std::vector<ImageF> cams = backend_->grad_cam(images_[1]);
  ASSERT_EQ(cams.size(), 3U);
  // The gradient by differences of the logit, one feature at a time, in a few channels' sum:
  // mean over the cells of d logit / d F_k equals (logit(F_k + e) - logit(F_k - e)) / (2 e cells).
  const at::NoGradGuard no_gradient;
  std::vector<at::Tensor> all = model_->features(batch().narrow(0, 1, 1));
  const double step = 1e-2;
  const auto cells = static_cast<double>(features.size(2) * features.size(3));
  for (std::int64_t f = 0; f < 3; ++f) {
    at::Tensor cam = at::zeros({features.size(2), features.size(3)});
    for (std::int64_t k = 0; k < features.size(1); ++k) {
      const auto logit = [&](double shift) {
        std::vector<at::Tensor> moved = all;
        moved.back() = features.clone();
        moved.back().select(1, k) += shift;
        return model_->head().forward(moved).logits[0][f].item<double>();
      };
      const double weight = (logit(step) - logit(-step)) / (2.0 * step * cells);
      cam += weight * features[0][k];
    }
    cam = cam.relu();
    const ImageF& own = cams[static_cast<std::size_t>(f)];
    for (std::int64_t y = 0; y < cam.size(0); ++y)
      for (std::int64_t x = 0; x < cam.size(1); ++x)
        // Differences of single precision over a step of 0.01.
        EXPECT_NEAR(own.at(static_cast<std::size_t>(x), static_cast<std::size_t>(y)),
                    cam[y][x].item<float>(), 5e-3);
  }
}

TEST_F(TorchBackendTest, UnknownDevicesAreNamed) {
  for (const char* device : {"tpu", "cuda:x", "cuda:99", ""}) {
    try {
      (void)make_torch_backend(folder_ / "model.safetensors", device, 1);
      FAIL() << device;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find("device"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace chestmap
