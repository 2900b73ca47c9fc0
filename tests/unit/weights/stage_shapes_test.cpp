#include "weights/stage_shapes.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace chestmap {
namespace {

std::vector<std::int64_t> channels_of(const std::string& backbone) {
  std::vector<std::int64_t> channels;
  for (const StageShape& stage : stage_shapes(backbone_layout(backbone)))
    channels.push_back(stage.channels);
  return channels;
}

TEST(StageShapes, StagesHaveTheChannelsOfThePapersTables) {
  using Channels = std::vector<std::int64_t>;
  // DenseNet: 64 + 6 * 32 = 256; 128 + 12 * 32 = 512; 256 + 24 * 32 = 1024; 512 + 16 * 32 = 1024.
  EXPECT_EQ(channels_of("densenet121"), (Channels{256, 512, 1024, 1024}));
  EXPECT_EQ(channels_of("densenet169"), (Channels{256, 512, 1280, 1664}));
  EXPECT_EQ(channels_of("densenet201"), (Channels{256, 512, 1792, 1920}));
  // 24 + 3 * 16 = 72; 36 + 4 * 16 = 100; 50 + 64 = 114; 57 + 64 = 121.
  EXPECT_EQ(channels_of("densenet-compact"), (Channels{72, 100, 114, 121}));
  EXPECT_EQ(channels_of("resnet18"), (Channels{64, 128, 256, 512}));
  EXPECT_EQ(channels_of("resnet50"), (Channels{256, 512, 1024, 2048}));
}

TEST(StageShapes, EveryBackboneHasTheStrides4To32) {
  for (const std::string& name : backbone_names()) {
    const std::vector<StageShape> stages = stage_shapes(backbone_layout(name));
    ASSERT_EQ(stages.size(), 4U) << name;
    double stride = 4.0;
    for (const StageShape& stage : stages) {
      EXPECT_EQ(stage.grid.stride, stride) << name;
      stride *= 2.0;
    }
  }
}

TEST(StageShapes, UsedStagesMustRise) {
  const std::vector<std::int64_t> two = {2, 4};
  const std::vector<StageShape> used = used_stages("densenet121", two);
  ASSERT_EQ(used.size(), 2U);
  EXPECT_EQ(used[0].channels, 512);
  EXPECT_EQ(used[1].grid.stride, 32.0);
  for (const std::vector<std::int64_t>& wrong :
       {std::vector<std::int64_t>{}, {4, 2}, {1, 1}, {0}, {5}})
    EXPECT_THROW((void)used_stages("densenet121", wrong), UserError);
}

TEST(StageShapes, ThePyramidIsAsWideAsTheNarrowestStageAndAtMost256) {
  EXPECT_EQ(pyramid_width(stage_shapes(backbone_layout("densenet-compact"))), 72);
  EXPECT_EQ(pyramid_width(used_stages("densenet121", std::vector<std::int64_t>{2, 3, 4})), 256);
}

}  // namespace
}  // namespace chestmap
