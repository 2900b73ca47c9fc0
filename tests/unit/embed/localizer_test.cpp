#include "chestmap/localizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "../image/scratch.h"
#include "engine/engine_backend.h"
#include "localize/localizer.h"
#include "nn/model.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHeight = 100;

class EmbeddedLocalizer : public testing::Test {
 protected:
  EmbeddedLocalizer() {
    ModelSpec spec;
    spec.findings = {"Mass", "Nodule"};
    spec.input_size = 64;
    spec.box_rule_provenance = "not fitted";
    spec.thresholds = Thresholds{{}, {0.25, std::nullopt}};
    save_model(Model(spec), model_);
    for (std::size_t i = 0; i < kWidth * kHeight; ++i)
      pixels_.push_back(0.5F + 0.5F * std::sin(static_cast<float>(i % 613)));
  }

  ScratchFolder folder_;
  std::filesystem::path model_ = folder_ / "model.safetensors";
  std::vector<float> pixels_;
};

TEST_F(EmbeddedLocalizer, SaysWhatTheLibraryInsideSays) {
  Localizer first(model_, "cpu", 1);
  Localizer localizer = std::move(first);
  EXPECT_EQ(localizer.findings(), (std::vector<std::string>{"Mass", "Nodule"}));
  const auto findings = localizer.localize(pixels_, kWidth, kHeight);

  ImageF radiograph(kWidth, kHeight);
  std::copy(pixels_.begin(), pixels_.end(), radiograph.pixels().begin());
  const auto expected = localize(*make_engine_backend(model_, 1), radiograph);
  ASSERT_EQ(findings.size(), expected.size());
  EXPECT_EQ(findings[0].threshold, 0.25);
  EXPECT_FALSE(findings[1].threshold.has_value());
  for (std::size_t f = 0; f < findings.size(); ++f) {
    EXPECT_EQ(findings[f].name, expected[f].finding);
    EXPECT_EQ(findings[f].probability, expected[f].probability);
    EXPECT_EQ(findings[f].threshold, expected[f].threshold);
    EXPECT_EQ(findings[f].peak_x, expected[f].peak.x);
    EXPECT_EQ(findings[f].peak_y, expected[f].peak.y);
    ASSERT_EQ(findings[f].map.size(), findings[f].map_side * findings[f].map_side);
    EXPECT_TRUE(std::equal(findings[f].map.begin(), findings[f].map.end(),
                           expected[f].map.pixels().begin(), expected[f].map.pixels().end()));
    ASSERT_EQ(findings[f].boxes.size(), expected[f].boxes.size());
    for (std::size_t b = 0; b < findings[f].boxes.size(); ++b) {
      EXPECT_EQ(findings[f].boxes[b].width, expected[f].boxes[b].box.width);
      EXPECT_EQ(findings[f].boxes[b].score, expected[f].boxes[b].score);
    }
  }
}

TEST_F(EmbeddedLocalizer, RefusesWhatIsNoImageOfThatSize) {
  Localizer localizer(model_);
  EXPECT_THROW((void)localizer.localize(pixels_, kWidth + 1, kHeight), std::invalid_argument);
  EXPECT_THROW((void)localizer.localize(pixels_, kWidth, kHeight - 1), std::invalid_argument);
  EXPECT_THROW((void)localizer.localize({}, 0, 0), std::invalid_argument);
}

TEST_F(EmbeddedLocalizer, ErrorsAreOfTheStandardLibrary) {
  EXPECT_THROW(Localizer(folder_ / "absent.safetensors"), std::runtime_error);
  test::spill(folder_ / "text.safetensors", "not a model");
  EXPECT_THROW(Localizer(folder_ / "text.safetensors"), std::runtime_error);
  EXPECT_THROW(Localizer(model_, "tpu"), std::runtime_error);
}

}  // namespace
}  // namespace chestmap
