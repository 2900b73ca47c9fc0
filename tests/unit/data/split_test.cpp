#include "data/split.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/chestxray14.h"
#include "data/image_list.h"
#include "data/skipped.h"
#include "mini_folder.h"

namespace chestmap {
namespace {

using test::MiniFolder;
using test::user_error;

/// `patients` with one to three images each.
Dataset made(std::size_t patients) {
  Dataset dataset;
  dataset.findings = FindingList({"Mass", "Nodule"});
  for (std::size_t p = 0; p < patients; ++p)
    for (std::size_t i = 0; i <= p % 3; ++i) {
      Record record;
      record.image = fmt::format("p{}_{}.png", p, i);
      record.patient = std::to_string(p);
      record.labels = {p % 2 == 0 ? Label::positive : Label::negative, Label::unknown};
      dataset.records.push_back(record);
    }
  return dataset;
}

std::vector<std::size_t> all_of(const Dataset& dataset) {
  std::vector<std::size_t> indices(dataset.records.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return indices;
}

std::vector<std::string> names(const Dataset& dataset, const std::vector<std::size_t>& indices) {
  std::vector<std::string> result;
  for (const std::size_t i : indices) result.push_back(dataset.records[i].image);
  return result;
}

TEST(Split, EveryImageIsOnOneSideAndEveryPatientWhole) {
  const Dataset dataset = made(40);
  const Split split = split_by_patient(dataset, all_of(dataset), 0.25, 9);
  std::set<std::size_t> seen(split.train.begin(), split.train.end());
  seen.insert(split.valid.begin(), split.valid.end());
  EXPECT_EQ(seen.size(), dataset.records.size());
  EXPECT_EQ(split.train.size() + split.valid.size(), dataset.records.size());
  EXPECT_EQ(count_patients(dataset, split.valid), 10U);  // 0.25 x 40
  EXPECT_EQ(count_patients(dataset, split.train), 30U);
}

TEST(Split, TheOrderOfTheRowsDoesNotMatterAndTheSeedDoes) {
  const Dataset dataset = made(40);
  Dataset reversed = dataset;
  std::reverse(reversed.records.begin(), reversed.records.end());
  const Split a = split_by_patient(dataset, all_of(dataset), 0.2, 4);
  const Split b = split_by_patient(reversed, all_of(reversed), 0.2, 4);
  EXPECT_EQ(names(dataset, a.train), names(reversed, b.train));
  EXPECT_EQ(names(dataset, a.valid), names(reversed, b.valid));
  const Split other = split_by_patient(dataset, all_of(dataset), 0.2, 5);
  EXPECT_NE(names(dataset, a.valid), names(dataset, other.valid));
}

TEST(Split, SidesAreNeverEmpty) {
  const Dataset dataset = made(3);
  EXPECT_EQ(count_patients(dataset, split_by_patient(dataset, all_of(dataset), 0.01, 1).valid), 1U);
  EXPECT_EQ(count_patients(dataset, split_by_patient(dataset, all_of(dataset), 0.99, 1).train), 1U);
  const Dataset one = made(1);
  EXPECT_THROW((void)split_by_patient(one, all_of(one), 0.5, 1), UserError);
  EXPECT_THROW((void)split_by_patient(dataset, {}, 0.5, 1), UserError);
  EXPECT_THROW((void)split_by_patient(dataset, all_of(dataset), 0.0, 1), UserError);
  EXPECT_THROW((void)split_by_patient(dataset, all_of(dataset), 1.0, 1), UserError);
}

TEST(Split, WrittenListsComeBack) {
  const MiniFolder folder("");
  const Dataset dataset = made(12);
  const Split split = split_by_patient(dataset, all_of(dataset), 0.3, 2);
  write_split(folder / "split", dataset, split);
  const Split back = read_split(folder / "split", dataset);
  EXPECT_EQ(back.train, split.train);
  EXPECT_EQ(back.valid, split.valid);
}

TEST(Split, BadListsAreNamed) {
  const MiniFolder folder("");
  const Dataset dataset = made(4);
  const auto read = [&] { (void)read_split(folder.path(), dataset); };
  folder.write("train.txt", "p0_0.png\nq.png\n");
  folder.write("valid.txt", "p1_0.png\r\n\n");
  EXPECT_EQ(user_error(folder, read),
            "train.txt:2: the image q.png is not in the label table | do the list and the table "
            "belong to the same data set?");
  folder.write("train.txt", "");
  EXPECT_EQ(user_error(folder, read),
            "train.txt lists no image | a split needs images on both sides");
  folder.write("train.txt", "p1_1.png\n");
  EXPECT_EQ(user_error(folder, read),
            "train.txt and valid.txt share 1 patients, e.g. 1 | all images of a patient must be on "
            "one side, or the measures are too good");
  folder.write("train.txt", "p0_0.png\n");
  EXPECT_EQ(user_error(folder, read), "no error");
}

TEST(Fingerprint, IsFnv1aOverTheSortedNames) {
  Dataset dataset;
  dataset.records.resize(2);
  dataset.records[0].image = "b";
  dataset.records[1].image = "a";
  const std::vector<std::size_t> both{0, 1};
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : std::string("a\nb\n")) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  EXPECT_EQ(fingerprint(dataset, both), text.data());
  EXPECT_EQ(fingerprint(dataset, std::vector<std::size_t>{1, 0}), text.data());
  EXPECT_EQ(fingerprint(dataset, {}), "cbf29ce484222325");  // the offset basis
  EXPECT_NE(fingerprint(dataset, std::vector<std::size_t>{0}), text.data());
}

TEST(Labels, AreCountedAndNeverPositiveOnesAreNamed) {
  const Dataset dataset = made(4);  // patients 0, 1, 2, 3 with 1, 2, 3, 1 images
  const auto all = all_of(dataset);
  const auto counts = label_counts(dataset, all);
  EXPECT_EQ(counts[0], (LabelCount{4, 3, 0}));  // 1 + 3 positive, 2 + 1 negative
  EXPECT_EQ(counts[1], (LabelCount{0, 0, 7}));
  EXPECT_EQ(count_without_finding(dataset, all), 3U);
  EXPECT_EQ(never_positive(dataset, all), std::vector<std::size_t>{1});
}

TEST(SkippedItems, AreWrittenAsATable) {
  const MiniFolder folder("");
  write_skipped(folder / "skipped.csv",
                std::vector<Skipped>{{"a.png", "cut, short"}, {"b.png", "gone"}});
  EXPECT_EQ(folder.read("skipped.csv"), "item,reason\na.png,\"cut, short\"\nb.png,gone\n");
}

}  // namespace
}  // namespace chestmap
