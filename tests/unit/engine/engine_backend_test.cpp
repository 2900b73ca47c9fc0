#include "engine/engine_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "../image/scratch.h"
#include "../torchscript/exported_case.h"
#include "base/error.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

ModelSpec small_spec() {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule", "Hernia"};
  spec.backbone = "densenet-compact";
  spec.input_size = 64;
  spec.box_rule_provenance = "not fitted";
  return spec;
}

std::vector<ImageF> wavy_images(const ModelSpec& spec, std::size_t count) {
  std::vector<ImageF> images;
  for (std::size_t i = 0; i < count; ++i)
    images.push_back(test::wavy_image(static_cast<std::size_t>(spec.input_size), i));
  return images;
}

/// The largest difference over the largest value of `expected`.
double apart(std::span<const float> actual, std::span<const float> expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(actual[i] - expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference / largest;
}

/// Of any output of any image.
double apart(const std::vector<Inference>& actual, const std::vector<Inference>& expected) {
  double worst = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, apart(actual.at(i).logits, expected[i].logits));
    if (actual[i].stage_maps.size() != expected[i].stage_maps.size())
      return std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < expected[i].stage_maps.size(); ++s) {
      EXPECT_EQ(actual[i].stage_maps[s].at(0).width(), expected[i].stage_maps[s].at(0).width());
      worst = std::max(worst, apart(test::joined(actual[i].stage_maps[s]),
                                    test::joined(expected[i].stage_maps[s])));
    }
  }
  return worst;
}

/// Sums in another order round differently: single precision's 6e-8 grows with the depth of the
/// network. 1e-4 of the largest value is what the engine promises.
constexpr double kTolerance = 1e-4;

void expect_as_torch(const ModelSpec& spec, std::size_t images, std::int64_t threads) {
  const ScratchFolder folder;
  const std::filesystem::path model = folder / "model.safetensors";
  test::write_random_model(spec, model);
  const auto batch = wavy_images(spec, images);
  const auto expected = make_torch_backend(model, "cpu", 1)->infer(batch);
  const auto backend = make_engine_backend(model, threads);
  EXPECT_LT(apart(backend->infer(batch), expected), kTolerance);
  EXPECT_LT(apart(backend->infer(batch), expected), kTolerance) << "in memory that was used";
}

class EngineRunsBackbone : public testing::TestWithParam<const char*> {};

TEST_P(EngineRunsBackbone, AsTorchDoes) {
  ModelSpec spec = small_spec();
  spec.backbone = GetParam();
  spec.input_size = 75;  // which no stride divides
  expect_as_torch(spec, 3, 2);
}

INSTANTIATE_TEST_SUITE_P(All, EngineRunsBackbone,
                         testing::Values("densenet-compact", "densenet121", "densenet169",
                                         "densenet201", "resnet18", "resnet34", "resnet50"),
                         [](const auto& backbone) {
                           std::string name = backbone.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace chestmap
