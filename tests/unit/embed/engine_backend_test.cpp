#include "engine/engine_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "../image/scratch.h"
#include "../torchscript/exported_case.h"
#include "base/error.h"
#include "base/parallel.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/input_ranges.h"
#include "engine/localizer_network.h"
#include "kernels/isa.h"

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

/// A model of random weights and what torch says of images of it.
class Compared {
 public:
  explicit Compared(const ModelSpec& spec, std::size_t images = 3)
      : images_(wavy_images(spec, images)) {
    test::write_random_model(spec, file());
    expected_ = make_torch_backend(file(), "cpu", 1)->infer(images_);
  }

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "model.safetensors"; }
  [[nodiscard]] const std::vector<ImageF>& images() const noexcept { return images_; }
  [[nodiscard]] const std::vector<Inference>& expected() const noexcept { return expected_; }

 private:
  ScratchFolder folder_;
  std::vector<ImageF> images_;
  std::vector<Inference> expected_;
};

void expect_as_torch(const ModelSpec& spec) {
  const Compared compared(spec);
  const auto backend = make_engine_backend(compared.file(), 2);
  EXPECT_LT(apart(backend->infer(compared.images()), compared.expected()), kTolerance);
  EXPECT_LT(apart(backend->infer(compared.images()), compared.expected()), kTolerance)
      << "in memory that was used";
}

TEST(EngineBackend, InBfloat16StaysNearSinglePrecisionAndIsNotIt) {
  if (!kernels::bfloat16_supported()) GTEST_SKIP() << "neither AMX nor AMD's AVX512_BF16";
  for (const char* backbone : {"densenet-compact", "resnet18"}) {
    ModelSpec spec = small_spec();
    spec.backbone = backbone;
    const Compared compared(spec);
    const auto backend = make_engine_backend(compared.file(), 2, engine::Precision::bfloat16);
    const double difference = apart(backend->infer(compared.images()), compared.expected());
    // Each product's operands are rounded to 2^-9 of themselves, and the layers add up.
    EXPECT_LT(difference, 0.1) << backbone;
    EXPECT_GT(difference, kTolerance) << backbone;
  }
}

/// The file's model with the ranges that its convolutions' inputs have on `images`.
void give_ranges(const std::filesystem::path& file, const std::vector<ImageF>& images) {
  InputRangeObserver observer(file, 2);
  for (const ImageF& image : images) observer.see(image);
  ModelSpec spec = localizer_network(file).spec;
  spec.input_ranges = InputRanges{{}, observer.largest()};
  const SafetensorsFile weights(file);
  write_safetensors(file, weights.tensors(), spec.to_metadata());
}

TEST(EngineBackend, InEightBitsStaysNearSinglePrecisionAndIsNotIt) {
  if (!kernels::int8_supported()) GTEST_SKIP() << "neither AMX nor AVX512_VNNI";
  for (const char* backbone : {"densenet-compact", "resnet18"}) {
    ModelSpec spec = small_spec();
    spec.backbone = backbone;
    const Compared compared(spec);
    give_ranges(compared.file(), compared.images());
    const auto backend = make_engine_backend(compared.file(), 2, engine::Precision::int8);
    const double difference = apart(backend->infer(compared.images()), compared.expected());
    // Half a step of 255 of the largest input, ten times the root mean square, and of 127 weights;
    // the layers add up.
    EXPECT_LT(difference, 0.3) << backbone;
    EXPECT_GT(difference, kTolerance) << backbone;
  }
}

TEST(EngineBackend, EightBitsNeedRanges) {
  const Compared compared(small_spec(), 1);
  try {
    (void)make_engine_backend(compared.file(), 1, engine::Precision::int8);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("model.safetensors"), std::string::npos);
    EXPECT_NE(error.hint().find("chestmap quantize"), std::string::npos);
  }
}

/// What the observer calls the largest input is that of the tensor as the network computes it.
TEST(InputRangeObserver, SeesTheLargestNumberThatEachConvolutionMultiplies) {
  const Compared compared(small_spec(), 2);
  InputRangeObserver observer(compared.file(), 1);
  for (const ImageF& image : compared.images()) observer.see(image);
  const std::map<std::string, double> largest = observer.largest();
  engine::Network network = localizer_network(compared.file()).network;
  std::size_t convolutions = 0;
  for (const engine::Layer& layer : network.layers)
    convolutions += std::holds_alternative<engine::Convolution>(layer.operation) ? 1 : 0;
  EXPECT_EQ(largest.size(), convolutions - 1) << "all but the stem, which reads the image";
  // A brighter image cannot lower what was seen.
  observer.see(ImageF(64, 64, 1.0F));
  for (const auto& [layer, number] : observer.largest()) EXPECT_GE(number, largest.at(layer));
}

