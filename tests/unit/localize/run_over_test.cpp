#include "localize/run_over.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"
#include "fake_backend.h"
#include "image/codec.h"

namespace chestmap {
namespace {

/// 24 images whose shade is their index.
Dataset shaded_images(const test::ScratchFolder& folder) {
  Dataset dataset;
  dataset.findings = FindingList({"Mass", "Nodule"});
  for (std::size_t i = 0; i < 24; ++i) {
    Record record;
    record.image = fmt::format("{:02}.png", i);
    record.file = folder / record.image;
    record.labels = {Label::negative, Label::negative};
    test::spill(record.file, encode_png(Image8(20, 20, static_cast<std::uint8_t>(i))));
    dataset.records.push_back(std::move(record));
  }
  return dataset;
}

TEST(RunOver, VisitsTheRecordsInTheOrderAskedForWithTheirOwnResults) {
  const test::ScratchFolder folder;
  const Dataset dataset = shaded_images(folder);
  test::FakeBackend backend;
  std::vector<std::size_t> indices;
  for (std::size_t i = 20; i > 0; --i) indices.push_back(i);
  std::vector<std::size_t> visited;
  const auto skipped = run_over(
      backend, dataset, indices, "test", 0.05,
      [&](std::size_t record, const ImageF& image, const Inference& inference) {
        visited.push_back(record);
        EXPECT_EQ(image.width(), 16U);
        EXPECT_NEAR(image.at(7, 7), static_cast<float>(record) / 255.0F, 1e-4);
        EXPECT_EQ(inference.logits[0], image.at(0, 0));
        EXPECT_EQ(inference.stage_maps[0][1], test::FakeBackend::stage_one(image.at(0, 0), -1.0F));
      });
  EXPECT_EQ(visited, indices);
  EXPECT_TRUE(skipped.empty());
}

TEST(RunOver, DecodesWithNoMoreThreadsThanTheBackEndHas) {
  const test::ScratchFolder folder;
  const Dataset dataset = shaded_images(folder);
  test::FakeBackend backend;  // of one thread
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = threads();
  std::ptrdiff_t most = before;
  run_over(backend, dataset, std::vector<std::size_t>(200, 3), "test", 0.05,
           [&](auto, const auto&, const auto&) { most = std::max(most, threads()); });
  EXPECT_LE(most, before + 1);
}

TEST(RunOver, LeavesAnUnreadableImageOutAndStopsAtMany) {
  const test::ScratchFolder folder;
  const Dataset dataset = shaded_images(folder);
  test::spill(dataset.records[5].file, "no image");
  test::FakeBackend backend;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < 24; ++i) indices.push_back(i);
  std::size_t visits = 0;
  const auto visit = [&](std::size_t record, const ImageF&, const Inference&) {
    EXPECT_NE(record, 5U);
    ++visits;
  };
  const std::vector<Skipped> skipped = run_over(backend, dataset, indices, "test", 0.05, visit);
  EXPECT_EQ(visits, 23U);
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_EQ(skipped[0].item, "05.png");

  for (const std::size_t i : {6U, 7U}) test::spill(dataset.records[i].file, "no image");
  EXPECT_THROW(
      run_over(backend, dataset, indices, "test", 0.05, [](auto, const auto&, const auto&) {}),
      UserError);
}

}  // namespace
}  // namespace chestmap
