#include "base/table.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace chestmap {
namespace {

template <typename Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

TEST(Table, HeadersAreFoundHoweverTheyAreSpelled) {
  const CsvTable csv = parse_csv("Image Index,x_min , Finding-Label\na,1,b\n", "t.csv");
  const TableReader table(csv);
  EXPECT_EQ(table.find({"image", "image_index"}).value().place, 0U);
  EXPECT_EQ(table.need({"XMin"}).place, 1U);
  EXPECT_EQ(table.need({"finding label"}).name, " Finding-Label");
  EXPECT_FALSE(table.find({"score"}).has_value());
  EXPECT_EQ(error_of([&] {
              (void)table.need({"score", "confidence"});
            }),
            "t.csv:1: the column \"score\" or \"confidence\" is missing | the header reads \"Image "
            "Index,x_min , Finding-Label\"");
}

TEST(Table, CellsAreReadWithRowAndColumn) {
  const CsvTable csv = parse_csv("a,b,c\n 1.5 ,,x\n\n2,3,4\n", "t.csv");
  const TableReader table(csv);
  const Column a = table.need({"a"});
  const Column b = table.need({"b"});
  const Column c = table.need({"c"});
  EXPECT_EQ(table.number(csv.rows[0], a), 1.5);
  EXPECT_EQ(table.text(csv.rows[0], b), "");
  EXPECT_EQ(error_of([&] { (void)table.filled(csv.rows[0], b); }),
            "t.csv:2: column \"b\": the cell is empty | ");
  EXPECT_EQ(error_of([&] { (void)table.number(csv.rows[0], c); }),
            "t.csv:2: column \"c\": \"x\" is no finite number | ");
  EXPECT_EQ(table.number(csv.rows[1], c), 4.0);
}

TEST(Table, ARowMustFitTheHeader) {
  const CsvTable trailing = parse_csv("a,b\n1,2,,\n", "t.csv");
  EXPECT_EQ(error_of([&] { (void)TableReader(trailing); }), "no error");
  const CsvTable longer = parse_csv("a,b\n1,2,3\n", "t.csv");
  EXPECT_EQ(error_of([&] { (void)TableReader(longer); }),
            "t.csv:2: the row has 3 fields, the header 2 | is there a comma too many in the row?");
  const CsvTable shorter = parse_csv("a,b,c\n1,2\n", "t.csv");
  EXPECT_EQ(error_of([&] { (void)TableReader(shorter); }),
            "t.csv:2: the row has 2 fields, the header 3 | is the file cut short?");
}

}  // namespace
}  // namespace chestmap
