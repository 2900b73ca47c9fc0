#include "data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "data/skipped.h"
#include "image/resize.h"
#include "mini_folder.h"

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;

/// `count` images of 24 x 24, each with its own noise; image i has finding i % 2.
class LoaderTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kCount = 23;

  LoaderTest() : folder_("") {
    dataset_.findings = FindingList({"Even", "Odd"});
    for (std::size_t i = 0; i < kCount; ++i) {
      Image8 image(24, 24);
      RandomStream stream{i};
      for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
      const std::string name = std::to_string(i) + ".png";
      folder_.write(name, encode_png(image));
      Record record;
      record.image = name;
      record.file = folder_ / name;
      record.labels = {i % 2 == 0 ? Label::positive : Label::negative,
                       i % 2 == 1 ? Label::positive : Label::unknown};
      dataset_.records.push_back(record);
    }
  }

  static std::vector<std::size_t> everything() {
    std::vector<std::size_t> indices(kCount);
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    return indices;
  }

  static LoaderOptions options(std::size_t threads) {
    LoaderOptions options;
    options.size = 12;
    options.batch = 4;
    options.threads = threads;
    options.prefetch = 3;
    options.shuffle = true;
    options.seed = 77;
    options.augmentation = {0.1, 0.1, 10.0, 0.5, 0.1, 0.2, 0.3};
    return options;
  }

  /// The batches of an epoch from `first` on.
  static std::vector<Batch> run(Loader& loader, std::uint64_t epoch, std::size_t first = 0) {
    std::vector<Batch> batches;
    loader.start(epoch, first);
    while (auto batch = loader.next()) batches.push_back(std::move(*batch));
    return batches;
  }

  MiniFolder folder_;
  Dataset dataset_;
};

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].index, b[i].index);
    EXPECT_EQ(a[i].records, b[i].records);
    EXPECT_EQ(a[i].pixels, b[i].pixels);
    EXPECT_EQ(a[i].labels, b[i].labels);
  }
}

TEST_F(LoaderTest, BatchesDoNotDependOnThreadsOrCache) {
  LoaderOptions uncached = options(4);
  uncached.cache_mib = 0;
  Loader one(dataset_, everything(), options(1));
  Loader four(dataset_, everything(), options(4));
  Loader without_cache(dataset_, everything(), uncached);
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    const auto expected = run(one, epoch);
    ASSERT_EQ(expected.size(), 6U);  // 23 / 4, rounded up
    expect_same(run(four, epoch), expected);
    expect_same(run(without_cache, epoch), expected);
  }
}

TEST_F(LoaderTest, StoredImagesAreThoseOfAllPartsInTheirOrderNotAugmented) {
  LoaderOptions plain = options(2);
  plain.shuffle = false;
  plain.augmentation = {};
  Loader expected(dataset_, everything(), plain);
  LoaderOptions part = options(2);
  part.part = 1;
  part.parts = 3;
  Loader loader(dataset_, everything(), part);
  loader.start(4, 0, Content::stored);
  for (const Batch& whole : run(expected, 0)) {
    const std::optional<Batch> stored = loader.next();
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->records, whole.records);
    EXPECT_EQ(stored->positions, whole.records);
    EXPECT_EQ(stored->pixels, whole.pixels);
  }
  EXPECT_FALSE(loader.next());
}

TEST_F(LoaderTest, StoredImagesTakeNoneOfTheMemoryForImages) {
  LoaderOptions lenient = options(2);
  lenient.most_skipped = 1.0;
  const auto unreadable_after = [&](Content content) {
    const std::string image = folder_.read("3.png");
    Loader loader(dataset_, everything(), lenient);
    loader.start(0, 0, content);
    while (loader.next()) {
    }
    folder_.write("3.png", "gone");
    std::size_t unreadable = 0;
    for (const Batch& batch : run(loader, 1)) unreadable += batch.unreadable;
    folder_.write("3.png", image);
    return unreadable;
  };
  EXPECT_EQ(unreadable_after(Content::images), 0U);
  EXPECT_EQ(unreadable_after(Content::stored), 1U);
}

