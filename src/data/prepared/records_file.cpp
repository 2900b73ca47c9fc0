#include "data/prepared/records_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/error.h"

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

Json head_json(const Dataset& dataset) {
  return {{"name", dataset.name},
          {"findings", dataset.findings.names()},
          {"train_val", dataset.train_val},
          {"test", dataset.test},
          {"category_ids", dataset.category_ids}};
}

Json record_json(const Record& record) {
  Json json{{"image", record.image}, {"patient", record.patient}};
  Json labels = Json::array();
  for (const Label label : record.labels) labels.push_back(static_cast<int>(label));
  json["labels"] = std::move(labels);
  json["frame"] = {record.frame.width, record.frame.height};
  // The rest is left out where it says nothing.
  if (record.frame_is_assumed) json["frame_is_assumed"] = true;
  if (!record.uncertain.empty()) json["uncertain"] = record.uncertain;
  for (const FindingBox& box : record.boxes)
    json["boxes"].push_back({box.finding, box.box.x, box.box.y, box.box.width, box.box.height});
  for (const FindingMask& mask : record.masks)
    json["masks"].push_back(
        {mask.finding, mask.mask.width(), mask.mask.height(), mask.mask.to_coco_string()});
  if (record.view != ViewPosition::unknown) json["view"] = static_cast<int>(record.view);
  if (record.sex != Sex::unknown) json["sex"] = static_cast<int>(record.sex);
  if (record.age_years) json["age_years"] = *record.age_years;
  if (!record.id.empty()) json["id"] = record.id;
  return json;
}

int within(int value, int least, int most) {
  if (value < least || value > most)
    throw std::out_of_range(fmt::format("{} lies outside of {} to {}", value, least, most));
  return value;
}

Record record_of(const Json& json, std::size_t findings) {
  Record record;
  json.at("image").get_to(record.image);
  json.at("patient").get_to(record.patient);
  for (const Json& label : json.at("labels"))
    record.labels.push_back(static_cast<Label>(within(label.get<int>(), -1, 1)));
  const Json& frame = json.at("frame");
  record.frame = {frame.at(0).get<std::size_t>(), frame.at(1).get<std::size_t>()};
  record.frame_is_assumed = json.value("frame_is_assumed", false);
  if (json.contains("uncertain")) json.at("uncertain").get_to(record.uncertain);
  if (json.contains("boxes"))
    for (const Json& b : json.at("boxes"))
      record.boxes.push_back({b.at(0).get<std::size_t>(),
                              {b.at(1).get<double>(), b.at(2).get<double>(), b.at(3).get<double>(),
                               b.at(4).get<double>()}});
  if (json.contains("masks"))
    for (const Json& m : json.at("masks"))
      record.masks.push_back(
          {m.at(0).get<std::size_t>(),
           Mask::from_coco_string(m.at(1).get<std::size_t>(), m.at(2).get<std::size_t>(),
                                  m.at(3).get_ref<const std::string&>())});
  record.view = static_cast<ViewPosition>(within(json.value("view", 0), 0, 2));
  record.sex = static_cast<Sex>(within(json.value("sex", 0), 0, 2));
  if (json.contains("age_years")) record.age_years = json.at("age_years").get<double>();
  record.id = json.value("id", "");
  const auto known = [findings](const auto& mark) { return mark.finding < findings; };
  if (record.labels.size() != findings ||
      !std::all_of(record.boxes.begin(), record.boxes.end(), known) ||
      !std::all_of(record.uncertain.begin(), record.uncertain.end(),
                   [findings](std::size_t finding) { return finding < findings; }) ||
      !std::all_of(record.masks.begin(), record.masks.end(), known))
    throw std::out_of_range("labels, boxes or masks do not fit the list of findings");
  return record;
}

Dataset head_of(const Json& json) {
  Dataset dataset;
  json.at("name").get_to(dataset.name);
  dataset.findings = FindingList(json.at("findings").get<std::vector<std::string>>());
  json.at("train_val").get_to(dataset.train_val);
  json.at("test").get_to(dataset.test);
  json.at("category_ids").get_to(dataset.category_ids);
  return dataset;
}

}  // namespace

std::string records_text(const Dataset& dataset) {
  // Names that are no UTF-8 are the user's and must not end the program.
  const auto line = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  };
  std::string text = line(head_json(dataset));
  for (const Record& record : dataset.records) text += line(record_json(record));
  return text;
}

Dataset parse_records(std::string_view text, const std::filesystem::path& file) {
  Dataset dataset;
  std::size_t row = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++row;
    try {
      const Json json = Json::parse(text.substr(at, end - at));
      if (row == 1)
        dataset = head_of(json);
      else
        dataset.records.push_back(record_of(json, dataset.findings.size()));
    } catch (const std::exception& error) {
      throw UserError(
          at_row(file, row, error.what()),
          "the prepared data set is damaged: `chestmap data prepare` with --retry mends it");
    }
    at = end + 1;
  }
  for (const auto* list : {&dataset.train_val, &dataset.test})
    for (const std::size_t index : *list)
      if (index >= dataset.records.size())
        throw UserError(
            at_row(file, 1,
                   fmt::format("the list names record {} of {}", index, dataset.records.size())),
            "the prepared data set is damaged: `chestmap data prepare` with --retry mends it");
  return dataset;
}

}  // namespace chestmap
