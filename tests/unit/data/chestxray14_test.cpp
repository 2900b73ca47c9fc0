#include "data/chestxray14.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "data/check.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "data/split.h"
#include "mini_folder.h"

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;

constexpr const char* kTable = "Data_Entry_2017_v2020.csv";
constexpr const char* kBoxes = "BBox_List_2017.csv";

std::string error_of(const MiniFolder& folder) {
  return user_error(folder, [&] { (void)read_chestxray14(folder.path()); });
}

std::set<std::string> positives(const Dataset& dataset, std::size_t record) {
  std::set<std::string> names;
  for (std::size_t f = 0; f < dataset.findings.size(); ++f)
    if (dataset.records[record].labels[f] == Label::positive) names.insert(dataset.findings[f]);
  return names;
}

TEST(ChestXray14, LabelsOnlyFolderIsReadWhole) {
  const MiniFolder folder;
  const Dataset dataset = read_chestxray14(folder.path());
  EXPECT_EQ(dataset.name, "chestxray14");
  ASSERT_EQ(dataset.records.size(), 12U);
  EXPECT_EQ(dataset.findings.size(), 14U);
  EXPECT_EQ(positives(dataset, 0), std::set<std::string>{});
  EXPECT_EQ(positives(dataset, 1), (std::set<std::string>{"Nodule", "Mass"}));
  EXPECT_EQ(positives(dataset, 3), (std::set<std::string>{"Pleural_Thickening", "Effusion"}));
  const Record& record = dataset.records[2];
  EXPECT_EQ(record.image, "00000102_000.png");
  EXPECT_EQ(record.patient, "102");
  EXPECT_EQ(record.age_years, 61.0);
  EXPECT_EQ(record.sex, Sex::male);
  EXPECT_EQ(record.view, ViewPosition::ap);
  EXPECT_EQ(record.frame, (ImageSize{1024, 1024}));
  EXPECT_TRUE(record.file.empty());
  EXPECT_TRUE(dataset.skipped.empty());
  EXPECT_EQ(dataset.train_val, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(dataset.test, (std::vector<std::size_t>{8, 9, 10, 11}));
}

TEST(ChestXray14, BoxesKeepTheirFrameAndAreClippedByLessThanAPixel) {
  const MiniFolder folder;
  const Dataset dataset = read_chestxray14(folder.path());
  ASSERT_EQ(dataset.records[8].boxes.size(), 1U);
  EXPECT_EQ(dataset.records[8].boxes[0].box, (Box{100.5, 200.25, 300.0, 150.0}));
  EXPECT_EQ(dataset.records[8].boxes[0].finding, 6U);  // Pneumonia
  const auto& boxes = dataset.records[10].boxes;
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].finding, 3U);  // "Infiltrate" is Infiltration
  EXPECT_EQ(boxes[1].finding, 3U);
  EXPECT_DOUBLE_EQ(boxes[0].box.right(), 512 + 511.6);
  EXPECT_DOUBLE_EQ(boxes[0].box.bottom(), 1024.0);  // 512 + 512.4 is cut
}

TEST(ChestXray14, TheOlderTableHasTrailingCommasAndAgesWithUnits) {
  const MiniFolder folder("v2017");
  const Dataset dataset = read_chestxray14(folder.path());
  const MiniFolder newer;
  const Dataset other = read_chestxray14(newer.path());
  ASSERT_EQ(dataset.records.size(), other.records.size());
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(dataset.records[i].labels, other.records[i].labels);
    EXPECT_EQ(dataset.records[i].patient, other.records[i].patient);
  }
  EXPECT_DOUBLE_EQ(dataset.records[3].age_years.value_or(-1), 58.0);
  EXPECT_DOUBLE_EQ(dataset.records[5].age_years.value_or(-1), 11.0 / 12.0);
  EXPECT_DOUBLE_EQ(dataset.records[6].age_years.value_or(-1), 4.0 / 365.25);
  EXPECT_TRUE(dataset.train_val.empty());
  EXPECT_TRUE(dataset.test.empty());
}