TEST_F(LoaderTest, AnEpochHoldsEveryImageOnceInItsOwnOrder) {
  Loader loader(dataset_, everything(), options(2));
  std::vector<std::vector<std::size_t>> orders;
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::size_t> order;
    for (const Batch& batch : run(loader, epoch))
      order.insert(order.end(), batch.records.begin(), batch.records.end());
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, everything());
  }
  EXPECT_NE(orders[0], orders[1]);
  EXPECT_NE(orders[0], everything());
}

TEST_F(LoaderTest, AugmentationDiffersBetweenEpochsAndImages) {
  for (std::size_t i = 1; i < kCount; ++i) dataset_.records[i].file = dataset_.records[0].file;
  LoaderOptions ordered = options(2);
  ordered.shuffle = false;
  Loader loader(dataset_, everything(), ordered);
  const auto first = run(loader, 0);
  const auto second = run(loader, 1);
  const auto image = [](const Batch& batch, std::size_t place) {
    return std::vector<float>(
        batch.pixels.begin() + static_cast<std::ptrdiff_t>(144 * place),
        batch.pixels.begin() + static_cast<std::ptrdiff_t>(144 * (place + 1)));
  };
  EXPECT_NE(image(first[0], 0), image(second[0], 0));
  EXPECT_NE(image(first[0], 0), image(first[0], 1));
}

TEST_F(LoaderTest, ARestartInTheMiddleContinuesTheSameEpoch) {
  Loader loader(dataset_, everything(), options(3));
  std::vector<Batch> expected = run(loader, 5);
  expected.erase(expected.begin(), expected.begin() + 2);
  expect_same(run(loader, 5, 2), expected);
  Loader fresh(dataset_, everything(), options(2));
  expect_same(run(fresh, 5, 2), expected);
}

TEST_F(LoaderTest, PartsOfBatchesJoinToTheWholeBatches) {
  Loader whole(dataset_, everything(), options(2));
  const auto expected = run(whole, 3);
  // The last batch of 3 images has none for some of 5 parts.
  for (const std::size_t parts : {2U, 3U, 5U}) {
    std::vector<Batch> joined(expected.size());
    std::size_t fewest = kCount;
    for (std::size_t part = 0; part < parts; ++part) {
      LoaderOptions own = options(2);
      own.part = part;
      own.parts = parts;
      Loader loader(dataset_, everything(), own);
      const auto batches = run(loader, 3);
      ASSERT_EQ(batches.size(), expected.size());
      for (std::size_t b = 0; b < batches.size(); ++b) {
        const Batch& from = batches[b];
        joined[b].index = from.index;
        joined[b].records.insert(joined[b].records.end(), from.records.begin(), from.records.end());
        joined[b].pixels.insert(joined[b].pixels.end(), from.pixels.begin(), from.pixels.end());
        joined[b].labels.insert(joined[b].labels.end(), from.labels.begin(), from.labels.end());
        fewest = std::min(fewest, from.records.size());
      }
    }
    expect_same(joined, expected);
    EXPECT_EQ(fewest == 0, parts == 5);
  }
  LoaderOptions none = options(1);
  none.part = none.parts = 2;
  EXPECT_THROW(Loader(dataset_, everything(), none), std::invalid_argument);
}

TEST_F(LoaderTest, AnEpochThatIsGivenUpLeavesNoTrace) {
  Loader loader(dataset_, everything(), options(3));
  const auto expected = run(loader, 1);
  for (int i = 0; i < 20; ++i) {
    loader.start(2);
    if (i % 2 == 0) {
      ASSERT_TRUE(loader.next().has_value());
    }
  }
  expect_same(run(loader, 1), expected);
}

