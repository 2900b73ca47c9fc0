#include "predictions/read_predictions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/readers.h"
#include "predictions/coco_results.h"
#include "predictions/load_map.h"
#include "predictions/map_folder.h"
#include "unit/data/mini_folder.h"

// The example files that docs/formats.md shows, over the example data set docs/examples/csv, and
// what may go wrong with them.

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;

const std::filesystem::path kExamples = CHESTMAP_EXAMPLES;

const Dataset& example_data() {
  static const Dataset dataset = read_dataset(kExamples / "csv");
  return dataset;
}

PredictionSet example(const std::string& name) {
  return read_predictions(kExamples / "predictions" / name, example_data());
}

/// "RECORD FINDING" of each item.
std::vector<std::string> pairs_of(const PredictionSet& set) {
  std::vector<std::string> pairs;
  for (const ImagePrediction& item : set.items)
    pairs.push_back(example_data().records[item.record].image + " " + set.findings[item.finding]);
  return pairs;
}

using Names = std::vector<std::string>;

TEST(ReadPredictions, CocoResultsByNameAndByNumber) {
  const PredictionSet set = example("coco_results.json");
  EXPECT_EQ(set.format, "coco-results");
  EXPECT_EQ(set.name, "coco_results.json");
  EXPECT_EQ(set.findings.names(), (Names{"Cardiomegaly", "Nodule"}));
  EXPECT_EQ(pairs_of(set),
            (Names{"a_001.png Cardiomegaly", "a_002.png Cardiomegaly", "a_002.png Nodule"}));
  ASSERT_EQ(set.items[1].boxes.size(), 1U);
  EXPECT_EQ(set.items[1].boxes[0].box, (Box{320.5, 440, 450, 350}));
  EXPECT_EQ(set.items[1].boxes[0].score, 0.64);
  EXPECT_FALSE(set.items[1].probability.has_value());
  EXPECT_TRUE(set.skipped.empty());
}

TEST(ReadPredictions, ATableOfBoxesSaysTheSame) {
  const PredictionSet set = example("boxes.csv");
  const PredictionSet coco = example("coco_results.json");
  EXPECT_EQ(set.format, "box-csv");
  ASSERT_EQ(set.items.size(), 4U);  // and the row without a box
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(set.items[i].record, coco.items[i].record);
    EXPECT_EQ(set.items[i].boxes[0].box, coco.items[i].boxes[0].box);
    EXPECT_EQ(set.items[i].boxes[0].score, coco.items[i].boxes[0].score);
  }
  EXPECT_TRUE(set.items[3].boxes.empty());
}

TEST(ReadPredictions, Probabilities) {
  const PredictionSet set = example("probabilities.csv");
  EXPECT_EQ(set.format, "probability-csv");
  EXPECT_EQ(set.findings.names(), (Names{"Cardiomegaly", "Nodule", "Effusion"}));
  ASSERT_EQ(set.items.size(), 9U);
  EXPECT_EQ(set.items[4].record, 1U);
  EXPECT_EQ(set.items[4].finding, 1U);
  EXPECT_EQ(set.items[4].probability, 0.40);
  EXPECT_TRUE(set.skipped.empty());
}

TEST(ReadPredictions, MasksOfAnotherSizeComeToTheFrame) {
  const PredictionSet set = example("rle_masks.json");
  EXPECT_EQ(set.format, "rle-masks");
  EXPECT_EQ(pairs_of(set),
            (Names{"a_001.png Cardiomegaly", "a_001.png Nodule", "a_002.png Nodule"}));
  // 64 x 64 over 1024 x 1024: every pixel becomes 16 x 16.
  ASSERT_EQ(set.items[0].masks.size(), 1U);
  EXPECT_EQ(set.items[0].masks[0].mask.bounding_box(), (Box{18 * 16, 26 * 16, 31 * 16, 25 * 16}));
  EXPECT_EQ(set.items[0].masks[0].score, 1.0);
  EXPECT_TRUE(set.items[1].masks.empty());  // an empty mask: nothing detected
  EXPECT_EQ(set.items[2].masks[0].score, 0.4);
}

TEST(ReadPredictions, AFolderOfMapsNamesItsFilesWithoutReadingThem) {
  const PredictionSet set = example("maps");
  EXPECT_EQ(set.format, "maps");
  EXPECT_EQ(pairs_of(set), (Names{"a_001.png Cardiomegaly", "a_002.png Cardiomegaly"}));
  EXPECT_EQ(set.items[0].map, kExamples / "predictions/maps/a_001.Cardiomegaly.npy");
  const ImageF map = load_map(set.items[0].map);
  EXPECT_EQ(map.width(), 8U);
  // exp(-((4 - 4.5)^2 + (4 - 4.5)^2) / 6) = exp(-1 / 12), in float.
  EXPECT_FLOAT_EQ(map.at(4, 4), std::exp(-1.0F / 12.0F));
}

