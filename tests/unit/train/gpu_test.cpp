// On a GPU; without one each test skips itself. bench/gpu_check.sh runs them.

#ifdef CHESTMAP_CUDA

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <optional>
#include <vector>

#include "../image/scratch.h"
#include "base/random.h"
#include "image/codec.h"
#include "nn/device.h"
#include "small_model.h"
#include "train/device_augmentation.h"
#include "train/device_images.h"
#include "train/recorded_step.h"
#include "train/upload.h"

namespace chestmap {
namespace {

class GpuTraining : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
    device_.emplace(prepare_device("cuda", 0));
  }

  /// Losses of steps on batches that differ, of 6 images but for the last, of 4.
  std::vector<double> losses(bool record, const char* precision) {
    TrainOptions options = test::options_of("adamw");
    options.learning_rate = 0.002;
    options.precision = precision;
    options.auxiliary_loss = 0.3;
    options.agreement_loss = 0.1;
    options.gradient_clip = 1.0;
    options.average_decay = 0.9;
    const auto model = test::small_model();
    model->to(*device_);
    model->train();
    Optimizer optimizer = make_optimizer(*model, options);
    WeightAverage average(*model, options.average_decay);
    Communicator alone;
    TrainingStep step(*model, optimizer, average, BalancedLoss(Balance::batch, {}), alone, nullptr,
                      options);
    RecordedStep recorded([&](const StepInput& input) { return step.run(input); }, record);
    std::vector<LateValue> queued;
    for (std::int64_t i = 0; i < 9; ++i) {
      torch::manual_seed(static_cast<std::uint64_t>(i));
      const std::int64_t images = i < 8 ? 6 : 4;
      StepInput input;
      input.images = uploaded(at::rand({images, 32, 32}), *device_);
      const at::Tensor labels = at::randint(0, 2, {images, 2}).to(at::kFloat);
      const LabelCounts counts = count_labels(labels);
      input.labels = uploaded(labels, *device_);
      input.counts = {uploaded(counts.positives, *device_), uploaded(counts.negatives, *device_)};
      queued.push_back(recorded.run(
          input, [&] { optimizer.set_rate_factor(1.0 / static_cast<double>(i + 1)); }));
    }
    recorded.join();
    std::vector<double> values;
    for (const LateValue& loss : queued) values.push_back(loss.wait());
    for (const at::Tensor& parameter : model->parameters())
      values.push_back(parameter.detach().sum().item<double>());
    for (const at::Tensor& parameter : average.tensors())
      values.push_back(parameter.sum().item<double>());
    return values;
  }

  std::optional<c10::Device> device_;
};

TEST_F(GpuTraining, ARecordedStepIsTheStepToTheBit) {
  for (const char* precision : {"float32", "bfloat16"}) {
    const std::vector<double> plain = losses(false, precision);
    EXPECT_EQ(losses(true, precision), plain) << precision;
    EXPECT_EQ(losses(false, precision), plain) << precision << ": not deterministic";
    EXPECT_LT(plain[7], plain[0]);
  }
}

TEST_F(GpuTraining, ImagesAreAugmentedAsOnTheCpu) {
  std::vector<AugmentationDraw> draws;
  for (std::uint64_t i = 0; i < 16; ++i) {
    RandomStream stream{i, 5};
    draws.push_back(draw({0.1, 0.2, 20.0, 0.5, 0.1, 0.2, 0.3}, stream));
  }
  const at::Tensor images = at::rand({16, 100, 90});
  const at::Tensor found = augmented(images.to(*device_), draws).cpu();
  // Roundings of single precision, and of its powers.
  EXPECT_LT((found - augmented(images, draws)).abs().max().item<double>(), 1e-5);
}

TEST_F(GpuTraining, ImagesKeptAreTheLoadersOwn) {
  const test::ScratchFolder folder;
  Dataset dataset;
  dataset.findings = FindingList({"Mass"});
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < 10; ++i) {
    Image8 image(24, 24);
    RandomStream stream{i};
    for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
    Record record;
    record.image = std::to_string(i) + ".png";
    record.file = folder / record.image;
    record.labels = {Label::positive};
    test::spill(record.file, encode_png(image));
    dataset.records.push_back(record);
    indices.push_back(i);
  }
  LoaderOptions options;
  options.size = 20;
  options.batch = 10;
  Loader loader(dataset, indices, options);
  loader.start(0);
  const std::optional<Batch> read = loader.next();
  const DeviceImages images(loader, 10, 20, *device_);
  loader.start(0, 0, Content::no_images);
  const at::Tensor found = images.of(*loader.next()).cpu();
  for (std::size_t i = 0; i < read->pixels.size(); ++i)
    // Nothing is augmented, but torch's power of 1 may round.
    ASSERT_NEAR(found.flatten()[static_cast<std::int64_t>(i)].item<float>(), read->pixels[i], 1e-7);
}

}  // namespace
}  // namespace chestmap

#endif
