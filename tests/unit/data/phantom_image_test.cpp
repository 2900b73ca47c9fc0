#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/phantom/phantom.h"

namespace chestmap {
namespace {

constexpr std::size_t kFindings = 8;
constexpr std::size_t kCardiomegaly = 1;

PhantomOptions small_options() {
  PhantomOptions options;
  options.size = 128;
  options.seed = 5;
  return options;
}

bool positive(Label label) { return label == Label::positive; }

TEST(PhantomImage, HoldsGreysBetweenZeroAndOneThatSpreadOverTheRange) {
  for (std::size_t patient = 0; patient < 12; ++patient) {
    const PhantomImage phantom = make_phantom(small_options(), patient, 0);
    ASSERT_EQ(phantom.image.width(), 128U);
    ASSERT_EQ(phantom.image.height(), 128U);
    const auto [low, high] =
        std::minmax_element(phantom.image.pixels().begin(), phantom.image.pixels().end());
    EXPECT_GE(*low, 0.0F);
    EXPECT_LE(*high, 1.0F);
    EXPECT_LT(*low, 0.3F);
    EXPECT_GT(*high, 0.7F);
  }
}

TEST(PhantomImage, IsAFunctionOfSeedPatientAndImageAlone) {
  const PhantomOptions options = small_options();
  PhantomOptions other = options;
  other.images = 7;
  other.threads = 9;
  other.test_fraction = 0.9;
  const ImageF image = make_phantom(options, 3, 1).image;
  EXPECT_EQ(image, make_phantom(other, 3, 1).image);
  EXPECT_NE(image, make_phantom(options, 3, 0).image);
  EXPECT_NE(image, make_phantom(options, 4, 1).image);
  other.seed = 6;
  EXPECT_NE(image, make_phantom(other, 3, 1).image);
}

TEST(PhantomImage, OfALargerSizeShowsTheSamePicture) {
  // The mean of 4x4 pixels of the large picture is compared with the small one's; noise and edges
  // differ, the picture does not: the correlation is nearly 1.
  PhantomOptions options = small_options();
  const PhantomImage small = make_phantom(options, 2, 0);
  options.size = 512;
  const PhantomImage large = make_phantom(options, 2, 0);
  double xy = 0.0;
  double xx = 0.0;
  double yy = 0.0;
  double mx = 0.0;
  double my = 0.0;
  constexpr double kCount = 128.0 * 128.0;
  for (std::size_t y = 0; y < 128; ++y) {
    for (std::size_t x = 0; x < 128; ++x) {
      double mean = 0.0;
      for (std::size_t k = 0; k < 16; ++k) {
        mean += static_cast<double>(large.image.at(4 * x + k % 4, 4 * y + k / 4)) / 16.0;
      }
      const auto value = static_cast<double>(small.image.at(x, y));
      mx += value / kCount;
      my += mean / kCount;
      xy += value * mean / kCount;
      xx += value * value / kCount;
      yy += mean * mean / kCount;
    }
  }
  const double correlation = (xy - mx * my) / std::sqrt((xx - mx * mx) * (yy - my * my));
  EXPECT_GT(correlation, 0.98);
  ASSERT_EQ(small.boxes.size(), large.boxes.size());
  for (std::size_t i = 0; i < small.boxes.size(); ++i) {
    EXPECT_EQ(small.boxes[i].box, large.boxes[i].box);
  }
}

TEST(PhantomImage, IsDescribedWithoutPixelsByTheSameLabelsAndBoxes) {
  for (std::size_t patient = 0; patient < 10; ++patient) {
    const PhantomImage made = make_phantom(small_options(), patient, 0);
    const PhantomImage described = describe_phantom(small_options(), patient, 0);
    EXPECT_TRUE(described.image.empty());
    EXPECT_EQ(made.labels, described.labels);
    EXPECT_EQ(made.truth, described.truth);
    EXPECT_EQ(made.age_years, described.age_years);
    ASSERT_EQ(made.boxes.size(), described.boxes.size());
    for (std::size_t i = 0; i < made.boxes.size(); ++i) {
      EXPECT_EQ(made.boxes[i].box, described.boxes[i].box);
    }
  }
}

/// Mean absolute grey difference inside and outside of a box.
struct Change {
  double inside = 0.0;
  double outside = 0.0;
};

Change change_by_lesion(const PhantomOptions& options, std::size_t patient, std::size_t finding,
                        const PhantomImage& with) {
  const ImageF without = make_phantom(options, patient, 0, finding).image;
  const auto found = std::find_if(with.boxes.begin(), with.boxes.end(),
                                  [&](const FindingBox& b) { return b.finding == finding; });
  const double scale = static_cast<double>(options.size) / kPhantomFrame;
  const Box box = scaled(found->box, scale, scale);
  Change change;
  double inside = 0.0;
  double outside = 0.0;
  for (std::size_t y = 0; y < options.size; ++y) {
    for (std::size_t x = 0; x < options.size; ++x) {
      const auto d = static_cast<double>(std::abs(with.image.at(x, y) - without.at(x, y)));
      const bool in = box.contains(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5);
      (in ? change.inside : change.outside) += d;
      (in ? inside : outside) += 1.0;
    }
  }
  change.inside /= std::max(inside, 1.0);
  change.outside /= outside;
  return change;
}

TEST(PhantomImage, ChangesFarMoreInsideTheBoxOfALesionThanOutside) {
  // The tails of clouds, a lifted diaphragm and the display's levels change some pixels outside;
  // the mean over many lesions of a finding must still differ by the factor below.
  const PhantomOptions options = small_options();
  std::vector<Change> sum(kFindings);
  std::vector<std::size_t> count(kFindings, 0);
  for (std::size_t patient = 0; patient < 160; ++patient) {
    const PhantomImage description = describe_phantom(options, patient, 0);
    const bool wanted = std::any_of(description.boxes.begin(), description.boxes.end(),
                                    [&](const FindingBox& b) { return count[b.finding] < 12; });
    if (!wanted) continue;
    const PhantomImage with = make_phantom(options, patient, 0);
    for (const FindingBox& b : with.boxes) {
      if (count[b.finding] >= 12) continue;
      const Change change = change_by_lesion(options, patient, b.finding, with);
      ++count[b.finding];
      sum[b.finding].inside += change.inside;
      sum[b.finding].outside += change.outside;
    }
  }
  for (std::size_t f = 0; f < kFindings; ++f) {
    ASSERT_GE(count[f], 10U) << phantom_findings()[f];
    EXPECT_GT(sum[f].inside, 6.0 * sum[f].outside) << phantom_findings()[f];
    EXPECT_GT(sum[f].inside / static_cast<double>(count[f]), 2.0 / 255.0) << phantom_findings()[f];
  }
}

TEST(PhantomImage, WithoutAFindingThatIsAbsentIsTheSameImage) {
  const PhantomOptions options = small_options();
  for (std::size_t patient = 0; patient < 6; ++patient) {
    const PhantomImage phantom = make_phantom(options, patient, 0);
    for (std::size_t f = 0; f < kFindings; f += 3) {
      if (positive(phantom.truth[f])) continue;
      EXPECT_EQ(phantom.image, make_phantom(options, patient, 0, f).image);
    }
  }
}

TEST(PhantomImage, RemovesTheEnlargementWithCardiomegaly) {
  const PhantomOptions options = small_options();
  std::size_t seen = 0;
  for (std::size_t patient = 0; patient < 60 && seen < 5; ++patient) {
    if (!positive(describe_phantom(options, patient, 0).truth[kCardiomegaly])) continue;
    ++seen;
    EXPECT_NE(make_phantom(options, patient, 0).image,
              make_phantom(options, patient, 0, kCardiomegaly).image);
  }
  EXPECT_EQ(seen, 5U);
}

TEST(PhantomOptionsCheck, RefusesWhatIsOutOfRangeByName) {
  const auto refused = [](const PhantomOptions& options, const std::string& key) {
    try {
      (void)describe_phantom(options, 0, 0);
    } catch (const UserError& error) {
      return std::string(error.what()).find('`' + key + '`') != std::string::npos;
    }
    return false;
  };
  PhantomOptions options;
  options.size = 2048;
  EXPECT_TRUE(refused(options, "size"));
  options = {};
  options.images = 0;
  EXPECT_TRUE(refused(options, "images"));
  options = {};
  options.test_fraction = 1.5;
  EXPECT_TRUE(refused(options, "test_fraction"));
  options = {};
  options.label_noise = -0.1;
  EXPECT_TRUE(refused(options, "label_noise"));
  options = {};
  options.images_per_patient = 0.5;
  EXPECT_TRUE(refused(options, "images_per_patient"));
}

}  // namespace
}  // namespace chestmap
