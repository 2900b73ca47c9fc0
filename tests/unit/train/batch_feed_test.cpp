#include "train/batch_feed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "../image/scratch.h"
#include "base/random.h"
#include "image/codec.h"

namespace chestmap {
namespace {

constexpr std::size_t kImages = 6;

/// Of images that take long to decode, compared with what torch sets up when it is first used.
class BatchFeedTest : public testing::Test {
 protected:
  BatchFeedTest() {
    dataset_.findings = FindingList({"Mass"});
    Image8 image(2000, 2000);
    RandomStream stream{1};
    for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
    test::spill(folder_ / "image.png", encode_png(image));
    for (std::size_t i = 0; i < kImages; ++i) {
      Record record;
      record.image = "image.png";
      record.file = folder_ / record.image;
      record.labels = {Label::positive};
      dataset_.records.push_back(record);
    }
  }

  /// Of an epoch whose batches are computed on for so long each.
  double waited_share(std::size_t batch, std::chrono::milliseconds computed) {
    LoaderOptions options;
    options.size = 16;
    options.batch = batch;
    options.threads = 1;
    options.cache_mib = 0;
    std::vector<std::size_t> indices(kImages);
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    Loader loader(dataset_, indices, options);
    Communicator alone;
    BatchFeed feed(loader, alone, 1, kImages, 0.0);
    feed.start(0, 0, Content::images);
    while (feed.next()) std::this_thread::sleep_for(computed);
    return feed.waited_share();
  }

  test::ScratchFolder folder_;
  Dataset dataset_;
};

TEST_F(BatchFeedTest, WaitsAllTheTimeWhereNothingIsComputed) {
  for (const std::size_t batch : {std::size_t{1}, kImages}) {
    const double share = waited_share(batch, std::chrono::milliseconds(0));
    EXPECT_GT(share, 0.7) << batch;
    EXPECT_LE(share, 1.0) << batch;
  }
}

TEST_F(BatchFeedTest, WaitsForTheFirstImageAloneWhereOthersAreDecodedMeanwhile) {
  const double share = waited_share(1, std::chrono::milliseconds(300));
  EXPECT_GT(share, 0.0);
  EXPECT_LT(share, 0.3);
}

}  // namespace
}  // namespace chestmap
