#include "data/name_index.h"

#include <gtest/gtest.h>

namespace chestmap {
namespace {

TEST(FindingIndex, SpellingDoesNotCount) {
  const FindingIndex index(FindingList({"Pleural_Thickening", "Infiltration", "Effusion"}));
  EXPECT_EQ(index.find("Pleural_Thickening"), 0U);
  EXPECT_EQ(index.find("pleural thickening"), 0U);
  EXPECT_EQ(index.find(" PLEURAL-THICKENING "), 0U);
  EXPECT_EQ(index.find("Infiltrate"), 1U);
  EXPECT_EQ(index.find("Pleural Effusion"), 2U);
  EXPECT_EQ(index.find("Thickening"), std::nullopt);
  EXPECT_EQ(index.find(""), std::nullopt);
}

TEST(FindingIndex, AnotherNameOfTheFieldCountsOnlyWhereItsOwnIsMissing) {
  const FindingIndex index(FindingList({"Effusion", "Pleural effusion", "Lung Opacity"}));
  EXPECT_EQ(index.find("effusion"), 0U);
  EXPECT_EQ(index.find("pleural effusion"), 1U);
  EXPECT_EQ(index.find("Airspace Opacity"), 2U);
}

Record named(const std::string& image, const std::string& id = {}) {
  Record record;
  record.image = image;
  record.id = id;
  return record;
}

TEST(ImageNameIndex, EndingsAndFoldersDoNotCount) {
  const std::vector<Record> records = {named("00000001_000.png"), named("1.2.840.5"),
                                       named("b.jpeg", "77")};
  const ImageNameIndex index(records);
  EXPECT_EQ(index.find("00000001_000.png"), 0U);
  EXPECT_EQ(index.find("00000001_000"), 0U);
  EXPECT_EQ(index.find("00000001_000.JPG"), 0U);
  EXPECT_EQ(index.find("data/images/00000001_000.png"), 0U);
  EXPECT_EQ(index.find("1.2.840.5"), 1U);
  EXPECT_EQ(index.find("1.2.840.5.dcm"), 1U);
  EXPECT_EQ(index.find("1.2.840"), std::nullopt);
  EXPECT_EQ(index.find("77"), 2U);
  EXPECT_EQ(index.find("00000001"), std::nullopt);
  EXPECT_EQ(index.find(""), std::nullopt);
}

TEST(ImageNameIndex, AnAmbiguousNameFindsNothing) {
  const std::vector<Record> records = {named("a.png"), named("a.jpg")};
  const ImageNameIndex index(records);
  EXPECT_EQ(index.find("a.png"), 0U);
  EXPECT_EQ(index.find("a.jpg"), 1U);
  EXPECT_EQ(index.find("a"), std::nullopt);
}

TEST(ImageNameIndex, ChexpertsPathsAreChexlocalizesNames) {
  const std::vector<Record> records = {named("patient64541_study1_view1_frontal"),
                                       named("valid/patient2/study1/view1_frontal.jpg"),
                                       named("valid/patient3/study1/view1_frontal.jpg")};
  const ImageNameIndex index(records);
  EXPECT_EQ(index.find("CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg"), 0U);
  EXPECT_EQ(index.find("patient3_study1_view1_frontal"), 2U);
  EXPECT_EQ(index.find("view1_frontal"), std::nullopt);  // fits two
}

TEST(Names, OfImagesWithoutAFinding) {
  EXPECT_TRUE(means_no_finding("No Finding"));
  EXPECT_TRUE(means_no_finding("No finding"));
  EXPECT_FALSE(means_no_finding("Nodule"));
  EXPECT_EQ(image_stem("a.b.PNG"), "a.b");
  EXPECT_EQ(image_stem(".png"), ".png");
}

}  // namespace
}  // namespace chestmap
