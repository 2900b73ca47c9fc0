#include <gtest/gtest.h>

#include "data/combine.h"
#include "data/readers.h"
#include "data/split.h"
#include "data/table_file.h"
#include "data/uncertain.h"
#include "mini_folder.h"

// Example files that docs/formats.md shows, and data sets joined.

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;
using Labels = std::vector<Label>;
using Places = std::vector<std::size_t>;
constexpr Label kNo = Label::negative;
constexpr Label kYes = Label::positive;
constexpr Label kUnknown = Label::unknown;

std::filesystem::path example(const std::string& name) {
  return std::filesystem::path(CHESTMAP_EXAMPLES) / name;
}

std::size_t place_of(const Dataset& dataset, const std::string& finding) {
  return dataset.findings.find(finding).value();
}

TEST(CheXpert, FrontalImagesWithTheirUncertainLabels) {
  const Dataset dataset = read_dataset(example("chexpert"));
  EXPECT_EQ(dataset.name, "chexpert");
  EXPECT_EQ(dataset.findings.size(), 13U);
  ASSERT_EQ(dataset.records.size(), 3U);
  const Record& second = dataset.records[1];
  EXPECT_EQ(second.image, "patient00002_study2_view1_frontal.jpg");
  EXPECT_EQ(second.patient, "patient00002");
  EXPECT_EQ(second.sex, Sex::male);
  EXPECT_EQ(second.age_years, 87.0);
  EXPECT_EQ(second.view, ViewPosition::pa);
  EXPECT_EQ(second.labels, (Labels{kNo, kUnknown, kYes, kNo, kUnknown, kUnknown, kNo, kUnknown, kNo,
                                   kUnknown, kNo, kYes, kNo}));
  EXPECT_EQ(second.uncertain, (Places{1, 4, 5, 7, 9}));
  EXPECT_EQ(dataset.train_val, (Places{0, 1}));
  EXPECT_EQ(dataset.test, (Places{2}));
  ASSERT_EQ(dataset.skipped.size(), 1U);
  EXPECT_EQ(dataset.skipped[0].item, "patient00002_study2_view2_lateral.jpg");
  EXPECT_EQ(dataset.skipped[0].reason, "a lateral view");
}

TEST(CheXpert, ImagesLieWhereThePathsSay) {
  const MiniFolder folder("");
  std::filesystem::copy(example("chexpert"), folder.path());
  folder.image("train/patient00001/study1/view1_frontal.jpg");
  folder.image("valid/patient64541/study1/view1_frontal.jpg", 100, 20, 10);
  const Dataset dataset = read_dataset(folder.path());
  ASSERT_EQ(dataset.records.size(), 2U);
  EXPECT_EQ(dataset.records[0].file, folder / "train/patient00001/study1/view1_frontal.jpg");
  EXPECT_EQ(dataset.records[1].frame, (ImageSize{20, 10}));
  EXPECT_FALSE(dataset.records[1].frame_is_assumed);
}

TEST(CheXpert, ATestTableMakesTheTestList) {
  const MiniFolder folder("");
  std::filesystem::copy(example("chexpert"), folder.path());
  std::string table = folder.read("valid.csv");
  table.replace(table.find("valid/patient64541"), 18, "test/patient64741");
  folder.write("test.csv", table);
  const Dataset dataset = read_dataset(folder.path());
  ASSERT_EQ(dataset.test.size(), 1U);
  EXPECT_EQ(dataset.records[dataset.test[0]].patient, "patient64741");
  EXPECT_EQ(dataset.train_val, (Places{0, 1}));
}

TEST(CheXpert, AnImageWhoseNameNoFileCanHaveIsNotThere) {
  const MiniFolder folder("");
  std::filesystem::copy(example("chexpert"), folder.path());
  folder.edit("valid.csv", "view1_frontal", std::string(5000, 'x'));
  const Dataset dataset = read_dataset(folder.path());
  for (const Record& record : dataset.records) EXPECT_TRUE(record.file.empty());
}

TEST(CheXpert, ErrorsNameRowAndColumn) {
  const MiniFolder folder("");
  std::filesystem::copy(example("chexpert"), folder.path());
  folder.edit("train.csv", ",1.0,,,,,,,,,0.0", ",1.0,2.0,,,,,,,,0.0");
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder.path()); }),
            "train.csv:2: column \"Enlarged Cardiomediastinum\": the label 2 is none of 1, 0, -1 "
            "(uncertain) and nothing | ");
  folder.edit("train.csv", "2.0,", ",");
  folder.edit("train.csv", "CheXpert-v1.0-small/train/patient00001/study1/", "");
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder.path()); }),
            "train.csv:2: column \"Path\": \"view1_frontal.jpg\" is no path of an image | "
            "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg was expected");
}