TEST(ChestXray14, OfTwoTablesTheOneOf2020Counts) {
  const MiniFolder folder;
  const MiniFolder older("v2017");
  folder.write("Data_Entry_2017.csv", older.read("Data_Entry_2017.csv"));
  folder.edit("Data_Entry_2017.csv", "Nodule|Mass", "Hernia");
  EXPECT_EQ(positives(read_chestxray14(folder.path()), 1),
            (std::set<std::string>{"Nodule", "Mass"}));
}

class Layout : public ::testing::TestWithParam<std::string> {};

TEST_P(Layout, ImagesAreFoundAndTheRestIsSetAside) {
  const MiniFolder folder;
  const std::string part = GetParam();
  folder.image(part + "00000101_001.png");
  folder.image(part + "00000107_000.png");
  folder.image(part + "stranger.png");
  const Dataset dataset = read_chestxray14(folder.path());
  ASSERT_EQ(dataset.records.size(), 2U);
  EXPECT_EQ(dataset.records[0].image, "00000101_001.png");
  EXPECT_EQ(dataset.records[0].file, folder / (part + "00000101_001.png"));
  EXPECT_EQ(dataset.records[1].boxes.size(), 1U);
  EXPECT_EQ(dataset.train_val, std::vector<std::size_t>{0});
  EXPECT_EQ(dataset.test, std::vector<std::size_t>{1});
  ASSERT_EQ(dataset.skipped.size(), 10U);
  EXPECT_EQ(skipped_summary(dataset.skipped),
            std::vector<std::string>{
                "10 x the image is not in the data folder (first: 00000101_000.png)"});
}

INSTANTIATE_TEST_SUITE_P(ChestXray14, Layout,
                         ::testing::Values("images/", "images_001/images/", "images_007/", ""));

TEST(ChestXray14, ImagesMayLieInSeveralParts) {
  const MiniFolder folder;
  folder.image("images_001/images/00000101_000.png");
  folder.image("images_002/images/00000102_000.png");
  EXPECT_EQ(read_chestxray14(folder.path()).records.size(), 2U);
}

struct Mistake {
  std::string file, from, to, message;
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreNamedWithFileRowAndHint) {
  const Mistake& mistake = GetParam();
  const MiniFolder folder;
  folder.edit(mistake.file, mistake.from, mistake.to);
  EXPECT_EQ(error_of(folder), mistake.message);
}

