#include "predictions/submission_csv.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/table.h"
#include "predictions/collector.h"
#include "predictions/read_predictions.h"

namespace chestmap {

namespace {

constexpr const char* kName = "submission-csv";

std::vector<double> numbers_in(const TableReader& table, const CsvRow& row, const Column& column) {
  std::vector<double> numbers;
  std::string_view rest = table.text(row, column);
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    const auto value = parse_number(word);
    if (!value || !std::isfinite(*value))
      table.fail(row, column, fmt::format("\"{}\" is no finite number", word));
    numbers.push_back(*value);
    rest = trimmed(rest.substr(word.size()));
  }
  return numbers;
}

/// One group of numbers, without its class.
struct Detection {
  double confidence = 0.0;
  Box box;
};

Detection detection(std::span<const double> group, bool corners) {
  const Box box = corners ? Box{group[1], group[2], group[3] - group[1], group[4] - group[2]}
                          : Box{group[1], group[2], group[3], group[4]};
  return {group[0], box};
}

std::int64_t category_number(const TableReader& table, const CsvRow& row, const Column& column,
                             double number) {
  if (number != std::floor(number) || std::abs(number) > 1e9)
    table.fail(row, column, fmt::format("{} is no class number", number),
               "a group is class, confidence, x_min, y_min, x_max, y_max");
  return static_cast<std::int64_t>(number);
}

bool detects_submission_csv(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) return false;
  const CsvTable header{file, read_csv_header(file), {}};
  return TableReader(header).find({"PredictionString"}).has_value();
}

PredictionSet read_submission_csv(const std::filesystem::path& file, const Dataset& dataset) {
  return join_submission_csv(read_csv(file), dataset);
}

}  // namespace

PredictionSet join_submission_csv(const CsvTable& csv, const Dataset& dataset) {
  const TableReader table(csv);
  const Column image = table.need({"image_id", "patientId"});
  const Column column = table.need({"PredictionString"});
  const bool has_classes = name_key(image.name) == name_key("image_id");
  const std::size_t group = has_classes ? 6 : 5;
  if (!has_classes && dataset.findings.size() != 1)
    throw UserError(
        at_row(csv.file, 1, "boxes without a class, for a data set of several findings"),
        "a table with image_id holds class, confidence, x_min, y_min, x_max, y_max");
  Collector collector(dataset);
  if (!has_classes) collector.mention(0);
  for (const CsvRow& row : csv.rows) {
    const std::string item = fmt::format("row {}", row.number);
    const std::vector<double> numbers = numbers_in(table, row, column);
    if (numbers.size() % group != 0)
      table.fail(row, column,
                 fmt::format("{} numbers; groups of {} were expected", numbers.size(), group),
                 has_classes ? "a group is class, confidence, x_min, y_min, x_max, y_max"
                             : "a group is confidence, x, y, width, height");
    const auto record = collector.record(table.filled(row, image), item);
    if (!record) continue;
    if (!has_classes) (void)collector.at(*record, 0);
    for (std::size_t at = 0; at < numbers.size(); at += group) {
      const std::span<const double> part(numbers.data() + at, group);
      const auto finding =
          has_classes ? collector.category(category_number(table, row, column, part[0]), item)
                      : std::optional<std::size_t>(0);
      if (!finding) continue;
      const auto [confidence, box] = detection(part.subspan(group - 5), has_classes);
      if (box.width < 0.0 || box.height < 0.0)
        table.fail(row, column,
                   fmt::format("the box x={} y={} width={} height={} has a side below "
                               "0",
                               box.x, box.y, box.width, box.height));
      ImagePrediction& prediction = collector.at(*record, *finding);
      if (box.area() > 0.0)
        prediction.boxes.push_back({box, confidence});
      else
        collector.skip(item, "the box has no area");
    }
  }
  return collector.finish(csv.file, kName);
}

PredictionFormat submission_csv_format() {
  return {kName, "a CSV table with a column PredictionString", detects_submission_csv,
          read_submission_csv};
}

}  // namespace chestmap
