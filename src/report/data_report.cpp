#include "report/data_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "report/card_document.h"
#include "report/text.h"

namespace chestmap {

namespace {

using Json = nlohmann::json;

std::size_t number(const Json& json, const char* key) { return json.at(key).get<std::size_t>(); }

std::string count(const Json& json, const char* key) {
  return fmt::format("{}", number(json, key));
}

std::string share(std::size_t part, std::size_t all) {
  return all == 0
             ? kUndefined
             : fmt::format("{:.1f}", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

CardSection overview(const Json& check) {
  CardTable table{{"", "images", "patients"}, {}};
  const auto add = [&](const char* name, const char* key) {
    table.rows.push_back({name, count(check.at(key), "images"), count(check.at(key), "patients")});
  };
  add("All", "all");
  add("Training and validation list", "train_val");
  add("Test list", "test");
  add("With boxes", "boxed");
  return {"Overview", {std::move(table)}};
}

CardSection findings(const Json& check) {
  const std::size_t images = number(check.at("all"), "images");
  CardTable table{{"Finding", "positive", "%", "negative", "unknown", "of these uncertain",
                   "train_val", "test", "boxes", "median box area, %"},
                  {}};
  for (const Json& finding : check.at("findings")) {
    const Json& area = finding.at("median_box_share");
    table.rows.push_back(
        {readable(finding.at("name").get<std::string>()), count(finding, "positive"),
         share(number(finding, "positive"), images), count(finding, "negative"),
         count(finding, "unknown"), count(finding, "uncertain"), count(finding, "train_val"),
         count(finding, "test"), count(finding, "boxes"),
         area.is_null() ? kUndefined : fmt::format("{:.2f}", 100.0 * area.get<double>())});
  }
  const Json& none = check.at("without_finding");
  table.rows.push_back({"No finding positive", count(none, "all"),
                        share(number(none, "all"), images), kUndefined, kUndefined, kUndefined,
                        count(none, "train_val"), count(none, "test"), kUndefined, kUndefined});
  return {"Findings", {std::move(table)}};
}

CardTable counts_table(const char* what, const Json& counts, std::size_t images) {
  CardTable table{{what, "images", "%"}, {}};
  for (const Json& entry : counts)
    table.rows.push_back({entry.at("name").get<std::string>(), count(entry, "images"),
                          share(number(entry, "images"), images)});
  return table;
}

CardSection people(const Json& check) {
  const std::size_t images = number(check.at("all"), "images");
  return {"Views, sex and age",
          {counts_table("View", check.at("views"), images),
           counts_table("Sex", check.at("sexes"), images),
           counts_table("Age, years", check.at("ages"), images)}};
}

CardSection image_sizes(const Json& check) {
  CardTable table{{"Pixels", "images"}, {}};
  constexpr std::size_t shown = 30;
  const Json& sizes = check.at("sizes");
  for (std::size_t i = 0; i < std::min(shown, sizes.size()); ++i)
    table.rows.push_back(
        {fmt::format("{} x {}", number(sizes[i], "width"), number(sizes[i], "height")),
         count(sizes[i], "images")});
  CardSection section{"Image sizes", {std::move(table)}};
  if (sizes.size() > shown)
    section.blocks.emplace_back(
        CardParagraph{fmt::format("And {} other sizes.", sizes.size() - shown)});
  return section;
}

void add_examples(CardSection& section, const Json& check) {
  constexpr std::size_t shown = 50;
  CardList unreadable;
  const Json& entries = check.at("unreadable");
  for (std::size_t i = 0; i < std::min(shown, entries.size()); ++i)
    unreadable.items.push_back(fmt::format("{}: {}", entries[i].at("image").get<std::string>(),
                                           entries[i].at("reason").get<std::string>()));
  if (entries.size() > shown)
    unreadable.items.push_back(fmt::format("and {} more", entries.size() - shown));
  if (!unreadable.items.empty()) {
    section.blocks.emplace_back(CardParagraph{"Unreadable images:"});
    section.blocks.emplace_back(std::move(unreadable));
  }
  const Json& duplicates = check.at("duplicates");
  if (duplicates.is_null() || duplicates.at("examples").empty()) return;
  CardList groups;
  for (const Json& group : duplicates.at("examples"))
    groups.items.push_back(
        fmt::format("{}", fmt::join(group.get<std::vector<std::string>>(), ", ")));
  section.blocks.emplace_back(CardParagraph{"Images with the same pixels, the first groups:"});
  section.blocks.emplace_back(std::move(groups));
}

CardSection problems(const Json& check) {
  const Json& duplicates = check.at("duplicates");
  const auto of_duplicates = [&](const char* key) {
    return duplicates.is_null() ? "not looked for (--decode)" : count(duplicates, key);
  };
  CardSection section{
      "What may be wrong",
      {CardTable{
          {"", "number"},
          {{"Rows whose image is missing", count(check, "images_missing")},
           {check.at("decoded").get<bool>() ? "Unreadable images"
                                            : "Unreadable images, by their headers alone",
            fmt::format("{}", check.at("unreadable").size())},
           {"Patients with images in both lists", count(check, "patients_in_both")},
           {"Boxes of a finding that the image's labels lack", count(check, "boxes_without_label")},
           {"Groups of images with the same pixels", of_duplicates("groups")},
           {"Such groups of several patients", of_duplicates("across_patients")},
           {"Such groups in both lists", of_duplicates("across_lists")}}}}};
  add_examples(section, check);
  return section;
}

}  // namespace

std::string data_report(const Json& check) {
  CardDocument document;
  document.title = "Data set " + check.at("dataset").get<std::string>();
  document.notice = check.at("folder").get<std::string>();
  document.sections = {overview(check), problems(check), findings(check), people(check),
                       image_sizes(check)};
  document.footer = "chestmap " CHESTMAP_VERSION ". Research use only. Not for diagnosis.";
  return card_html(document);
}

}  // namespace chestmap