INSTANTIATE_TEST_SUITE_P(
    ChestXray14, Mistakes,
    ::testing::Values(
        Mistake{kTable, "Cardiomegaly", "Cardiomegally",
                "Data_Entry_2017_v2020.csv:7: \"Cardiomegally\" is no finding of ChestX-ray14 | is "
                "\"Cardiomegaly\" meant?"},
        Mistake{kTable, "No Finding", "Nodule|No Finding",
                "Data_Entry_2017_v2020.csv:2: \"No Finding\" stands beside other findings | it "
                "must be the cell's only label"},
        Mistake{kTable, "Hernia", "",
                "Data_Entry_2017_v2020.csv:8: the finding labels are empty | an image without a "
                "finding is labelled \"No Finding\""},
        Mistake{kTable, "Finding Labels", "Finding Label",
                "Data_Entry_2017_v2020.csv:1: the column \"Finding Labels\" is missing | is "
                "\"Finding Label\" meant to be it?"},
        Mistake{kTable, "00000103_001.png", "00000103_000.png",
                "Data_Entry_2017_v2020.csv:6: the image 00000103_000.png is there a second time; "
                "its first row is 5 | remove one of the two rows"},
        Mistake{kTable, "101,44,F", "101,forty,F",
                "Data_Entry_2017_v2020.csv:2: the patient age \"forty\" is not understood | years "
                "(58), or a number with Y, M or D (058Y, 011M, 004D)"},
        Mistake{kTable, ",0,104,", ",0,,",
                "Data_Entry_2017_v2020.csv:7: the patient ID is empty | images are split by "
                "patient, so each needs one"},
        Mistake{kTable, "00000108_001.png,No Finding,1,108,67,F,PA,2500,2048,0.168,0.168",
                "00000108_001.png,No Fi",
                "Data_Entry_2017_v2020.csv:13: the row has 2 fields, the header 11 | is the file "
                "cut short?"},
        Mistake{kTable, "Nodule|Mass,1", "Nodule,Mass,1",
                "Data_Entry_2017_v2020.csv:3: the row has 12 fields, the header 11 | is there a "
                "comma too many in the row?"},
        Mistake{kBoxes, "Pneumonia,", "Pneumona,",
                "BBox_List_2017.csv:2: \"Pneumona\" is no finding of ChestX-ray14 | is "
                "\"Pneumonia\" meant?"},
        Mistake{kBoxes, "600,100,200,400", "900,100,200,400",
                "BBox_List_2017.csv:3: the box x=900 y=100 w=200 h=400 leaves the 1024x1024 frame "
                "| boxes are in the frame of the original images, whatever the copies' size"},
        Mistake{kBoxes, "600,100,200,400", "600,100,200,0",
                "BBox_List_2017.csv:3: the box has width 200 and height 0; both must be above 0 | "
                "a box is x,y,w,h, not two corners"},
        Mistake{kBoxes, "600,100,200,400", "600,100,nan,400",
                "BBox_List_2017.csv:3: \"nan\" is no number | a box is x,y,w,h in pixels of the "
                "1024x1024 frame"},
        Mistake{kBoxes, "00000107_001.png", "00000109_000.png",
                "BBox_List_2017.csv:3: the box is of 00000109_000.png, which "
                "Data_Entry_2017_v2020.csv does not hold | do both tables belong to the same copy "
                "of the data set?"},
        Mistake{kBoxes, ",100,200,400", ",100,200",
                "BBox_List_2017.csv:3: the row has 5 fields; 6 were expected (image, finding, x, "
                "y, w, h) | is the file cut short?"},
        Mistake{kBoxes, "Image Index,", "Image,",
                "BBox_List_2017.csv:1: the header reads \"Image,Finding Label,Bbox "
                "[x,y,w,h],,,\"; \"Image Index,Finding Label,Bbox [x,y,w,h]\" was expected | is "
                "this BBox_List_2017.csv of ChestX-ray14?"},
        Mistake{"test_list.txt", "00000107_001.png", "00000999_000.png",
                "test_list.txt:2: the image 00000999_000.png is not in the label table | do the "
                "list and the table belong to the same data set?"},
        Mistake{"test_list.txt", "00000107_001.png", "00000107_000.png",
                "test_list.txt:2: the image 00000107_000.png is there a second time; its first row "
                "is 1 | remove one of the two rows"},
        Mistake{"test_list.txt", "00000107_001.png", "00000103_001.png",
                "train_val_list.txt and test_list.txt share 1 patients, e.g. 103 | all images of a "
                "patient must be on one side, or the measures are too good"}));

TEST(ChestXray14, ATableWithoutRowsIsRefused) {
  const MiniFolder folder("");
  folder.write(kTable, "Image Index,Finding Labels,Patient ID\n");
  EXPECT_EQ(error_of(folder),
            "Data_Entry_2017_v2020.csv has a header and no rows | is the file cut short?");
}

TEST(ChestXray14, OnlyThreeColumnsAreNeeded) {
  const MiniFolder folder("");
  folder.write(kTable, "Patient ID,Image Index,Finding Labels\nA7,x.png,Edema\n");
  const Dataset dataset = read_chestxray14(folder.path());
  EXPECT_EQ(dataset.records[0].patient, "A7");
  EXPECT_EQ(positives(dataset, 0), std::set<std::string>{"Edema"});
  EXPECT_FALSE(dataset.records[0].age_years.has_value());
}

TEST(Readers, AFolderOfNoKnownLayoutSaysWhatWasLookedFor) {
  const MiniFolder folder("");
  const std::string text = user_error(folder, [&] { (void)read_dataset(folder.path()); });
  EXPECT_NE(text.find("holds no data set of a known layout; looked for: chestxray14 "
                      "(Data_Entry_2017_v2020.csv or Data_Entry_2017.csv)"),
            std::string::npos)
      << text;
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder / "absent"); }),
            "the data folder absent does not exist | name the folder that holds the label table");
}

TEST(Readers, AKnownLayoutIsDetected) {
  const MiniFolder folder;
  EXPECT_EQ(read_dataset(folder.path()).name, "chestxray14");
  EXPECT_EQ(read_dataset(folder.path()).records.size(), 12U);
  EXPECT_EQ(read_dataset(folder / kTable).records.size(), 12U);  // the table stands for its folder
}

