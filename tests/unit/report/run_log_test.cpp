#include "report/run_log.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "sample.h"

namespace chestmap {

namespace {

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const UserError& error) {
    return error.what();
  }
  return {};
}

TEST(RunLog, ReadsEpochsAndLeavesEmptyFieldsOpen) {
  CsvTable table = sample::log();
  table.rows[2].fields[3] = "";
  table.rows[2].fields[2] = "nan";
  const std::vector<EpochLog> log = parse_log(table);
  ASSERT_EQ(log.size(), 3);
  EXPECT_EQ(log[1].epoch, 2);
  EXPECT_DOUBLE_EQ(*log[1].train_loss, 0.7);
  EXPECT_DOUBLE_EQ(*log[1].valid_loss, 0.6);
  EXPECT_DOUBLE_EQ(*log[1].valid_auroc, 0.8);
  EXPECT_FALSE(log[2].train_loss.has_value());
  EXPECT_FALSE(log[2].valid_loss.has_value());
}

TEST(RunLog, BestEpochIsTheFirstOfTheHighestAuroc) {
  EXPECT_EQ(best_epoch({{1, {}, {}, 0.6}, {2, {}, {}, 0.8}, {3, {}, {}, 0.8}, {4, {}, {}, {}}}), 2);
  EXPECT_EQ(best_epoch({{1, {}, {}, {}}}), std::nullopt);
  EXPECT_EQ(best_epoch({}), std::nullopt);
}

TEST(RunLog, ErrorsNameColumnAndRow) {
  CsvTable foreign = sample::log();
  foreign.header[4] = "accuracy";
  EXPECT_EQ(message_of([&] { (void)parse_log(foreign); }),
            "run/table.csv: the column \"valid_auroc\" is missing");
  CsvTable text = sample::log();
  text.rows[1].fields[2] = "low";
  EXPECT_EQ(message_of([&] { (void)parse_log(text); }),
            "run/table.csv:3: train_loss is \"low\"; a number was expected");
  CsvTable half = sample::log();
  half.rows[0].fields[0] = "1.5";
  EXPECT_EQ(message_of([&] { (void)parse_log(half); }),
            "run/table.csv:2: epoch is \"1.5\"; a whole number was expected");
  CsvTable cut = sample::log();
  cut.rows[2].fields.resize(2);
  EXPECT_EQ(message_of([&] { (void)parse_log(cut); }),
            "run/table.csv:4: 2 fields; 6 were expected, as in the header");
}

TEST(RunLog, RelevanceIsOfTheEpochAskedForElseOfTheLast) {
  const auto second = parse_relevance(sample::relevance(), 2);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->epoch, 2);
  EXPECT_EQ(second->findings, std::vector<std::string>{"Nodule"});
  EXPECT_EQ(second->stages, (std::vector<std::int64_t>{3, 4}));
  EXPECT_DOUBLE_EQ(*second->values[0][0], 0.222);
  EXPECT_DOUBLE_EQ(*second->values[0][1], 0.778);
  EXPECT_EQ(parse_relevance(sample::relevance(), std::nullopt)->epoch, 3);
  EXPECT_EQ(parse_relevance(sample::relevance(), 9)->epoch, 3);
  CsvTable empty = sample::relevance();
  empty.rows.clear();
  EXPECT_FALSE(parse_relevance(empty, 1).has_value());
}

TEST(RunLog, RelevanceLeavesMissingStagesOpen) {
  const auto relevance = parse_relevance(
      sample::table(
          {"epoch", "finding", "stage", "relevance"},
          {{"1", "Mass", "1", "1"}, {"1", "Hernia", "1", "0.4"}, {"1", "Hernia", "2", "0.6"}}),
      1);
  EXPECT_FALSE(relevance->values[0][1].has_value());
  EXPECT_DOUBLE_EQ(*relevance->values[1][1], 0.6);
}

}  // namespace

}  // namespace chestmap
