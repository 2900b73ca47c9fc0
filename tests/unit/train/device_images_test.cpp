#include "train/device_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/random.h"
#include "data/prepared/prepare.h"
#include "data/prepared/prepared_dataset.h"
#include "image/codec.h"
#include "operations.h"
#include "train/device_augmentation.h"

namespace chestmap {
namespace {

// Not square, so that a side cannot stand for the other.
constexpr std::size_t kHeight = 36;
constexpr std::size_t kWidth = 44;

ImageF noise(std::uint64_t seed) {
  ImageF image(kWidth, kHeight);
  RandomStream stream{seed};
  for (float& value : image.pixels()) value = static_cast<float>(stream.uniform(0.0, 1.0));
  return image;
}

at::Tensor tensor_of(const ImageF& image) {
  at::Tensor tensor = at::empty({1, kHeight, kWidth});
  std::copy(image.pixels().begin(), image.pixels().end(), tensor.data_ptr<float>());
  return tensor;
}

double distance(const ImageF& host, const at::Tensor& device) {
  return (tensor_of(host) - device).abs().max().item<double>();
}

// The host and torch sum the mean in another order and contract products otherwise; noise changes
// by 1 from pixel to pixel, of which a position gives 2^-24.
constexpr double kRounding = 1e-6;
// Powers: 4e-6 times the exponent, which is at most 1.3 here.
constexpr double kPower = 6e-6;

TEST(DeviceAugmentation, MovesImagesAsTheHostDoesEachByItsOwnDraw) {
  const Augmentation strong{0.3, 0.4, 60.0, 0.5, 0.0, 0.0, 0.0};
  std::vector<ImageF> images;
  std::vector<AugmentationDraw> draws;
  for (std::uint64_t i = 0; i < 60; ++i) {
    RandomStream stream{i, 5};
    images.push_back(noise(i));
    draws.push_back(draw(strong, stream));
  }
  // All edges at once, and none.
  draws[0] = {};
  draws[1].scale = 0.3;
  draws[2].shift_x = 0.9;
  std::vector<at::Tensor> all;
  for (const ImageF& image : images) all.push_back(tensor_of(image));
  const at::Tensor moved = augmented(at::cat(all), draws);
  for (std::size_t i = 0; i < images.size(); ++i)
    EXPECT_LT(distance(augmented(images[i], draws[i]), moved[static_cast<std::int64_t>(i)]),
              kRounding)
        << i;
  EXPECT_EQ(distance(images[0], moved[0]), 0.0);
  EXPECT_GT(distance(images[1], moved[1]), 0.1);
}

TEST(DeviceAugmentation, ChangesTonesAsTheHostDoes) {
  const Augmentation tones{0.05, 0.1, 5.0, 0.5, 0.4, 0.5, 0.3};
  for (std::uint64_t i = 0; i < 30; ++i) {
    RandomStream stream{i, 6};
    const ImageF image = noise(i);
    AugmentationDraw drawn = draw(tones, stream);
    if (i % 3 == 0) drawn.gamma = 1.0;
    const at::Tensor changed = augmented(tensor_of(image), std::vector{drawn});
    EXPECT_LT(distance(augmented(image, drawn), changed), i % 3 == 0 ? kRounding : kPower) << i;
    EXPECT_GE(changed.min().item<float>(), 0.0F);
    EXPECT_LE(changed.max().item<float>(), 1.0F);
  }
}

TEST(DeviceImages, GiveTheLoadersOwnBatchesWithoutReadingAgain) {
  const test::ScratchFolder folder;
  Dataset dataset;
  dataset.findings = FindingList({"Mass"});
  constexpr std::size_t kImages = 23;
  for (std::size_t i = 0; i < kImages; ++i) {
    Image8 image(30, 30);
    RandomStream stream{i};
    for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
    Record record;
    record.image = std::to_string(i) + ".png";
    record.file = folder / record.image;
    record.labels = {i % 2 == 0 ? Label::positive : Label::negative};
    test::spill(record.file, i == 7 ? "no image" : encode_png(image));
    dataset.records.push_back(record);
  }
  std::vector<std::size_t> indices(kImages);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::reverse(indices.begin(), indices.end());
  LoaderOptions options;
  options.size = 20;
  options.batch = 4;
  options.shuffle = true;
  options.seed = 3;
  options.augmentation = {0.1, 0.1, 10.0, 0.5, 0.1, 0.2, 0.3};
  for (const std::size_t parts : {1U, 3U}) {
    options.part = parts - 1;
    options.parts = parts;
    Loader host(dataset, indices, options);
    // Of files that are gone once they are kept.
    const test::ScratchFolder copies;
    Dataset copied = dataset;
    for (Record& record : copied.records) {
      record.file = copies / record.image;
      std::filesystem::copy_file(folder / record.image, record.file);
    }
    options.cache_mib = 0;
    Loader kept(copied, indices, options);
    EXPECT_EQ(kept.bits(), 16);
    const DeviceImages images(kept, kImages, 20, c10::Device(c10::kCPU));
    ASSERT_EQ(kept.skipped().size(), 1U);
    for (const Record& record : copied.records) std::filesystem::remove(record.file);
    for (const std::uint64_t epoch : {0U, 4U}) {
      host.start(epoch, 1);
      kept.start(epoch, 1, Content::no_images);
      std::size_t compared = 0;
      while (std::optional<Batch> expected = host.next()) {
        const std::optional<Batch> batch = kept.next();
        ASSERT_TRUE(batch);
        EXPECT_TRUE(batch->pixels.empty());
        EXPECT_EQ(batch->index, expected->index);
        EXPECT_EQ(batch->records, expected->records);
        EXPECT_EQ(batch->labels, expected->labels);
        EXPECT_EQ(batch->unreadable, expected->unreadable);
        if (batch->records.empty()) continue;
        const at::Tensor pixels = at::from_blob(
            expected->pixels.data(), {static_cast<std::int64_t>(expected->records.size()), 20, 20},
            at::kFloat);
        EXPECT_LT((images.of(*batch) - pixels).abs().max().item<double>(), kPower);
        ++compared;
      }
      EXPECT_FALSE(kept.next());
      EXPECT_EQ(compared, 5U);
    }
  }
}

/// Twelve squares of 16 pixels, packed in so many bits: one of all numbers of 8 bits, noise.
Dataset packed(const test::ScratchFolder& folder, std::size_t bits) {
  Dataset files;
  files.name = "squares";
  files.folder = folder / "files";
  files.findings = FindingList({"Mass"});
  for (std::size_t i = 0; i < 12; ++i) {
    const std::size_t side = i == 0 ? 16 : 40;
    Image8 image(side, side);
    RandomStream stream{i};
    for (std::size_t p = 0; p < image.pixels().size(); ++p)
      image.pixels()[p] = static_cast<std::uint8_t>(i == 0 ? p : stream.below(256));
    Record record;
    record.image = std::to_string(i) + ".png";
    record.file = files.folder / record.image;
    record.patient = std::to_string(i);
    record.labels = {Label::positive};
    test::spill(record.file, encode_png(image));
    files.records.push_back(record);
  }
  PrepareOptions options;
  options.settings = {16, bits, 0};
  const std::filesystem::path pack = folder / std::to_string(bits);
  EXPECT_EQ(prepare(files, files.folder, pack, options).stored, 12U);
  return read_prepared_dataset(pack);
}

TEST(DeviceImages, KeepTheLoadersValuesToTheBit) {
  struct Case {
    std::size_t packed;
    std::size_t size;  // of another than the pack's the loader makes 16 bits
    int bits;
  };
  for (const Case& of : {Case{8, 16, 8}, Case{8, 8, 16}, Case{16, 16, 16}, Case{16, 12, 16}}) {
    const test::ScratchFolder own;
    const Dataset dataset = packed(own, of.packed);
    std::vector<std::size_t> indices(dataset.records.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    LoaderOptions options;
    options.size = of.size;
    options.batch = 5;
    options.shuffle = true;
    Loader loader(dataset, indices, options);
    EXPECT_EQ(loader.bits(), of.bits);
    const auto size = static_cast<std::int64_t>(of.size);
    const DeviceImages images(loader, indices.size(), size, c10::Device(c10::kCPU));
    loader.start(1);
    std::vector<Batch> expected;
    while (std::optional<Batch> batch = loader.next()) expected.push_back(std::move(*batch));
    loader.start(1, 0, Content::no_images);
    for (Batch& host : expected) {
      const std::optional<Batch> batch = loader.next();
      ASSERT_TRUE(batch);
      const at::Tensor pixels =
          at::from_blob(host.pixels.data(),
                        {static_cast<std::int64_t>(host.records.size()), size, size}, at::kFloat);
      EXPECT_TRUE(at::equal(images.of(*batch), pixels)) << of.packed << " bits, size " << of.size;
    }
  }
}

TEST(DeviceImages, WaitForNoDevice) {
  const test::ScratchFolder folder;
  const Dataset dataset = packed(folder, 8);
  LoaderOptions options;
  options.size = 16;
  options.augmentation = {0.1, 0.1, 10.0, 0.5, 0.1, 0.2, 0.3};
  Loader loader(dataset, {0, 1, 2, 3}, options);
  const DeviceImages images(loader, 4, 16, c10::Device(c10::kCPU));
  loader.start(0, 0, Content::no_images);
  const std::optional<Batch> batch = loader.next();
  ASSERT_TRUE(batch);
  const test::Operations operations;
  const at::Tensor made = images.of(*batch);
  EXPECT_EQ(operations.waits(), std::set<std::string>{});
  EXPECT_TRUE(operations.seen("aten::gather")) << "nothing was recorded";
}

TEST(DeviceImages, AreKeptWhereAskedForOrWhereTheyTakeHalfOfAGpusFreeMemory) {
  // 86,524 images of 256 pixels in 8 bits are 5.67 GB.
  const std::int64_t bytes = bytes_of_images(86524, 256, 8);
  EXPECT_EQ(bytes, std::int64_t{86524} * 65536);
  EXPECT_EQ(bytes_of_images(10, 100, 16), 200000);
  EXPECT_TRUE(keeps_images("auto", true, bytes, 2 * bytes));
  EXPECT_FALSE(keeps_images("auto", true, bytes, 2 * bytes - 1));
  EXPECT_FALSE(keeps_images("auto", false, bytes, 0));
  EXPECT_TRUE(keeps_images("on", false, bytes, 0));
  EXPECT_FALSE(keeps_images("off", true, bytes, 100 * bytes));
}

}  // namespace
}  // namespace chestmap
