#include "base/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"

namespace chestmap {
namespace {

using Fields = std::vector<std::string>;

CsvTable table_of(const std::string& content) {
  const test::ScratchFolder folder;
  test::spill(folder / "t.csv", content);
  return read_csv(folder / "t.csv");
}

std::vector<Fields> fields_of(const CsvTable& table) {
  std::vector<Fields> rows;
  for (const CsvRow& row : table.rows) rows.push_back(row.fields);
  return rows;
}

TEST(Csv, ReadsPlainRows) {
  const CsvTable table = table_of("a,b,c\n1,,3\n x , y\t,\n");
  EXPECT_EQ(table.header, (Fields{"a", "b", "c"}));
  EXPECT_EQ(fields_of(table), (std::vector<Fields>{{"1", "", "3"}, {" x ", " y\t", ""}}));
  EXPECT_EQ(table.rows[1].number, 3U);
}

TEST(Csv, ReadsQuotedFields) {
  const CsvTable table =
      table_of("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n\"\",\"two\nlines\"\nq,r\n");
  EXPECT_EQ(fields_of(table),
            (std::vector<Fields>{{"x,y", "he said \"no\""}, {"", "two\nlines"}, {"q", "r"}}));
  EXPECT_EQ(table.rows[2].number, 5U);  // the second row takes two lines
}

TEST(Csv, AcceptsCarriageReturnsAByteOrderMarkAndAMissingLastLineBreak) {
  const CsvTable table = table_of(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r\n\"3\",\"4\"\r\n5,6");
  EXPECT_EQ(table.header, (Fields{"a", "b"}));
  EXPECT_EQ(fields_of(table), (std::vector<Fields>{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
}

TEST(Csv, LeavesBlankLinesOutAndCountsThem) {
  const CsvTable table = table_of("\na\n\n1\r\n\r\n2\n\n");
  EXPECT_EQ(table.header, Fields{"a"});
  ASSERT_EQ(fields_of(table), (std::vector<Fields>{{"1"}, {"2"}}));
  EXPECT_EQ(table.rows[0].number, 4U);
  EXPECT_EQ(table.rows[1].number, 6U);
}

TEST(Csv, RowsMayDifferInLength) {
  EXPECT_EQ(fields_of(table_of("a,b\n1\n1,2,3,\n")),
            (std::vector<Fields>{{"1"}, {"1", "2", "3", ""}}));
}

TEST(Csv, AQuoteThatIsNeverClosedIsAnErrorAtItsRow) {
  const test::ScratchFolder folder;
  test::spill(folder / "t.csv", "a,b\n1,2\n3,\"4\n5,6\n");
  try {
    (void)read_csv(folder / "t.csv");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.what(), (folder / "t.csv").string() + ":3: a quote is opened and never closed");
  }
}

TEST(Csv, EmptyAndMissingFilesAreUserErrors) {
  EXPECT_THROW((void)table_of(""), UserError);
  EXPECT_THROW((void)table_of("\r\n\n"), UserError);
  EXPECT_THROW((void)table_of("\xEF\xBB\xBF"), UserError);
  EXPECT_THROW((void)read_csv("/nonexistent.csv"), UserError);
}

TEST(Csv, WhatIsWrittenIsReadBack) {
  const Fields fields = {"plain",   "a,b",  "say \"x\"", "two\nlines", "",
                         " space ", "cr\r", "größe",     "\r\n",       "last\r"};
  const CsvTable table = table_of("h\n" + csv_line(fields));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].fields, fields);
}

TEST(Csv, QuotesOnlyWhereNeeded) {
  EXPECT_EQ(csv_line(Fields{"a", "b c", "1,5"}), "a,b c,\"1,5\"\n");
  EXPECT_EQ(csv_field("\""), "\"\"\"\"");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number("12"), 12.0);
  EXPECT_EQ(parse_number(" -1.5e3 "), -1500.0);
  EXPECT_EQ(parse_number("+0.25"), 0.25);
  for (const char* text : {"", " ", "1x", "x1", "1,5", "1 2", "0x10", "--1", "+-1", "+"})
    EXPECT_FALSE(parse_number(text).has_value()) << text;
}

}  // namespace
}  // namespace chestmap