TEST_F(LoaderTest, PixelsAreTheAreaMeanInSixteenBitsAndLabelsFollow) {
  LoaderOptions plain = options(2);
  plain.shuffle = false;
  plain.augmentation = {};
  Loader loader(dataset_, everything(), plain);
  const auto batches = run(loader, 0);
  const Batch& last = batches.back();
  EXPECT_EQ(last.index, 5U);
  EXPECT_EQ(last.records, (std::vector<std::size_t>{20, 21, 22}));
  EXPECT_EQ(last.labels, (std::vector<signed char>{1, -1, 0, 1, 1, -1}));
  ASSERT_EQ(last.pixels.size(), 3U * 12 * 12);
  const ImageF image = read_image(dataset_.records[21].file);
  for (std::size_t y = 0; y < 12; ++y)
    for (std::size_t x = 0; x < 12; ++x) {
      const float mean = (image.at(2 * x, 2 * y) + image.at(2 * x + 1, 2 * y) +
                          image.at(2 * x, 2 * y + 1) + image.at(2 * x + 1, 2 * y + 1)) /
                         4.0F;
      // Half a step of 1/65535, and the rounding of floats.
      EXPECT_NEAR(last.pixels[144 + 12 * y + x], mean, 0.5 / 65535.0 + 1e-6);
    }
}

TEST_F(LoaderTest, UnreadableImagesAreLeftOutAndReportedOnce) {
  const std::string content = folder_.read("6.png");
  folder_.write("6.png", content.substr(0, content.size() / 2));
  dataset_.records[9].file.clear();
  LoaderOptions lenient = options(4);
  lenient.shuffle = false;
  lenient.most_skipped = 0.1;  // 2 of 23 are 8.7 %
  Loader loader(dataset_, everything(), lenient);
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    const auto batches = run(loader, epoch);
    ASSERT_EQ(batches.size(), 6U);
    EXPECT_EQ(batches[1].records, (std::vector<std::size_t>{4, 5, 7}));
    EXPECT_EQ(batches[1].pixels.size(), 3U * 144);
    EXPECT_EQ(batches[1].labels.size(), 3U * 2);
    EXPECT_EQ(batches[2].records, (std::vector<std::size_t>{8, 10, 11}));
  }
  const auto skipped = loader.skipped();
  ASSERT_EQ(skipped.size(), 2U);
  EXPECT_EQ(skipped[0].item, "6.png");
  EXPECT_EQ(skipped[0].reason, "broken PNG: the file ends early");
  EXPECT_EQ(skipped[1].item, "9.png");
  EXPECT_EQ(skipped[1].reason, kImageNotInFolder);
}

TEST_F(LoaderTest, TooManyUnreadableImagesEndTheRun) {
  for (const char* name : {"1.png", "3.png"}) folder_.write(name, "no image");
  LoaderOptions strict = options(2);
  strict.shuffle = false;
  strict.most_skipped = 0.05;  // 1 of 23 is 4.3 %, 2 are 8.7 %
  Loader loader(dataset_, everything(), strict);
  EXPECT_EQ(
      user_error(folder_, [&] { (void)run(loader, 0); }),
      "2 of 23 images cannot be read, which is above the 5 % allowed; the first: 1.png: the "
      "content is neither PNG, JPEG nor DICOM | is the data folder complete, and the disk sound?");
}

TEST_F(LoaderTest, ABatchWithoutAnyReadableImageIsEmptyAndSaysSo) {
  for (const char* name : {"4.png", "5.png", "6.png", "7.png"}) folder_.write(name, "");
  LoaderOptions lenient = options(2);
  lenient.shuffle = false;
  lenient.most_skipped = 1.0;
  Loader loader(dataset_, everything(), lenient);
  const auto batches = run(loader, 0);
  ASSERT_EQ(batches.size(), 6U);
  EXPECT_EQ(batches[1].index, 1U);
  EXPECT_TRUE(batches[1].records.empty());
  EXPECT_EQ(batches[1].unreadable, 4U);
  EXPECT_EQ(batches[2].unreadable, 0U);
}

