#include "data/check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/chestxray14.h"
#include "mini_folder.h"

namespace chestmap {
namespace {

using test::MiniFolder;

TEST(Check, CountsRecordsBoxesAndImages) {
  const MiniFolder folder;
  folder.image("images/00000101_000.png");
  folder.image("images/00000101_001.png");
  folder.image("images/00000107_000.png", 80, 20, 10);
  folder.image("images/00000108_000.png");
  const std::string whole = folder.read("images/00000108_000.png");
  folder.write("images/00000108_000.png", whole.substr(0, whole.size() - 20));
  const Dataset dataset = read_chestxray14(folder.path());

  const DataCheck headers = check_dataset(dataset);
  EXPECT_EQ(headers.all.images, 4U);
  EXPECT_EQ(headers.all.patients, 3U);
  EXPECT_EQ(headers.train_val.images, 2U);
  EXPECT_EQ(headers.train_val.patients, 1U);
  EXPECT_EQ(headers.test.images, 2U);
  EXPECT_EQ(headers.without_finding, 1U);
  EXPECT_EQ(headers.boxes, 3U);
  EXPECT_EQ(headers.boxed.images, 2U);
  EXPECT_EQ(headers.images_found, 4U);
  EXPECT_EQ(headers.images_missing, 8U);
  EXPECT_EQ(headers.findings[3].boxes, 2U);
  // 511.6 x 512 and 50 x 40 of 1024 x 1024.
  EXPECT_DOUBLE_EQ(headers.findings[3].median_box_share.value_or(0.0),
                   (511.6 * 512.0 + 50.0 * 40.0) / 2.0 / (1024.0 * 1024.0));
  ASSERT_EQ(headers.sizes.size(), 2U);
  EXPECT_EQ(headers.sizes[0].first, (ImageSize{16, 16}));
  EXPECT_EQ(headers.sizes[0].second, 3U);
  EXPECT_TRUE(headers.unreadable.empty());  // its header is whole

  CheckOptions decode;
  decode.decode = true;
  decode.threads = 3;
  std::size_t calls = 0;
  decode.progress = [&calls](std::size_t) { ++calls; };
  const DataCheck decoded = check_dataset(dataset, decode);
  EXPECT_EQ(calls, 4U);
  ASSERT_EQ(decoded.unreadable.size(), 1U);
  EXPECT_EQ(decoded.unreadable[0].item, "00000108_000.png");
  EXPECT_EQ(decoded.sizes[0].second, 2U);

  const nlohmann::json json = to_json(decoded);
  EXPECT_EQ(json["boxes"], 3);
  EXPECT_EQ(json["findings"][5]["name"], "Nodule");
  EXPECT_EQ(json["findings"][5]["positive"], 1);
  EXPECT_TRUE(json["findings"][5]["median_box_share"].is_null());
  EXPECT_EQ(json["unreadable"][0]["image"], "00000108_000.png");
  const std::string text = to_text(decoded);
  EXPECT_NE(text.find("4 image files found, 8 missing"), std::string::npos) << text;
  EXPECT_NE(text.find("1 of 20 x 10 pixels"), std::string::npos) << text;
  EXPECT_NE(text.find("00000108_000.png: broken PNG"), std::string::npos) << text;
}

TEST(Check, BoxesWhoseFindingTheLabelsLackAreCounted) {
  const MiniFolder folder;
  folder.edit("BBox_List_2017.csv", "107_001.png,Pneumothorax", "107_001.png,Mass");
  const DataCheck check = check_dataset(read_chestxray14(folder.path()));
  EXPECT_EQ(check.boxes_without_label, 1U);
  EXPECT_EQ(check.images_found, 0U);
  EXPECT_EQ(check.images_missing, 12U);
}

}  // namespace
}  // namespace chestmap
