#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "data/coco.h"
#include "data/readers.h"
#include "data/select_findings.h"
#include "mini_folder.h"

// The example files that docs/formats.md shows.

namespace chestmap {
namespace {

using test::MiniFolder;

Dataset example(const std::string& name) {
  return read_dataset(std::filesystem::path(CHESTMAP_EXAMPLES) / name);
}

std::vector<std::string> names_of(const Dataset& dataset) { return dataset.findings.names(); }

using Names = std::vector<std::string>;
using Labels = std::vector<Label>;
constexpr Label kNo = Label::negative;
constexpr Label kYes = Label::positive;

TEST(GroundTruth, PlainTables) {
  const Dataset dataset = example("csv");
  EXPECT_EQ(dataset.name, "csv");
  EXPECT_EQ(names_of(dataset), (Names{"Cardiomegaly", "Nodule", "Effusion"}));
  ASSERT_EQ(dataset.records.size(), 3U);
  const Record& second = dataset.records[1];
  EXPECT_EQ(second.image, "a_002.png");
  EXPECT_EQ(second.patient, "a");
  EXPECT_EQ(second.age_years, 62.0);
  EXPECT_EQ(second.sex, Sex::female);
  EXPECT_EQ(second.view, ViewPosition::ap);
  EXPECT_EQ(second.labels, (Labels{kYes, kYes, Label::unknown}));
  ASSERT_EQ(second.boxes.size(), 2U);
  EXPECT_EQ(second.boxes[1].finding, 1U);
  EXPECT_EQ(second.boxes[1].box, (Box{150, 200, 60, 70}));
  EXPECT_EQ(dataset.records[2].frame, (ImageSize{2048, 2500}));
}

TEST(GroundTruth, ATableOfBoxesAlone) {
  const Dataset dataset = example("csv-boxes-alone.csv");
  EXPECT_EQ(names_of(dataset), (Names{"Cardiomegaly", "Effusion", "Nodule"}));
  ASSERT_EQ(dataset.records.size(), 3U);
  EXPECT_EQ(dataset.records[0].boxes[0].box, (Box{300, 420, 480, 380}));
  EXPECT_EQ(dataset.records[1].labels, (Labels{kNo, kYes, kYes}));  // Effusion without a box
  EXPECT_EQ(dataset.records[1].boxes.size(), 1U);
  EXPECT_EQ(dataset.records[2].labels, (Labels{kNo, kNo, kNo}));
}

TEST(GroundTruth, VindrOfPhysionetIsReducedToAConsensus) {
  const Dataset dataset = example("vindr");
  EXPECT_EQ(dataset.name, "vindr-cxr");
  EXPECT_EQ(names_of(dataset), (Names{"Cardiomegaly", "Nodule/Mass", "Pneumonia"}));
  EXPECT_TRUE(dataset.category_ids.empty());
  ASSERT_EQ(dataset.records.size(), 3U);
  const Record& first = dataset.records[0];
  // Cardiomegaly and Pneumonia by two of three readers, the nodule by one.
  EXPECT_EQ(first.labels, (Labels{kYes, kNo, kYes}));
  ASSERT_EQ(first.boxes.size(), 1U);
  // Corners: (600 + 660) / 2, (900 + 930) / 2, (1800 + 1860) / 2, (1500 + 1530) / 2.
  EXPECT_EQ(first.boxes[0].box, (Box{630, 915, 1200, 600}));
  EXPECT_EQ(first.frame, (ImageSize{2430, 2880}));
  EXPECT_EQ(dataset.records[1].labels, (Labels{kNo, kNo, kNo}));
  EXPECT_EQ(dataset.records[2].labels, (Labels{kNo, kYes, kNo}));
  EXPECT_EQ(dataset.records[2].boxes[0].box, (Box{700, 800, 60, 80}));
  EXPECT_EQ(dataset.train_val, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(dataset.test, (std::vector<std::size_t>{2}));
}

TEST(GroundTruth, VindrOfKaggleKeepsItsClassNumbers) {
  for (const char* name : {"vindr-kaggle", "vindr-kaggle/train.csv"}) {
    const Dataset dataset = example(name);
    EXPECT_EQ(dataset.name, "vindr-cxr");
    EXPECT_EQ(names_of(dataset), (Names{"Cardiomegaly", "Nodule/Mass"}));
    EXPECT_EQ(dataset.category_ids, (std::vector<std::int64_t>{3, 8}));
    // Two of three call Cardiomegaly; corners (691 + 700) / 2 and so on.
    ASSERT_EQ(dataset.records[0].boxes.size(), 1U);
    EXPECT_EQ(dataset.records[0].boxes[0].box, (Box{695.5, 1367.5, 961, 468}));
    EXPECT_EQ(dataset.records[0].frame, (ImageSize{2336, 2836}));
    // One of three calls the nodule.
    EXPECT_EQ(dataset.records[1].labels, (Labels{kNo, kNo}));
    EXPECT_TRUE(dataset.records[1].boxes.empty());
  }
}

TEST(GroundTruth, RsnaPneumonia) {
  const Dataset dataset = example("rsna");
  EXPECT_EQ(dataset.name, "rsna-pneumonia");
  EXPECT_EQ(names_of(dataset), Names{"Pneumonia"});
  ASSERT_EQ(dataset.records.size(), 2U);
  EXPECT_EQ(dataset.records[0].labels, Labels{kNo});
  EXPECT_EQ(dataset.records[1].labels, Labels{kYes});
  ASSERT_EQ(dataset.records[1].boxes.size(), 2U);
  EXPECT_EQ(dataset.records[1].boxes[1].box, (Box{562, 152, 256, 453}));
  EXPECT_EQ(dataset.records[1].frame, (ImageSize{1024, 1024}));
}

TEST(GroundTruth, ChexlocalizesSegmentations) {
  const Dataset dataset = example("chexlocalize");
  EXPECT_EQ(dataset.name, "chexlocalize");
  EXPECT_EQ(names_of(dataset), (Names{"Airspace Opacity", "Cardiomegaly", "Pleural Effusion"}));
  ASSERT_EQ(dataset.records.size(), 2U);
  const Record& first = dataset.records[0];
  EXPECT_EQ(first.image, "patient64541_study1_view1_frontal");
  EXPECT_EQ(first.patient, "patient64541");
  EXPECT_EQ(first.frame, (ImageSize{60, 40}));
  EXPECT_EQ(first.labels, (Labels{kYes, kNo, kYes}));
  ASSERT_EQ(first.masks.size(), 2U);
  EXPECT_EQ(first.masks[0].finding, 0U);
  EXPECT_EQ(first.masks[0].mask.bounding_box(), (Box{10, 5, 20, 15}));
  EXPECT_EQ(first.masks[1].mask.area(), 10U * 8U + 12U * 8U);
  EXPECT_TRUE(first.boxes.empty());
}

TEST(GroundTruth, ChexlocalizesPolygons) {
  const Dataset dataset = example("chexlocalize-polygons");
  const Dataset masks = example("chexlocalize");
  EXPECT_EQ(names_of(dataset), (Names{"Airspace Opacity", "Cardiomegaly"}));
  EXPECT_EQ(dataset.records[0].masks[0].mask, masks.records[0].masks[0].mask);
  EXPECT_EQ(dataset.records[1].masks[0].mask, masks.records[1].masks[0].mask);
  EXPECT_EQ(dataset.records[1].frame, (ImageSize{48, 32}));
}

TEST(GroundTruth, CocoInstances) {
  for (const char* name : {"coco", "coco/instances_example.json"}) {
    const Dataset dataset = example(name);
    EXPECT_EQ(dataset.name, "coco");
    EXPECT_EQ(names_of(dataset), (Names{"Nodule", "Effusion"}));
    EXPECT_EQ(dataset.category_ids, (std::vector<std::int64_t>{3, 11}));
    const Record& first = dataset.records[0];
    EXPECT_EQ(first.id, "7");
    EXPECT_EQ(first.patient, "a");
    EXPECT_EQ(first.boxes[0].box, (Box{10, 5, 20, 15}));
    EXPECT_EQ(first.masks[0].mask.area(), 20U * 15U);
    EXPECT_EQ(first.masks[1].mask.bounding_box(), (Box{40, 30, 12, 8}));
    EXPECT_EQ(dataset.records[1].labels, (Labels{kNo, kNo}));
  }
}

TEST(GroundTruth, ACocoFileIsKnownByItsHeadWhateverComesFirst) {
  const auto document = nlohmann::ordered_json::parse(
      read_file(std::filesystem::path(CHESTMAP_EXAMPLES) / "coco" / "instances_example.json"));
  for (const char* last : {"images", "annotations"}) {
    nlohmann::ordered_json turned;
    for (const auto& [key, value] : document.items())
      if (key != last) turned[key] = value;
    turned["note"] = std::string(100'000, 'x');  // more than is looked at
    turned[last] = document.at(last);
    const MiniFolder folder;
    folder.write("instances_turned.json", turned.dump());
    EXPECT_EQ(read_dataset(folder / "instances_turned.json").name, "coco") << last;
  }
}

TEST(GroundTruth, ACrowdsRegionIsSetAside) {
  const std::string text =
      R"({"images":[{"id":1,"file_name":"a.png","width":9,"height":9}],
          "categories":[{"id":1,"name":"Mass"}],
          "annotations":[{"image_id":1,"category_id":1,"bbox":[1,1,2,2],"iscrowd":1}]})";
  const Dataset dataset = parse_coco(text, "c.json");
  EXPECT_TRUE(dataset.records[0].boxes.empty());
  EXPECT_EQ(dataset.records[0].labels, Labels{kNo});
  EXPECT_EQ(dataset.skipped.size(), 1U);
}

TEST(GroundTruth, SelectedFindingsTakeTheirMasksAndNumbersAlong) {
  const Dataset dataset = select_findings(example("coco"), {1});
  EXPECT_EQ(dataset.category_ids, std::vector<std::int64_t>{11});
  ASSERT_EQ(dataset.records[0].masks.size(), 1U);
  EXPECT_EQ(dataset.records[0].masks[0].finding, 0U);
  EXPECT_EQ(dataset.records[0].masks[0].mask.area(), 12U * 8U);
}

TEST(GroundTruth, ImageFilesTellTheFrameAndAreFoundWithoutTheirEnding) {
  const MiniFolder folder("");
  folder.write("boxes.csv", "image,finding,x,y,width,height\nscan1,Mass,2,3,10,9\n");
  folder.image("images/scan1.png", 100, 20, 16);
  const Dataset dataset = read_dataset(folder.path());
  EXPECT_EQ(dataset.records[0].file, folder / "images/scan1.png");
  EXPECT_EQ(dataset.records[0].frame, (ImageSize{20, 16}));
}

TEST(GroundTruth, AFrameThatNothingTellsIsAssumedAndHoldsTheBoxes) {
  const MiniFolder folder("");
  folder.write("boxes.csv",
               "image,finding,x,y,width,height\na,Mass,2,3,10,9\nb,Mass,1000,900,500.5,20\n");
  const Dataset dataset = read_dataset(folder.path());
  EXPECT_EQ(dataset.records[0].frame, (ImageSize{1024, 1024}));
  EXPECT_EQ(dataset.records[1].frame, (ImageSize{1501, 1024}));
}

}  // namespace
}  // namespace chestmap