TEST_F(LoaderTest, NothingToLoadIsAnError) {
  EXPECT_THROW(Loader(dataset_, {}, options(1)), UserError);
  Loader loader(dataset_, everything(), options(1));
  EXPECT_FALSE(loader.next().has_value());  // not started
  loader.start(0, 6);
  EXPECT_FALSE(loader.next().has_value());  // from behind the end
}

ImageF ramp() {
  ImageF image(8, 8);
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 8; ++x) image.at(x, y) = static_cast<float>(x + 8 * y) / 64.0F;
  return image;
}

TEST(Augmentation, EachChangeMovesTheImageAsNamed) {
  const ImageF image = ramp();
  EXPECT_EQ(augmented(image, {}), image);
  AugmentationDraw flip;
  flip.flip = true;
  AugmentationDraw shift;
  shift.shift_x = 0.25;   // two pixels to the right
  shift.shift_y = 0.125;  // one down
  AugmentationDraw turn;
  turn.degrees = 90.0;
  AugmentationDraw grow;
  grow.scale = 2.0;
  const ImageF flipped = augmented(image, flip);
  const ImageF shifted = augmented(image, shift);
  const ImageF turned = augmented(image, turn);
  const ImageF grown = augmented(image, grow);
  EXPECT_FLOAT_EQ(flipped.at(1, 3), image.at(6, 3));
  EXPECT_FLOAT_EQ(shifted.at(5, 4), image.at(3, 3));
  EXPECT_FLOAT_EQ(shifted.at(0, 0), image.at(0, 0));  // the edge repeats
  // Clockwise on the screen: what was at the top comes to the right.
  EXPECT_NEAR(turned.at(7, 2), image.at(2, 0), 1e-5);
  // Twice as large about the centre (4, 4): (6.5, 4.5) shows (5.25, 4.25), between four centres.
  EXPECT_NEAR(grown.at(6, 4), (4.75 + 8 * 3.75) / 64.0, 1e-6);
}

TEST(Augmentation, TonesChangeByContrastBrightnessThenGamma) {
  ImageF image(2, 1);
  image.at(0, 0) = 0.2F;
  image.at(1, 0) = 0.6F;  // mean 0.4
  AugmentationDraw tones;
  tones.contrast = 1.5;     // 0.1, 0.7
  tones.brightness = 0.15;  // 0.25, 0.85
  tones.gamma = 2.0;        // 0.0625, 0.7225
  const ImageF changed = augmented(image, tones);
  EXPECT_NEAR(changed.at(0, 0), 0.0625, 1e-6);
  EXPECT_NEAR(changed.at(1, 0), 0.7225, 1e-6);
}

TEST(Augmentation, DrawsStayInTheirRangesAndDoNotDisturbEachOther) {
  Augmentation ranges{0.1, 0.2, 15.0, 0.5, 0.1, 0.3, 0.5};
  std::set<bool> flips;
  for (std::uint64_t i = 0; i < 200; ++i) {
    RandomStream stream{i};
    const AugmentationDraw d = draw(ranges, stream);
    flips.insert(d.flip);
    EXPECT_LE(std::abs(d.shift_x), 0.1);
    EXPECT_LE(std::abs(d.shift_y), 0.1);
    EXPECT_LE(std::abs(d.scale - 1.0), 0.2);
    EXPECT_LE(std::abs(d.degrees), 15.0);
    EXPECT_LE(std::abs(d.brightness), 0.1);
    EXPECT_LE(std::abs(d.contrast - 1.0), 0.3);
    EXPECT_GE(d.gamma, 1.0 / 1.5 - 1e-12);
    EXPECT_LE(d.gamma, 1.5 + 1e-12);
    Augmentation without_shift = ranges;
    without_shift.shift = 0.0;
    RandomStream again{i};
    EXPECT_EQ(draw(without_shift, again).degrees, d.degrees);
  }
  EXPECT_EQ(flips.size(), 2U);
}

}  // namespace
}  // namespace chestmap
