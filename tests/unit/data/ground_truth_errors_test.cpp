#include <gtest/gtest.h>

#include "data/readers.h"
#include "mini_folder.h"

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;

/// A copy of one of the examples with one mistake.
struct Mistake {
  std::string example, file, from, to, message;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.message; }

class GroundTruthMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(GroundTruthMistakes, AreNamedWithTheirPlace) {
  const Mistake& mistake = GetParam();
  const MiniFolder folder("");
  std::filesystem::copy(std::filesystem::path(CHESTMAP_EXAMPLES) / mistake.example, folder.path(),
                        std::filesystem::copy_options::recursive);
  folder.edit(mistake.file, mistake.from, mistake.to);
  const std::string error = user_error(folder, [&] { (void)read_dataset(folder.path()); });
  EXPECT_EQ(error.substr(0, mistake.message.size()), mistake.message) << error;
}

constexpr const char* kSegmentations = "gt_segmentations_example.json";
constexpr const char* kPolygons = "gt_annotations_example.json";
constexpr const char* kCoco = "instances_example.json";

INSTANTIATE_TEST_SUITE_P(
    Csv, GroundTruthMistakes,
    ::testing::Values(
        Mistake{"csv", "boxes.csv", "310,430", "left,430",
                "boxes.csv:3: column \"x\": \"left\" is no finite number"},
        Mistake{"csv", "boxes.csv", "310,430", "nan,430",
                "boxes.csv:3: column \"x\": \"nan\" is no finite number"},
        Mistake{"csv", "boxes.csv", "150,200,60,70", "150,200,-60,70",
                "boxes.csv:4: the box x=150 y=200 width=-60 height=70 has a side below 0"},
        Mistake{"csv", "boxes.csv", "150,200,60,70", "150,200,60,0",
                "boxes.csv:4: the box has no area"},
        Mistake{"csv", "boxes.csv", "150,200,60,70", "1e300,200,60,70",
                "boxes.csv:4: the box from (1e+300, 200) to (1e+300, 270) is outside of every"},
        Mistake{"csv", "boxes.csv", "150,200,60,70", "150,2000,60,70",
                "the box x=150 y=2000 w=60 h=70 of image a_002.png leaves its frame of 1024x1024 "
                "pixels"},
        Mistake{"csv", "boxes.csv", "Nodule", "Nodul",
                "boxes.csv:4: column \"finding\": \"Nodul\" is no finding of the table of labels"},
        Mistake{"csv", "boxes.csv", "a_001.png", "z.png",
                "boxes.csv:2: column \"image\": the table of labels does not hold z.png"},
        Mistake{"csv", "boxes.csv", ",480,380", ",480",
                "boxes.csv:2: the row has 5 fields, the header 6 | is the file cut short?"},
        Mistake{"csv", "boxes.csv", ",480,380", ",480,380,1",
                "boxes.csv:2: the row has 7 fields, the header 6 | is there a comma too many"},
        Mistake{"csv", "labels.csv", "1,0,0", "2,0,0",
                "labels.csv:2: column \"Cardiomegaly\": the label 2 is none of 1, 0 and -1"},
        Mistake{"csv", "labels.csv", "a_002.png", "a_001.png",
                "labels.csv:3: column \"image\": the image a_001.png is there a second time; its "
                "first row is 2"},
        Mistake{"csv", "labels.csv", "2048,2500", "2048,99999",
                "labels.csv:4: column \"image_height\": 99999 is no image side"},
        Mistake{"csv", "labels.csv", "Nodule", "cardiomegaly",
                "labels.csv:1: the column \"cardiomegaly\" is there a second time"},
        Mistake{"csv", "labels.csv", "image,", "picture,",
                "labels.csv:1: the column \"image\" is missing"}));

INSTANTIATE_TEST_SUITE_P(
    Vindr, GroundTruthMistakes,
    ::testing::Values(
        Mistake{"vindr", "annotations_train.csv", "1800,1500", "500,1500",
                "annotations_train.csv:2: the box from (600, 900) to (500, 1500) has no area"},
        Mistake{"vindr", "annotations_train.csv", "1800,1500", "1e9,1500",
                "annotations_train.csv:2: column \"x_max\": 1000000000 is outside of every image"},
        Mistake{"vindr", "annotations_train.csv", "1800,1500", "1800,",
                "annotations_train.csv:2: column \"y_max\": \"\" is no finite number"},
        Mistake{"vindr", "annotations_train.csv", "R9", "",
                "annotations_train.csv:3: column \"rad_id\": the cell is empty"},
        Mistake{"vindr", "annotations_train.csv", "y_max", "y_end",
                "annotations_train.csv:1: the column \"y_max\" is missing"},
        Mistake{"vindr", "annotations_test.csv", "0b9d6a22", "0005e8e3",
                "annotations_test.csv:2: the image 0005e8e3 stands in the tables of both parts"},
        Mistake{"vindr", "image_labels_train.csv", "1,0,1,0", "1,0.5,1,0",
                "image_labels_train.csv:2: column \"Nodule/Mass\": the label 0.5 is neither 0"},
        Mistake{"vindr", "image_sizes.csv", "2430,2880", "1000,2880",
                "the box x=630 y=915 w=1200 h=600 of image 0005e8e3 leaves its frame"},
        Mistake{
            "vindr-kaggle", "train.csv", "Cardiomegaly,3,R8", "Cardiomegaly,4,R8",
            "train.csv:4: column \"class_id\": the class Cardiomegaly has number 4 here and 3"}));