TEST(Uncertain, IsDecidedByFinding) {
  const Dataset dataset = read_dataset(example("chexpert"));
  const auto labels = [&](const std::vector<std::string>& policy) {
    return with_uncertain_labels(dataset, policy).records[1].labels;
  };
  EXPECT_EQ(labels({"ignore"}), dataset.records[1].labels);
  const Labels ones = labels({"ones"});
  const Labels mixed = labels({"zeros", "edema=ones", "Pleural_Effusion = ignore", "Hernia=ones"});
  for (const std::size_t finding : dataset.records[1].uncertain) {
    const std::string& name = dataset.findings[finding];
    EXPECT_EQ(ones[finding], kYes) << name;
    EXPECT_EQ(mixed[finding], name == "Edema"              ? kYes
                              : name == "Pleural Effusion" ? kUnknown
                                                           : kNo)
        << name;
  }
  EXPECT_EQ(ones[0], kNo);
  const MiniFolder folder("");
  EXPECT_EQ(user_error(folder, [&] { (void)labels({"Edema=one"}); }),
            "data.uncertain: \"Edema=one\" is no rule for uncertain labels | for example "
            "[\"ignore\", \"Atelectasis=ones\", \"Edema=zeros\"]");
  EXPECT_NE(user_error(folder,
                       [&] {
                         (void)labels({"Edema=ones", "edema=zeros"});
                       })
                .find("edema is there a second time"),
            std::string::npos);
}

TEST(MimicCxr, JoinsLabelsOfStudiesWithFrontalImages) {
  const Dataset dataset = read_dataset(example("mimic-cxr"));
  EXPECT_EQ(dataset.name, "mimic-cxr");
  ASSERT_EQ(dataset.records.size(), 2U);
  const Record& second = dataset.records[1];
  EXPECT_EQ(second.image, "2a2277a9-b0ded155.jpg");
  EXPECT_EQ(second.patient, "10000002");
  EXPECT_EQ(second.view, ViewPosition::ap);
  EXPECT_EQ(second.frame, (ImageSize{3056, 2544}));
  EXPECT_EQ(second.labels[place_of(dataset, "Pleural Effusion")], kYes);
  EXPECT_EQ(second.labels[place_of(dataset, "Edema")], kNo);
  EXPECT_EQ(second.uncertain,
            (Places{place_of(dataset, "Cardiomegaly"), place_of(dataset, "Pneumonia")}));
  EXPECT_EQ(dataset.train_val, (Places{0}));
  EXPECT_EQ(dataset.test, (Places{1}));
  ASSERT_EQ(dataset.skipped.size(), 1U);
  EXPECT_EQ(dataset.skipped[0].reason, "a view that is neither PA nor AP");
}

TEST(MimicCxr, ImagesLieByPatientAndStudyAndLabelsMayBeNegbios) {
  const MiniFolder folder("");
  std::filesystem::copy(example("mimic-cxr"), folder.path());
  std::filesystem::rename(folder / "mimic-cxr-2.0.0-chexpert.csv",
                          folder / "mimic-cxr-2.0.0-negbio.csv");
  folder.image("files/p10/p10000002/s50000002/2a2277a9-b0ded155.jpg");
  const Dataset dataset = read_dataset(folder.path());
  ASSERT_EQ(dataset.records.size(), 1U);
  EXPECT_EQ(dataset.records[0].patient, "10000002");
  EXPECT_EQ(dataset.test, (Places{0}));
  std::filesystem::remove(folder / "mimic-cxr-2.0.0-metadata.csv");
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder.path()); }),
            "mimic-cxr-2.0.0-metadata.csv is missing | it is one of the data set's tables, and may "
            "be compressed (.csv.gz)");
}

// By name: what the files hold is not looked at before they are read.
TEST(DicomNames, AreFoundWhereTheDataSetsHaveThem) {
  const MiniFolder mimic("");
  std::filesystem::copy(example("mimic-cxr"), mimic.path());
  const std::string study = "files/p10/p10000002/s50000002/2a2277a9-b0ded155";
  mimic.image(study + ".dcm");
  EXPECT_EQ(read_dataset(mimic.path()).records.at(0).file, mimic / (study + ".dcm"));
  mimic.image(study + ".jpg");
  EXPECT_EQ(read_dataset(mimic.path()).records.at(0).file, mimic / (study + ".jpg"));

  const MiniFolder vindr("");
  std::filesystem::copy(example("vindr"), vindr.path());
  vindr.image("train/0005e8e3.dicom", 100, 4000, 4000);
  const Dataset boxed = read_dataset(vindr.path());
  ASSERT_EQ(boxed.records.size(), 1U);
  EXPECT_EQ(boxed.records[0].file, vindr / "train/0005e8e3.dicom");

  const MiniFolder rsna("");
  std::filesystem::copy(example("rsna"), rsna.path());
  rsna.image("stage_2_train_images/0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm");
  const Dataset pneumonia = read_dataset(rsna.path());
  ASSERT_EQ(pneumonia.records.size(), 1U);
  EXPECT_EQ(pneumonia.records[0].patient, "0004cfab-14fd-4e49-80ba-63a80b6bddd6");
}

