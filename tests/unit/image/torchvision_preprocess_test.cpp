#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "image/codec.h"
#include "image/resize.h"
#include "scratch.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;
using test::slurp;

constexpr std::size_t kSide = 64;

struct Difference {
  double mean = 0.0;
  double largest = 0.0;
};

/// In steps of 8-bit images, 1 / 255.
Difference difference(const ImageF& ours, const std::filesystem::path& theirs) {
  const std::string content = slurp(theirs);
  EXPECT_EQ(content.size(), ours.pixels().size_bytes());
  Difference difference;
  for (std::size_t i = 0; i < ours.pixels().size(); ++i) {
    float value = 0.0F;
    std::memcpy(&value, content.data() + 4 * i, sizeof value);
    const double steps = std::abs(static_cast<double>(ours.pixels()[i] - value)) * 255.0;
    difference.mean += steps / static_cast<double>(ours.pixels().size());
    difference.largest = std::max(difference.largest, steps);
  }
  return difference;
}

/// The figures in docs/weights.md.
TEST(TorchvisionPreprocess, DiffersByRoundingAndByTheFilterAlone) {
  const ScratchFolder folder;
  const int status =
      run_judge("torchvision_preprocess.py", fmt::format("'{}' {}", folder.path().string(), kSide));
  if (status == 77) GTEST_SKIP() << "python3 with torchvision is not installed";
  ASSERT_EQ(status, 0);
  for (const std::string name : {"grey.png", "rgb.png", "grey.jpg", "rgb.jpg"}) {
    const ImageF image = read_image(folder / name);
    const Difference decoded = difference(image, folder / (name + ".decoded"));
    const std::filesystem::path resized_by_pil = folder / (name + ".resized");
    const Difference linear =
        difference(resized(image, kSide, kSide, Resampling::linear), resized_by_pil);
    const Difference area =
        difference(resized(image, kSide, kSide, Resampling::area), resized_by_pil);
    RecordProperty(
        name,
        fmt::format("decoded {:.3f} {:.3f} linear {:.3f} {:.3f} area {:.3f} {:.3f}", decoded.mean,
                    decoded.largest, linear.mean, linear.largest, area.mean, area.largest));
    // Grey files are the same numbers. PIL rounds the grey value of a colour to a whole step; it
    // makes a colour JPEG red, green and blue first, and clips them, while ours is the luma that
    // the file holds: the two differ at single pixels of saturated colour.
    EXPECT_LE(decoded.largest, name.starts_with("grey") ? 1e-4
                               : name == "rgb.png"      ? 0.501
                                                        : 16.0)
        << name;
    EXPECT_LE(decoded.mean, name.starts_with("grey") ? 1e-5
                            : name == "rgb.png"      ? 0.26
                                                     : 0.05)
        << name;
    // PIL rounds after each of the two axes, half a step each time.
    EXPECT_LE(linear.largest, name.starts_with("grey") ? 1.01 : 2.0) << name;
    EXPECT_LE(linear.mean, 0.35) << name;
    // Another filter: the exact mean over a pixel's footprint, against a triangle twice as wide.
    EXPECT_GT(area.mean, 0.5) << name;
    EXPECT_LT(area.mean, 1.0) << name;
  }
}

}  // namespace
}  // namespace chestmap