TEST(ReadPredictions, RowsThatTheDataSetLacksAreSetAside) {
  const MiniFolder folder("");
  folder.write("p.csv",
               "image,finding,x1,y1,x2,y2,confidence\n"
               "a_001,Nodule,1,2,11,22,0.5\n"
               "z_009,Nodule,1,2,11,22,0.5\n"
               "a_001,Mass,1,2,11,22,0.5\n"
               "a_001,Nodule,5,5,5,9,0.5\n"
               "a_001,Nodule,3,2,11,22,0.75\n");
  const PredictionSet set = read_predictions(folder / "p.csv", example_data());
  ASSERT_EQ(set.items.size(), 1U);
  ASSERT_EQ(set.items[0].boxes.size(), 2U);
  EXPECT_EQ(set.items[0].boxes[0].score, 0.75);  // highest first
  EXPECT_EQ(set.items[0].boxes[1].box, (Box{1, 2, 10, 20}));
  ASSERT_EQ(set.skipped.size(), 3U);
  EXPECT_EQ(set.skipped[0].item, "row 3");
  EXPECT_EQ(set.skipped[0].reason, "the image is not in the data set");
  EXPECT_EQ(set.skipped[1].reason, "the data set has no finding \"Mass\"");
  EXPECT_EQ(set.skipped[2].reason, "the box has no area");
}

TEST(ReadPredictions, CocosOwnNumbersLeadToItsImagesAndCategories) {
  const Dataset coco = read_dataset(kExamples / "coco");
  const PredictionSet set = parse_coco_results(
      R"([{"image_id":9,"category_id":11,"bbox":[1,2,3,4],"score":0.5},
          {"image_id":9,"category_id":1,"bbox":[1,2,3,4],"score":0.5},
          {"image_id":1,"category_id":11,"bbox":[1,2,3,4],"score":0.5}])",
      "r.json", coco);
  ASSERT_EQ(set.items.size(), 1U);
  EXPECT_EQ(set.items[0].record, 1U);
  EXPECT_EQ(set.findings[set.items[0].finding], "Effusion");
  ASSERT_EQ(set.skipped.size(), 2U);
  EXPECT_EQ(set.skipped[0].item, "$[1]");
  EXPECT_EQ(set.skipped[0].reason, "the data set has no category 1");
}

TEST(ReadPredictions, ALongTableOfProbabilities) {
  const MiniFolder folder("");
  folder.write("p.csv", "image,finding,probability\na_001,nodule,0.25\nb_001,Nodule,1\n");
  const PredictionSet set = read_predictions(folder / "p.csv", example_data());
  ASSERT_EQ(set.items.size(), 2U);
  EXPECT_EQ(set.items[1].record, 2U);
  EXPECT_EQ(set.items[1].probability, 1.0);
}

TEST(ReadPredictions, ASubmissionToVinbigdata) {
  const PredictionSet set = read_predictions(kExamples / "predictions/vinbigdata_submission.csv",
                                             read_dataset(kExamples / "vindr-kaggle"));
  EXPECT_EQ(set.format, "submission-csv");
  EXPECT_EQ(set.findings.names(), (Names{"Cardiomegaly", "Nodule/Mass"}));
  ASSERT_EQ(set.items.size(), 2U);
  EXPECT_EQ(set.items[0].boxes[0].box, (Box{700, 1370, 950, 465}));
  EXPECT_EQ(set.items[0].boxes[0].score, 0.91);
  ASSERT_EQ(set.skipped.size(), 1U);
  EXPECT_EQ(set.skipped[0].reason, "the data set has no category 14");
}

TEST(ReadPredictions, ASubmissionToRsna) {
  const PredictionSet set = read_predictions(kExamples / "predictions/rsna_submission.csv",
                                             read_dataset(kExamples / "rsna"));
  ASSERT_EQ(set.items.size(), 2U);
  EXPECT_TRUE(set.items[0].boxes.empty());
  ASSERT_EQ(set.items[1].boxes.size(), 2U);
  EXPECT_EQ(set.items[1].boxes[1].box, (Box{562, 152, 256, 453}));
}

TEST(ReadPredictions, NoDetectionAtAllIsAnAnswer) {
  const PredictionSet set = parse_coco_results(" [ ] ", "r.json", example_data());
  EXPECT_TRUE(set.items.empty());
  EXPECT_TRUE(set.skipped.empty());
}

TEST(MapNames, AreSplitAtPointsAndUnderscores) {
  const auto texts = [](std::string_view name) {
    Names splits;
    for (const MapName& split : possible_map_names(name))
      splits.push_back(split.image + "|" + split.finding);
    return splits;
  };
  EXPECT_EQ(texts("a_1.Mass"), (Names{"a_1|Mass", "a|1.Mass"}));
  EXPECT_EQ(texts("a_Lung Lesion_map"),
            (Names{"a|Lung Lesion_map", "a_Lung Lesion|map", "a|Lung Lesion"}));
  EXPECT_TRUE(possible_map_names("plain").empty());
}

