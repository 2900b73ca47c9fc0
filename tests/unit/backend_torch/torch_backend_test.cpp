#include "backend_torch/torch_backend.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"
#include "localize/gradient_maps.h"
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
  const auto differentiated = backend_->differentiate(images_[1]);
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
    const ImageF own = grad_cam(differentiated->features().back(),
                                differentiated->gradients(static_cast<std::size_t>(f)).back());
    for (std::int64_t y = 0; y < cam.size(0); ++y)
      for (std::int64_t x = 0; x < cam.size(1); ++x)
        // Differences of single precision over a step of 0.01.
        EXPECT_NEAR(own.at(static_cast<std::size_t>(x), static_cast<std::size_t>(y)),
                    cam[y][x].item<float>(), 5e-3);
  }
}

TEST_F(TorchBackendTest, GradientsDoNotDependOnWhichWereAskedForBefore) {
  const auto first = backend_->differentiate(images_[0]);
  const std::vector<FeatureMaps> mass = first->gradients(0);
  (void)first->gradients(2);
  const std::vector<FeatureMaps> again = first->gradients(0);
  const std::vector<FeatureMaps> alone = backend_->differentiate(images_[0])->gradients(0);
  ASSERT_EQ(mass.size(), 3U);
  for (std::size_t s = 0; s < mass.size(); ++s) {
    EXPECT_EQ(mass[s].values, again[s].values);
    EXPECT_EQ(mass[s].values, alone[s].values);
    EXPECT_EQ(mass[s].channels, first->features()[s].channels);
    EXPECT_EQ(mass[s].values.size(), first->features()[s].values.size());
  }
}

TEST_F(TorchBackendTest, InputGradientsAreTheChangeOfACellWithThePixels) {
  const auto differentiated = backend_->differentiate(images_[0]);
  const auto cell_of = [this](const ImageF& image, std::size_t stage) {
    return static_cast<double>(backend_->infer({&image, 1})[0].stage_maps[stage][1].pixels()[2]);
  };
  for (std::size_t stage = 0; stage < 3; ++stage) {
    const ImageF gradient = differentiated->input_gradient(stage, 1, 2);
    ASSERT_EQ(gradient.width(), 64U);
    // Along a direction of many pixels, so that the change stands above single precision.
    double expected = 0.0;
    ImageF up = images_[0];
    ImageF down = images_[0];
    const float step = 1e-3F;
    for (std::size_t i = 0; i < gradient.pixels().size(); ++i) {
      const float direction = gradient.pixels()[i] > 0.0F ? 1.0F : -1.0F;
      expected += std::abs(static_cast<double>(gradient.pixels()[i]));
      up.pixels()[i] += step * direction;
      down.pixels()[i] -= step * direction;
    }
    const double found = (cell_of(up, stage) - cell_of(down, stage)) / (2.0 * 1e-3);
    // ReLUs turn within the step: a few percent.
    EXPECT_NEAR(found, expected, 0.1 * expected) << "stage " << stage;
  }
}

/// A model whose stage s ends in the normalisation of this name, a ReLU behind it.
struct StageNorms {
  const char* title;
  ModelSpec spec;
  std::vector<std::string> norms;
};

std::vector<StageNorms> models_and_norms() {
  ModelSpec densenet;
  densenet.findings = {"Mass", "Nodule"};
  densenet.input_size = 64;
  densenet.box_rule_provenance = "not fitted";
  ModelSpec resnet = densenet;
  resnet.backbone = "resnet18";
  resnet.pooling = "pcam";
  resnet.fusion = "maps";
  resnet.stages = {2, 4};
  ModelSpec pyramid = densenet;
  pyramid.head = "pyramid";
  pyramid.stages = {1, 3};
  return {{"densenet-compact",
           densenet,
           {"backbone.features.transition1.norm", "backbone.features.transition2.norm",
            "backbone.features.transition3.norm", "backbone.features.norm5"}},
          {"resnet18", resnet, {"backbone.layer2.1.bn2", "backbone.layer4.1.bn2"}},
          {"pyramid", pyramid, {"pyramid.norm1", "pyramid.norm2"}}};
}

TEST(TorchGradients, AreTheLogitsTotalChangeWithEachStage) {
  // A rise of b in the bias of channel k of the normalisation that ends a stage raises F_k by b
  // where it is above 0, in front of all that reads it: the maps of that stage and the stages
  // behind. So  d logit / d b = sum of the gradient over the cells with F_k > 0,  and the left side
  // is found by central differences in double precision, without any autograd.
  for (auto& [title, spec, norms] : models_and_norms()) {
    SCOPED_TRACE(title);
    torch::manual_seed(11);
    const ScratchFolder folder;
    Model model(spec);
    const at::NoGradGuard no_gradient;
    for (const auto& item : model.named_parameters())
      if (item.key() == "head.relevance") item.value().normal_();
    model.train();
    (void)model.forward(at::rand({4, 64, 64}));
    model.eval();
    save_model(model, folder / "model.safetensors");
    const auto backend = make_torch_backend(folder / "model.safetensors", "cpu", 1);
    ImageF image(64, 64);
    const at::Tensor pixels = at::rand({1, 64, 64});
    std::copy_n(pixels.data_ptr<float>(), 64 * 64, image.pixels().begin());
    const auto differentiated = backend->differentiate(image);
    model.to(at::kDouble);
    const at::Tensor input = pixels.to(at::kDouble);
    for (std::size_t s = 0; s < norms.size(); ++s) {
      at::Tensor bias;
      for (const auto& item : model.named_parameters())
        if (item.key() == norms[s] + ".bias") bias = item.value();
      ASSERT_TRUE(bias.defined()) << norms[s];
      const FeatureMaps& features = differentiated->features()[s];
      ASSERT_EQ(features.channels, static_cast<std::size_t>(bias.size(0)));
      double largest = 0.0;
      for (std::size_t f = 0; f < 2; ++f) {
        const FeatureMaps gradients = differentiated->gradients(f)[s];
        for (std::size_t k = 0; k < features.channels; k += features.channels / 6) {
          const auto logit = [&](double shift) {
            at::Tensor value = bias[static_cast<std::int64_t>(k)];
            value += shift;
            const double found =
                model.forward(input).logits[0][static_cast<std::int64_t>(f)].item<double>();
            value -= shift;
            return found;
          };
          const double step = 1e-5;
          const double expected = (logit(step) - logit(-step)) / (2.0 * step);
          double own = 0.0;
          for (std::size_t i = 0; i < features.channel(k).size(); ++i)
            if (features.channel(k)[i] > 0.0F) own += static_cast<double>(gradients.channel(k)[i]);
          // The gradient is of single precision, summed over as many as 256 cells of either sign.
          EXPECT_NEAR(own, expected, 1e-5 + 1e-3 * std::abs(expected))
              << norms[s] << ", channel " << k;
          largest = std::max(largest, std::abs(expected));
        }
      }
      EXPECT_GT(largest, 1e-3) << norms[s] << ": all of nothing would prove nothing";
    }
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