INSTANTIATE_TEST_SUITE_P(
    Rsna, GroundTruthMistakes,
    ::testing::Values(
        Mistake{"rsna", "stage_2_train_labels.csv", ",,,,0", ",,,,2",
                "stage_2_train_labels.csv:2: column \"Target\": 2 is neither 0 nor 1"},
        Mistake{"rsna", "stage_2_train_labels.csv", ",,,,0", ",1,,,0",
                "stage_2_train_labels.csv:2: column \"y\": a box stands in a row with Target 0"},
        Mistake{"rsna", "stage_2_train_labels.csv", "264.0,152.0,213.0,379.0,1", ",,,,0",
                "stage_2_train_labels.csv:4: column \"Target\": "
                "00436515-870c-4b36-a041-de91049b9ab4 has rows with Target 0 and with Target 1"},
        Mistake{"rsna", "stage_2_train_labels.csv", "256.0,453.0", "956.0,453.0",
                "stage_2_train_labels.csv:4: the box x=562 y=152 width=956 height=453 has no area "
                "or leaves the 1024x1024 frame"},
        Mistake{"rsna", "stage_2_detailed_class_info.csv", "No Lung Opacity / Not Normal",
                "Lung Opacity",
                "stage_2_detailed_class_info.csv:2: column \"class\": "
                "0004cfab-14fd-4e49-80ba-63a80b6bddd6 is \"Lung Opacity\" here"}));

INSTANTIATE_TEST_SUITE_P(
    Chexlocalize, GroundTruthMistakes,
    ::testing::Values(
        Mistake{"chexlocalize", kSegmentations, "P[2", "P[1",
                "gt_segmentations_example.json: $.patient64541_study1_view1_frontal.Cardiomegaly."
                "counts: "},
        Mistake{"chexlocalize", kSegmentations, "40", "41",
                "gt_segmentations_example.json: $.patient64541_study1_view1_frontal.Airspace "
                "Opacity.counts: "},
        Mistake{"chexlocalize", kSegmentations, "\"counts\"", "\"count\"",
                "gt_segmentations_example.json: $.patient64541_study1_view1_frontal.Airspace "
                "Opacity: the member \"counts\" is missing"},
        Mistake{"chexlocalize", kSegmentations, "}", "", "gt_segmentations_example.json:"},
        Mistake{"chexlocalize-polygons", kPolygons, "[10.0, 5.0]", "[10.0]",
                "gt_annotations_example.json: $.patient64541_study1_view1_frontal.Airspace "
                "Opacity[0][0]: a corner is [x, y]"},
        Mistake{"chexlocalize-polygons", kPolygons, "[10.0, 5.0]", "[1e30, 5.0]",
                "gt_annotations_example.json: $.patient64541_study1_view1_frontal.Airspace "
                "Opacity[0][0][0]: the corner's coordinate 1e+30 is far outside"},
        Mistake{"chexlocalize-polygons", kPolygons, "[40, 60]", "[40, 60000]",
                "gt_annotations_example.json: $.patient64541_study1_view1_frontal.img_size[1]: "
                "60000; a whole number from 1 to 16384 was expected"}));

INSTANTIATE_TEST_SUITE_P(
    Coco, GroundTruthMistakes,
    ::testing::Values(
        Mistake{"coco", kCoco, "\"image_id\": 7", "\"image_id\": 8",
                "instances_example.json: $.annotations[0].image_id: $.images does not hold 8"},
        Mistake{"coco", kCoco, "\"category_id\": 3", "\"category_id\": 4",
                "instances_example.json: $.annotations[0].category_id: $.categories does not hold "
                "4"},
        Mistake{"coco", kCoco, "\"id\": 9", "\"id\": 7",
                "instances_example.json: $.images[1].id: the id 7 is there a second time"},
        Mistake{"coco", kCoco, "\"Effusion\"", "\"Nodule\"",
                "instances_example.json: $.categories[1]: the category \"Nodule\" is there a "
                "second time"},
        Mistake{"coco", kCoco, "\"width\": 60", "\"width\": 20",
                "instances_example.json: $.annotations[0].bbox: the box x=10 y=5 width=20 "
                "height=15 has no area or leaves the 20x40 image"},
        Mistake{"coco", kCoco, "\"width\": 60", "\"width\": \"60\"",
                "instances_example.json: $.images[0].width: a text; a number was expected"},
        Mistake{"coco", kCoco, "\"annotations\"", "\"annotation\"",
                "instances_example.json: $: the member \"annotations\" is missing"}));

TEST(GroundTruthErrors, SeveralFilesAskForOne) {
  const MiniFolder folder("");
  folder.write("gt_segmentations_val.json", "{}");
  folder.write("gt_segmentations_test.json", "{}");
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder.path()); })
                .substr(folder.path().string().size()),
            " holds several files of segmentations: gt_segmentations_test.json, "
            "gt_segmentations_val.json | name the file instead of the folder");
}

TEST(GroundTruthErrors, AForeignFileIsToldFromEveryKind) {
  const MiniFolder folder("");
  folder.write("notes.txt", "hello");
  const std::string error = user_error(folder, [&] { (void)read_dataset(folder / "notes.txt"); });
  EXPECT_NE(error.find("notes.txt is a file, but no table"), std::string::npos) << error;
  EXPECT_NE(error.find("stage_2_train_labels.csv"), std::string::npos) << error;
}

}  // namespace
}  // namespace chestmap
