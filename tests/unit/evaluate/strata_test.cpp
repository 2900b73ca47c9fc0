#include "evaluate/strata.h"

#include <gtest/gtest.h>

#include "toy.h"

namespace chestmap {
namespace {

Record patient(ViewPosition view, Sex sex, std::optional<double> age) {
  Record record;
  record.view = view;
  record.sex = sex;
  record.age_years = age;
  return record;
}

const ImageStratum* find(const std::vector<ImageStratum>& strata, const std::string& by,
                         const std::string& name) {
  for (const ImageStratum& stratum : strata)
    if (stratum.by == by && stratum.name == name) return &stratum;
  return nullptr;
}

TEST(ImageStrata, PartImagesByViewSexAndAge) {
  Dataset data;
  data.records = {patient(ViewPosition::pa, Sex::female, 19.9),
                  patient(ViewPosition::ap, Sex::male, 20.0),
                  patient(ViewPosition::ap, Sex::female, 95.0)};
  const std::vector<std::size_t> order = {2, 0, 1};
  const std::vector<ImageStratum> strata = image_strata(data, order);
  ASSERT_NE(find(strata, "view", "AP"), nullptr);
  EXPECT_EQ(find(strata, "view", "AP")->holds, (std::vector<std::uint8_t>{1, 0, 1}));
  EXPECT_EQ(find(strata, "view", "AP")->images, 2U);
  EXPECT_EQ(find(strata, "sex", "male")->holds, (std::vector<std::uint8_t>{0, 0, 1}));
  EXPECT_EQ(find(strata, "age", "0-19")->holds, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_EQ(find(strata, "age", "20-39")->holds, (std::vector<std::uint8_t>{0, 0, 1}));
  EXPECT_EQ(find(strata, "age", "60+")->holds, (std::vector<std::uint8_t>{1, 0, 0}));
  EXPECT_EQ(find(strata, "age", "40-59"), nullptr);  // nobody
}

TEST(ImageStrata, LeaveOutWhatIsUnknownAndWhatPartsNothing) {
  Dataset data;
  data.records = {patient(ViewPosition::pa, Sex::female, std::nullopt),
                  patient(ViewPosition::unknown, Sex::male, 30.0),
                  patient(ViewPosition::pa, Sex::unknown, 30.0)};
  const std::vector<std::size_t> order = {0, 1, 2};
  const std::vector<ImageStratum> strata = image_strata(data, order);
  ASSERT_EQ(strata.size(), 2U);  // one view and one age alone part nothing
  EXPECT_EQ(strata[0].holds, (std::vector<std::uint8_t>{1, 0, 0}));
  EXPECT_EQ(strata[1].holds, (std::vector<std::uint8_t>{0, 1, 0}));
}

}  // namespace
}  // namespace chestmap