/// Images that share the reading of weights are cut into other pieces, but each output is summed in
/// the same order.
TEST(EngineBackend, SeveralImagesAtATimeGiveTheBitsOfEachAlone) {
  for (const char* backbone : {"densenet121", "resnet50"}) {
    ModelSpec spec = small_spec();
    spec.backbone = backbone;
    spec.input_size = 75;  // at 3 x 3 cells every late layer has more weights than pixels
    const Compared compared(spec, 7);
    for (const std::int64_t threads : {1, 2}) {
      const auto backend = make_engine_backend(compared.file(), threads);
      EXPECT_GT(backend->together(), 1U);
      const std::vector<Inference> together = backend->infer(compared.images());
      const std::vector<Inference> by_one = backend->infer_alone(compared.images());
      for (std::size_t i = 0; i < together.size(); ++i) {
        const Inference alone = backend->infer_alone({&compared.images()[i], 1}).front();
        for (const Inference& several : {together[i], by_one[i]}) {
          EXPECT_EQ(several.logits, alone.logits) << backbone << ", image " << i;
          for (std::size_t s = 0; s < alone.stage_maps.size(); ++s)
            EXPECT_EQ(test::joined(several.stage_maps[s]), test::joined(alone.stage_maps[s]));
        }
      }
    }
  }
}

class EngineRunsBackbone : public testing::TestWithParam<std::string> {};

TEST_P(EngineRunsBackbone, AsTorchDoes) {
  ModelSpec spec = small_spec();
  spec.backbone = GetParam();
  spec.input_size = 75;  // which no stride divides
  expect_as_torch(spec);
}

INSTANTIATE_TEST_SUITE_P(All, EngineRunsBackbone, testing::ValuesIn(backbone_names()),
                         test::backbone_test_name);

TEST(EngineBackend, RunsEachHeadAsTorchDoes) {
  using Change = std::function<void(ModelSpec&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"average", [](ModelSpec& s) { s.pooling = "average"; }},
      {"max", [](ModelSpec& s) { s.pooling = "max"; }},
      {"sharp_lse", [](ModelSpec& s) { s.lse_r = 40.0; }},
      {"pcam", [](ModelSpec& s) { s.pooling = "pcam"; }},
      {"sedai2018",
       [](ModelSpec& s) {
         s.normalise_maps = false;
         s.pooling = "average";
       }},
      {"maps", [](ModelSpec& s) { s.fusion = "maps"; }},
      {"maps_pcam",
       [](ModelSpec& s) {
         s.fusion = "maps";
         s.pooling = "pcam";
       }},
      {"pyramid", [](ModelSpec& s) { s.head = "pyramid"; }},
      {"pyramid_of_resnet",
       [](ModelSpec& s) {
         s.head = "pyramid";
         s.backbone = "resnet18";
         s.stages = {2, 4};
         s.fusion = "maps";
       }},
      {"shared", [](ModelSpec& s) { s.relevance = "shared"; }},
      {"evidence", [](ModelSpec& s) { s.relevance = "evidence"; }},
      {"single_stage", [](ModelSpec& s) { s.stages = {4}; }},
      {"first_stages",
       [](ModelSpec& s) {
         s.stages = {1, 2};
       }},
      {"three_channels",
       [](ModelSpec& s) {
         s.input_channels = 3;
         s.pixel_mean = 0.449;
       }},
      {"three_channels_of_resnet",
       [](ModelSpec& s) {
         s.input_channels = 3;
         s.backbone = "resnet18";
       }},
      {"one_finding", [](ModelSpec& s) { s.findings = {"Mass"}; }},
      {"many_findings",
       [](ModelSpec& s) {
         s.findings.clear();
         for (int i = 0; i < 20; ++i) s.findings.push_back("Finding " + std::to_string(i));
       }},
  };
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    ModelSpec spec = small_spec();
    change(spec);
    expect_as_torch(spec);
  }
}

TEST(EngineBackend, RunsEachSizeOfImageAsTorchDoes) {
  for (const std::int64_t size : {32, 33, 47, 63, 65, 95, 130}) {
    SCOPED_TRACE(size);
    ModelSpec spec = small_spec();
    spec.input_size = size;
    expect_as_torch(spec);
  }
}