/// `printf 'a,b\n1,2\n' | gzip -n`.
constexpr unsigned char kGzipTable[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
                                        0x4b, 0xd4, 0x49, 0xe2, 0x32, 0xd4, 0x31, 0xe2, 0x02, 0x00,
                                        0x7b, 0x07, 0x97, 0x0a, 0x08, 0x00, 0x00, 0x00};

TEST(TableFile, GzipIsReadAsItIs) {
  const MiniFolder folder("");
  const std::string packed(reinterpret_cast<const char*>(kGzipTable), sizeof(kGzipTable));
  folder.write("t.csv.gz", packed);
  EXPECT_EQ(find_table(folder.path(), "t.csv"), folder / "t.csv.gz");
  const CsvTable table = read_table(folder / "t.csv.gz");
  EXPECT_EQ(table.header, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].fields[1], "2");
  EXPECT_EQ(read_table_header(folder / "t.csv.gz"), table.header);
  folder.write("t.csv.gz", packed.substr(0, packed.size() - 9));
  EXPECT_EQ(user_error(folder, [&] { (void)read_table(folder / "t.csv.gz"); }),
            "cannot read t.csv.gz: truncated gzip input | was the download or the disk cut short?");
}

TEST(PadChest, LabelsThatMeanAFindingOfChestXray14) {
  const Dataset dataset = read_dataset(example("padchest"));
  EXPECT_EQ(dataset.name, "padchest");
  ASSERT_EQ(dataset.records.size(), 2U);
  const Record& first = dataset.records[0];
  EXPECT_EQ(first.patient, "839860488694292331637988235681460987");
  EXPECT_EQ(first.sex, Sex::female);
  EXPECT_EQ(first.age_years, 84.0);  // 2014 - 1930
  EXPECT_EQ(first.view, ViewPosition::pa);
  EXPECT_EQ(first.frame, (ImageSize{1900, 2000}));
  for (std::size_t f = 0; f < dataset.findings.size(); ++f)
    EXPECT_EQ(
        first.labels[f],
        dataset.findings[f] == "Cardiomegaly" || dataset.findings[f] == "Effusion" ? kYes : kNo);
  EXPECT_EQ(dataset.records[1].labels, Labels(14, kNo));
  EXPECT_EQ(dataset.records[1].view, ViewPosition::ap);
  ASSERT_EQ(dataset.skipped.size(), 2U);
  EXPECT_EQ(dataset.skipped[0].reason, "the projection \"L\" is neither PA nor AP");
  EXPECT_EQ(dataset.skipped[1].reason, "the data set labels it \"exclude\"");
}

TEST(PadChest, ImagesLieInNumberedFoldersAndErrorsNameTheCell) {
  const MiniFolder folder("");
  const std::string table = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";
  std::filesystem::copy(example("padchest"), folder.path());
  folder.image("1/113855343774216031107737439268243531979_3k951l.png");
  const Dataset dataset = read_dataset(folder.path());
  ASSERT_EQ(dataset.records.size(), 1U);
  EXPECT_EQ(dataset.records[0].labels, Labels(14, kNo));
  folder.edit(table, "\"['normal']\"", "normal");
  EXPECT_EQ(user_error(folder, [&] { (void)read_dataset(folder.path()); }),
            table +
                ":4: column \"Labels\": \"normal\" is no list of labels | ['pneumonia', "
                "'pleural effusion'] was expected");
}

TEST(ColumnMap, SaysWhatTheColumnsOfATableAre) {
  const Dataset dataset = read_dataset(example("csv-columns"));
  EXPECT_EQ(dataset.name, "csv");
  EXPECT_EQ(dataset.findings.names(), (std::vector<std::string>{"Effusion", "Cardiomegaly"}));
  ASSERT_EQ(dataset.records.size(), 3U);
  EXPECT_EQ(dataset.records[0].image, "a_001.png");
  EXPECT_EQ(dataset.records[0].patient, "a");
  EXPECT_EQ(dataset.records[0].labels, (Labels{kYes, kNo}));
  EXPECT_EQ(dataset.records[1].labels, (Labels{kUnknown, kUnknown}));
  EXPECT_EQ(dataset.records[1].uncertain, (Places{0}));
  EXPECT_EQ(dataset.train_val, (Places{0, 1}));
  EXPECT_EQ(dataset.test, (Places{2}));
}