TEST(MapFolder, CheXlocalizesNamesAreUnderstood) {
  const MiniFolder folder("");
  const Dataset data = read_dataset(kExamples / "chexlocalize");
  folder.write("patient64541_study1_view1_frontal_Pleural Effusion_map.npy", "");
  folder.write("patient64541_study1_view1_frontal_Pneumothorax_map.npy", "");
  folder.write("patient9_study1_view1_frontal_Cardiomegaly.npy", "");
  folder.write("README.txt", "");
  const PredictionSet set = read_predictions(folder.path(), data);
  ASSERT_EQ(set.items.size(), 1U);
  EXPECT_EQ(set.findings.names(), Names{"Pleural Effusion"});
  ASSERT_EQ(set.skipped.size(), 2U);
  EXPECT_EQ(set.skipped[0].reason, "the name ends in no finding of the data set");
  EXPECT_EQ(set.skipped[1].reason, "the image is not in the data set");
}

TEST(MapFolder, ImagesOfOneNameInSeveralFoldersAreToldApart) {
  const MiniFolder folder("");
  Dataset data;
  data.findings = FindingList({"Mass"});
  for (const char* name : {"first/view1.png", "second/view1.png", "third/deeper/view2.png"}) {
    Record record;
    record.image = name;
    record.labels = {Label::positive};
    data.records.push_back(record);
  }
  folder.write("first/view1.Mass.npy", "");
  folder.write("second/view1.Mass.npy", "");
  folder.write("view2.Mass.npy", "");
  folder.write("view1.Mass.npy", "");  // of which of the two?
  const PredictionSet set = read_predictions(folder.path(), data);
  ASSERT_EQ(set.items.size(), 3U);
  for (const auto& item : set.items)
    EXPECT_EQ(item.map.parent_path().filename() == "second", item.record == 1);
  ASSERT_EQ(set.skipped.size(), 1U);
  EXPECT_EQ(set.skipped[0].item, "view1.Mass.npy");
}

/// What is written to a file of a name, and how the error begins.
struct Wrong {
  std::string name, content, message;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.message; }

class WrongPredictions : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongPredictions, AreNamedWithTheirPlace) {
  const Wrong& wrong = GetParam();
  const MiniFolder folder("");
  folder.write(wrong.name, wrong.content);
  const std::string error =
      user_error(folder, [&] { (void)read_predictions(folder / wrong.name, example_data()); });
  EXPECT_EQ(error.substr(0, wrong.message.size()), wrong.message) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Json, WrongPredictions,
    ::testing::Values(
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,"bbox":[1,2,3],"score":1}])",
              "r.json: $[0].bbox: 3 numbers; [x, y, width, height] was expected"},
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,"bbox":[1,2,3,"4"],"score":1}])",
              "r.json: $[0].bbox[3]: a text; a number was expected"},
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,"bbox":[9,9,-3,4],"score":1}])",
              "r.json: $[0].bbox: width -3 and height 4 must not be below 0"},
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,"bbox":[1,2,3,4]}])",
              "r.json: $[0]: the member \"score\" is missing"},
        Wrong{"r.json",
              "[{\"image_id\":\"a_001\",\"category_id\":1,\"bbox\":[1,2,3,4],\"score\":NaN}]",
              "r.json:1:63: this is no JSON"},
        Wrong{"r.json",
              "[\n{\"image_id\":\"a_001\",\"category_id\":1,\n\"bbox\":[1,2,3,4],\"score\":1e999}]",
              "r.json:"},
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,"score":1}])",
              "r.json: $[0]: neither bbox nor segmentation is there"},
        Wrong{"r.json", R"([{"image_id":1.5,"category_id":1,"bbox":[1,2,3,4],"score":1}])",
              "r.json: $[0].image_id: 1.5; a whole number"},
        Wrong{"r.json", "[3]", "r.json: $[0]: a number; an object was expected"},
        Wrong{"r.json", R"([{"image_id":"a_001","category_id":1,)", "r.json:1:38: this is no JSON"},
        Wrong{
            "r.json",
            R"([{"image_id":"a_001","category_id":1,"score":1,"segmentation":{"size":[4,4],"counts":"05"}}])",
            "r.json: $[0].segmentation.counts: "},
        Wrong{"r.json", R"([{"image_id":"q","category_id":1,"bbox":[1,2,3,4],"score":1}])",
              "r.json: nothing of it belongs to the data set: $[0]: the image is not in the data "
              "set | the data set (csv) has 3 images, e.g. \"a_001.png\", and the findings "
              "Cardiomegaly, Nodule, Effusion"},
        Wrong{"m.json", R"({"a_001":{"Nodule":[1]}})",
              "m.json: $.a_001.Nodule: an array; an object was expected"},
        Wrong{"m.json", R"({"a_001":{"Nodule":{"size":[0,4],"counts":""}}})",
              "m.json: $.a_001.Nodule.size[0]: 0; a whole number from 1 to 16384 was expected"},
        Wrong{"m.json", R"({"a_001":{"Nodule":{"size":[2,2],"counts":[1,5]}}})",
              "m.json: $.a_001.Nodule.counts"},
        Wrong{
            "m.json",
            R"({"a_001":{"Nodule":{"size":[1,1],"counts":[1]},"nodule":{"size":[1,1],"counts":[1]}}})",
            "m.json: $.a_001.nodule: the image and finding have a mask already"}));