/// The complete tables, where they are at hand.
class WholeTables : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = CHESTMAP_SHARED_DATA "/chestxray14-labels";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the complete tables are not here";
    dataset_ = read_dataset(folder);
  }
  Dataset dataset_;
};

TEST_F(WholeTables, HaveTheKnownCounts) {
  const DataCheck check = check_dataset(dataset_);
  EXPECT_EQ(check.all.images, 112120U);
  EXPECT_EQ(check.all.patients, 30805U);
  EXPECT_EQ(check.train_val.images, 86524U);
  EXPECT_EQ(check.train_val.patients, 28008U);
  EXPECT_EQ(check.test.images, 25596U);
  EXPECT_EQ(check.test.patients, 2797U);
  EXPECT_EQ(check.without_finding, 60361U);
  EXPECT_EQ(check.test_without_finding, 9861U);
  EXPECT_EQ(check.train_val_without_finding, 60361U - 9861U);
  struct Row {
    const char* name;
    std::size_t total, test;
  };
  const std::vector<Row> expected{{"Atelectasis", 11559, 3279},
                                  {"Cardiomegaly", 2776, 1069},
                                  {"Effusion", 13317, 4658},
                                  {"Infiltration", 19894, 6112},
                                  {"Mass", 5782, 1748},
                                  {"Nodule", 6331, 1623},
                                  {"Pneumonia", 1431, 555},
                                  {"Pneumothorax", 5302, 2665},
                                  {"Consolidation", 4667, 1815},
                                  {"Edema", 2303, 925},
                                  {"Emphysema", 2516, 1093},
                                  {"Fibrosis", 1686, 435},
                                  {"Pleural_Thickening", 3385, 1143},
                                  {"Hernia", 227, 86}};
  ASSERT_EQ(check.findings.size(), expected.size());
  for (std::size_t f = 0; f < expected.size(); ++f) {
    EXPECT_EQ(check.findings[f].name, expected[f].name);
    EXPECT_EQ(check.findings[f].positive, expected[f].total) << expected[f].name;
    EXPECT_EQ(check.findings[f].test, expected[f].test) << expected[f].name;
    EXPECT_EQ(check.findings[f].train_val, expected[f].total - expected[f].test);
  }
}

TEST_F(WholeTables, HaveTheKnownBoxes) {
  const DataCheck check = check_dataset(dataset_);
  EXPECT_EQ(check.boxes, 984U);
  EXPECT_EQ(check.boxed.images, 880U);
  EXPECT_EQ(check.boxed.patients, 726U);
  EXPECT_EQ(check.boxes_without_label, 0U);
  const std::vector<std::size_t> counts{180, 146, 153, 123, 85, 79, 120, 98};
  const std::vector<double> median_percent{1.9, 17.1, 5.6, 5.7, 1.5, 0.46, 5.7, 3.6};
  for (std::size_t f = 0; f < counts.size(); ++f) {
    EXPECT_EQ(check.findings[f].boxes, counts[f]);
    // The table gives one decimal, and two for nodules.
    EXPECT_NEAR(100.0 * check.findings[f].median_box_share.value_or(0.0), median_percent[f],
                f == 5 ? 0.005 : 0.05);
  }
  for (std::size_t f = counts.size(); f < 14; ++f) EXPECT_EQ(check.findings[f].boxes, 0U);
}

TEST_F(WholeTables, BoxedImagesAreAllInTheTestList) {
  const std::set<std::size_t> test(dataset_.test.begin(), dataset_.test.end());
  for (std::size_t i = 0; i < dataset_.records.size(); ++i)
    if (!dataset_.records[i].boxes.empty()) {
      EXPECT_TRUE(test.contains(i));
    }
}

TEST_F(WholeTables, SplitByPatientAtFullSize) {
  const Split split = split_by_patient(dataset_, dataset_.train_val, 0.1, 1);
  EXPECT_EQ(split.train.size() + split.valid.size(), 86524U);
  EXPECT_EQ(count_patients(dataset_, split.valid), 2801U);  // round(0.1 x 28008)
  EXPECT_NO_THROW(check_patients_apart(dataset_, split.train, split.valid, {"train", "valid"}));
}

}  // namespace
}  // namespace chestmap