TEST(ColumnMap, ATableWhoseNameNoFileCanHaveIsNotThere) {
  const MiniFolder folder("");
  folder.write("columns.toml",
               "table = \"" + std::string(5000, 'x') + "\"\nfindings = [\"Effusion=eff\"]\n");
  EXPECT_THROW((void)read_dataset(folder.path()), UserError);
}

TEST(ColumnMap, ErrorsNameFileRowColumnAndKey) {
  const MiniFolder folder("");
  std::filesystem::copy(example("csv-columns"), folder.path());
  const auto error = [&] { return user_error(folder, [&] { (void)read_dataset(folder.path()); }); };
  folder.edit("reads.csv", "maybe", "perhaps");
  EXPECT_EQ(
      error(),
      "reads.csv:3: column \"eff\": \"perhaps\" is none of the cells that columns.toml knows: "
      "yes; no; maybe | its keys positive, negative and uncertain list them");
  folder.edit("reads.csv", "perhaps", "maybe");
  folder.edit("reads.csv", "valid", "later");
  EXPECT_EQ(error(),
            "reads.csv:3: column \"split\": \"later\" is none of train, valid and test | ");
  folder.edit("reads.csv", "later", "valid");
  folder.edit("columns.toml", "=heart", "=hart");
  EXPECT_EQ(error(),
            "reads.csv:1: the column \"hart\" is missing | the header reads "
            "\"filename,pid,fold,eff,heart,remark\"");
  folder.edit("columns.toml", "Cardiomegaly=hart", "hart");
  EXPECT_EQ(
      error(),
      "columns.toml: findings: \"hart\" is not FINDING=COLUMN | for example \"Effusion=eff\"");
  folder.edit("columns.toml", "patient", "patience");
  EXPECT_NE(error().find("did you mean"), std::string::npos) << error();
  folder.edit("columns.toml", "patience", "patient");
  folder.edit("columns.toml", "reads.csv", "lost.csv");
  EXPECT_EQ(error(),
            "columns.toml: the table lost.csv is not there | the key table names a file beside "
            "columns.toml");
}

TEST(Combine, JoinsFindingsAndKeepsPatientsApart) {
  const std::vector<std::filesystem::path> paths = {example("padchest"), example("chexpert"),
                                                    example("csv"), example("csv-columns")};
  const Dataset all = read_datasets(paths);
  EXPECT_EQ(all.name, "padchest+chexpert+csv+csv-2");
  ASSERT_EQ(all.records.size(), 2U + 3U + 3U + 3U);
  // CheXpert's Pleural Effusion is PadChest's Effusion; what it has beside is added.
  EXPECT_FALSE(all.findings.find("Pleural Effusion"));
  EXPECT_EQ(all.findings.size(), 14U + 6U);
  const Record& chexpert = all.records[3];
  EXPECT_EQ(chexpert.image, "chexpert/patient00002_study2_view1_frontal.jpg");
  EXPECT_EQ(chexpert.patient, "chexpert/patient00002");
  EXPECT_EQ(chexpert.labels[place_of(all, "Lung Opacity")], kYes);
  EXPECT_EQ(chexpert.labels[place_of(all, "Effusion")], kUnknown);
  EXPECT_EQ(chexpert.labels[place_of(all, "Pneumonia")], kNo);
  EXPECT_EQ(chexpert.labels[place_of(all, "Hernia")], kUnknown);  // it does not label it
  EXPECT_EQ(chexpert.uncertain.back(), place_of(all, "Effusion"));
  // The patient "a" of both tables are two.
  EXPECT_EQ(all.records[5].patient, "csv/a");
  EXPECT_EQ(all.records[8].patient, "csv-2/a");
  EXPECT_EQ(all.records[6].boxes[1].finding, place_of(all, "Nodule"));
  // Data sets without lists are for training.
  EXPECT_EQ(all.train_val, (Places{0, 1, 2, 3, 5, 6, 7, 8, 9}));
  EXPECT_EQ(all.test, (Places{4, 10}));
  EXPECT_EQ(all.skipped[0].item.substr(0, 9), "padchest/");
}

TEST(Combine, OneDataSetComesOutAsItIs) {
  const Dataset one = read_datasets(std::vector{example("csv")});
  EXPECT_EQ(one.name, "csv");
  EXPECT_EQ(one.records[0].patient, "a");
}

}  // namespace
}  // namespace chestmap