TEST(EngineBackend, RunsBatchesOf1To16OnAnyNumberOfThreadsAsTorchDoes) {
  const Compared compared(small_spec(), 16);
  const std::vector<Inference> alone =
      make_engine_backend(compared.file(), 1)->infer(compared.images());
  for (const std::int64_t threads : {1, 2, 3, 5}) {
    const auto backend = make_engine_backend(compared.file(), threads);
    for (std::size_t batch = 1; batch <= 16; ++batch) {
      SCOPED_TRACE(testing::Message() << batch << " images, " << threads << " threads");
      const std::span images(compared.images().data(), batch);
      const std::vector<Inference> expected(
          compared.expected().begin(),
          compared.expected().begin() + static_cast<std::ptrdiff_t>(batch));
      const std::vector<Inference> actual = backend->infer(images);
      EXPECT_LT(apart(actual, expected), kTolerance);
      // Every sum is taken in the same order, whoever takes it.
      for (std::size_t i = 0; i < batch; ++i) EXPECT_EQ(actual[i].logits, alone[i].logits);
    }
  }
}

TEST(EngineBackend, ThreadsEachWithAnImageOfItsOwnDoNotDisturbEachOther) {
  const Compared compared(small_spec(), 8);
  const auto backend = make_engine_backend(compared.file(), 4);
  std::vector<Inference> actual(8);
  for (int round = 0; round < 5; ++round) {
    parallel_for(8, 4, [&](std::size_t i) {
      actual[i] = std::move(backend->infer_alone({&compared.images()[i], 1}).front());
    });
    EXPECT_LT(apart(actual, compared.expected()), kTolerance);
  }
}

TEST(EngineBackend, KnowsOfTheModelWhatTorchKnows) {
  const Compared compared(small_spec(), 1);
  const auto backend = make_engine_backend(compared.file(), 1);
  const auto torch = make_torch_backend(compared.file(), "cpu", 1);
  EXPECT_EQ(backend->spec().to_metadata(), torch->spec().to_metadata());
  ASSERT_EQ(backend->grids().size(), torch->grids().size());
  for (std::size_t s = 0; s < backend->grids().size(); ++s) {
    EXPECT_EQ(backend->grids()[s].offset, torch->grids()[s].offset);
    EXPECT_EQ(backend->grids()[s].stride, torch->grids()[s].stride);
    // Torch takes the softmax in single precision.
    EXPECT_NEAR(backend->relevance()[1][s], torch->relevance()[1][s], 1e-6);
  }
}

TEST(EngineBackend, SaysThatGradientsAreTorchs) {
  const Compared compared(small_spec(), 1);
  const auto backend = make_engine_backend(compared.file(), 1);
  try {
    (void)backend->differentiate(compared.images()[0]);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(error.hint().find("--engine torch"), std::string::npos);
  }
}

TEST(Engine, EveryInstructionSetGivesTheSame) {
  for (const char* backbone : {"densenet-compact", "resnet18"}) {
    ModelSpec spec = small_spec();
    spec.backbone = backbone;
    const Compared compared(spec, 1);
    const std::vector<float>& expected = compared.expected()[0].logits;
    for (const kernels::Isa isa :
         {kernels::Isa::portable, kernels::Isa::avx2, kernels::Isa::avx512}) {
      if (!kernels::supported(isa)) continue;
      SCOPED_TRACE(testing::Message() << backbone << ' ' << kernels::name(isa));
      engine::Engine engine(localizer_network(compared.file()).network, 2,
                            engine::Computing{isa, engine::Precision::single});
      std::vector<float> logits;
      engine.run(
          1,
          [&](std::size_t /*image*/, float* input) {
            std::ranges::copy(compared.images()[0].pixels(), input);
          },
          [&](std::size_t /*image*/, const auto& outputs) {
            logits.assign(outputs[0].begin(), outputs[0].end());
          });
      EXPECT_LT(apart(logits, expected), kTolerance);
    }
  }
}

TEST(Engine, WhatACallerThrowsIsThrownToIt) {
  const Compared compared(small_spec(), 1);
  engine::Engine engine(localizer_network(compared.file()).network, 2);
  const auto load = [](std::size_t image, float* /*input*/) {
    if (image == 3) throw std::runtime_error("no such image");
  };
  EXPECT_THROW(engine.run(4, load, [](std::size_t, const auto&) {}), std::runtime_error);
}

TEST(Engine, MemoryThatIsNotThereIsAnError) {
  EXPECT_THROW(engine::Arena(std::size_t{1} << 50), std::bad_alloc);
}

}  // namespace
}  // namespace chestmap