INSTANTIATE_TEST_SUITE_P(
    Csv, WrongPredictions,
    ::testing::Values(
        Wrong{"b.csv", "image,finding,x,y,width,height\na_001,Nodule,1,2,3,4\n",
              "b.csv:1: the column \"score\" or \"confidence\" or \"conf\" or \"probability\" or "
              "\"prob\" is missing"},
        Wrong{"b.csv", "image,finding,x,y,width,height,score\na_001,Nodule,1,2,3,4,nan\n",
              "b.csv:2: column \"score\": \"nan\" is no finite number"},
        Wrong{"b.csv", "image,finding,x,y,width,height,score\na_001,Nodule,1,2,3,inf,1\n",
              "b.csv:2: column \"height\": \"inf\" is no finite number"},
        Wrong{"b.csv", "image,x,y,width,height,score\na_001,1,2,3,4,1\n",
              "b.csv:1: the column \"finding\" is missing"},
        Wrong{"b.csv", "image,finding,x,y,width,height,score\n,Nodule,1,2,3,4,1\n",
              "b.csv:2: column \"image\": the cell is empty"},
        Wrong{
            "p.csv", "image,Nodule\na_001,0.5\na_001.png,0.5\n",
            "p.csv:3: column \"Nodule\": the image a_001.png has a probability of Nodule already"},
        Wrong{"p.csv", "image,Nodule\na_001,nan\n",
              "p.csv:2: column \"Nodule\": \"nan\" is no finite number"},
        Wrong{"p.csv", "image,Nodule\na_001,\n",
              "p.csv:2: column \"Nodule\": \"\" is no finite number"},
        Wrong{"p.csv", "image,Nodule\na_001,1.5\n",
              "p.csv:2: column \"Nodule\": 1.5 is no probability in [0, 1] | logits are turned"},
        Wrong{"p.csv", "image,Nodule,nodule\na_001,0.5,0.5\n",
              "p.csv:1: the columns \"Nodule\" and \"nodule\" are the same finding"},
        Wrong{"p.csv", "image,Mass\na_001,0.5\n",
              "p.csv: nothing of it belongs to the data set: column \"Mass\": the data set has no "
              "finding \"Mass\""},
        Wrong{"p.txt", "hello", "p.txt holds no predictions of a known format; looked for: maps"},
        Wrong{"maps/a_001_Nodule_map.pkl", "x",
              "maps/a_001_Nodule_map.pkl is a pickle: reading it can run any program"}));

TEST(WrongPredictions, AFolderWithPicklesIsRefusedAsAWhole) {
  const MiniFolder folder("");
  folder.write("maps/a_001_Nodule.npy", "");
  folder.write("maps/a_001_Nodule_map.pkl", "");
  const std::string error =
      user_error(folder, [&] { (void)read_predictions(folder / "maps", example_data()); });
  EXPECT_NE(error.find("is a pickle"), std::string::npos) << error;
  EXPECT_NE(error.find("numpy.save"), std::string::npos) << error;
}

TEST(WrongPredictions, TwoMapsOfAPairAndNone) {
  const MiniFolder folder("");
  folder.write("maps/a_001.Nodule.npy", "");
  folder.write("maps/a_001_nodule.npy", "");
  EXPECT_NE(user_error(folder, [&] { (void)read_predictions(folder / "maps", example_data()); })
                .find("are maps of the same image and finding"),
            std::string::npos);
  folder.write("none/readme.txt", "");
  EXPECT_EQ(user_error(folder, [&] { (void)read_predictions(folder / "none", example_data()); }),
            "none holds no map (.png or .npy) | maps are named IMAGE.FINDING.png, "
            "IMAGE.FINDING.npy or IMAGE_FINDING.npy");
  EXPECT_EQ(user_error(folder, [&] { (void)read_predictions(folder / "gone", example_data()); }),
            "the predictions gone do not exist | name a file or a folder of maps");
}

}  // namespace
}  // namespace chestmap
