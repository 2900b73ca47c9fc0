#include "base/json_value.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace chestmap {
namespace {

template <typename Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Json, ASyntaxErrorHasLineAndColumn) {
  EXPECT_EQ(error_of([] { (void)parse_json("{\n \"a\": 1,\n \"b\" 2}", "f.json"); }).substr(0, 28),
            "f.json:3:6: this is no JSON:");
  EXPECT_EQ(error_of([] { (void)parse_json("", "f.json"); }).substr(0, 28),
            "f.json:1:1: this is no JSON:");
}

TEST(Json, AValueKnowsItsPath) {
  const nlohmann::json document = parse_json(
      R"({"list": [{"x": 1.5}, {"x": "two"}], "null": null, "deep": {"a": [[0]]}})", "f.json");
  const std::filesystem::path file = "f.json";
  const JsonValue root(document, file);
  EXPECT_EQ(root.at("list").at(0).at("x").number(), 1.5);
  EXPECT_EQ(root.at("list").at(1).at("x").text(), "two");
  EXPECT_FALSE(root.find("null").has_value());
  EXPECT_EQ(error_of([&] { (void)root.at("list").at(1).at("x").number(); }),
            "f.json: $.list[1].x: a text; a number was expected");
  EXPECT_EQ(error_of([&] { (void)root.at("list").at(2); }),
            "f.json: $.list: 2 elements; more than 2 were expected");
  EXPECT_EQ(error_of([&] { (void)root.at("missing"); }),
            "f.json: $: the member \"missing\" is missing");
  EXPECT_EQ(error_of([&] { (void)root.at("deep").at("a").at(0).at("b"); }),
            "f.json: $.deep.a[0]: an array; an object was expected");
  EXPECT_EQ(error_of([&] { (void)root.at("list").at(0).at("x").whole(0, 9); }),
            "f.json: $.list[0].x: 1.5; a whole number from 0 to 9 was expected");
}

TEST(Json, ElementsComeOneByOne) {
  std::vector<double> values;
  for_each_json_element(R"( [ {"v": 1}, {"v": [2, {"w": 3}]}, 4, [5] ] )", "f.json",
                        [&](const JsonValue& element) {
                          if (element.is_number()) values.push_back(element.number());
                          if (element.is_array()) values.push_back(element.at(0).number());
                          if (!element.is_object()) return;
                          const JsonValue v = element.at("v");
                          values.push_back(v.is_array() ? v.at(1).at("w").number() : v.number());
                        });
  EXPECT_EQ(values, (std::vector<double>{1, 3, 4, 5}));
}

TEST(Json, AnElementsErrorNamesItsIndex) {
  const auto need_number = [](const JsonValue& element) { (void)element.number(); };
  EXPECT_EQ(error_of([&] { for_each_json_element("[1, 2, \"x\"]", "f.json", need_number); }),
            "f.json: $[2]: a text; a number was expected");
  EXPECT_EQ(error_of([&] { for_each_json_element("{\"a\": 1}", "f.json", need_number); }),
            "f.json: $: an object; an array was expected");
  EXPECT_EQ(error_of([&] { for_each_json_element("[1, 2", "f.json", need_number); }).substr(0, 27),
            "f.json:1:6: this is no JSON");
}

}  // namespace
}  // namespace chestmap
