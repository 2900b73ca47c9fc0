#include "predictions/probability_csv.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/table.h"
#include "data/box_columns.h"
#include "predictions/collector.h"
#include "predictions/read_predictions.h"

namespace chestmap {

namespace {

constexpr const char* kName = "probability-csv";

std::optional<Column> probability_column(const TableReader& table) {
  return table.find({"probability", "prob", "score"});
}

double probability(const TableReader& table, const CsvRow& row, const Column& column) {
  const double value = table.number(row, column);
  if (value < 0.0 || value > 1.0)
    table.fail(row, column, fmt::format("{} is no probability in [0, 1]", value),
               "logits are turned into probabilities by 1 / (1 + exp(-logit))");
  return value;
}

void add_probability(Collector& collector, const TableReader& table, const CsvRow& row,
                     const Column& column, std::size_t record, std::size_t finding) {
  const double value = probability(table, row, column);
  if (collector.holds(record, finding))
    table.fail(row, column,
               fmt::format("the image {} has a probability of {} already",
                           collector.dataset().records[record].image,
                           collector.dataset().findings[finding]),
               "remove one of the rows");
  collector.at(record, finding).probability = value;
}

PredictionSet join_long(const TableReader& table, const Column& image, const Column& finding,
                        const Column& value, const Dataset& dataset) {
  Collector collector(dataset);
  for (const CsvRow& row : table.table().rows) {
    const std::string item = fmt::format("row {}", row.number);
    const auto record = collector.record(table.filled(row, image), item);
    if (!record) continue;
    const auto found = collector.finding(table.filled(row, finding), item);
    if (found) add_probability(collector, table, row, value, *record, *found);
  }
  return collector.finish(table.table().file, kName);
}

/// The columns of findings that the data set has; the others are set aside.
std::vector<std::pair<Column, std::size_t>> finding_columns(const TableReader& table,
                                                            const Column& image,
                                                            Collector& collector) {
  const auto patient = table.find({"patient", "patient_id"});
  std::vector<std::pair<Column, std::size_t>> columns;
  const std::vector<std::string>& header = table.table().header;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name(trimmed(header[i]));
    if (i == image.place || (patient && i == patient->place) || name.empty()) continue;
    const auto finding = collector.finding(name, fmt::format("column \"{}\"", name));
    if (!finding) continue;
    for (const auto& [column, other] : columns)
      if (other == *finding)
        throw UserError(at_row(table.table().file, 1,
                               fmt::format("the columns \"{}\" and \"{}\" are the same finding",
                                           column.name, name)),
                        "remove one of them");
    columns.emplace_back(Column{i, name}, *finding);
  }
  return columns;
}

PredictionSet read_probability_csv(const std::filesystem::path& file, const Dataset& dataset) {
  return join_probability_csv(read_csv(file), dataset);
}

bool detects_probability_csv(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) return false;
  const CsvTable header{file, read_csv_header(file), {}};
  return header.header.size() > 1 && find_image_column(TableReader(header)).has_value();
}

}  // namespace

PredictionSet join_probability_csv(const CsvTable& csv, const Dataset& dataset) {
  const TableReader table(csv);
  const auto image_column = find_image_column(table);
  const Column image = image_column ? *image_column : table.need({"image"});
  const auto finding = find_finding_column(table);
  const auto value = probability_column(table);
  if (finding && value) return join_long(table, image, *finding, *value, dataset);
  Collector collector(dataset);
  const auto columns = finding_columns(table, image, collector);
  for (const CsvRow& row : csv.rows) {
    const auto record =
        collector.record(table.filled(row, image), fmt::format("row {}", row.number));
    if (!record) continue;
    for (const auto& [column, found] : columns)
      add_probability(collector, table, row, column, *record, found);
  }
  return collector.finish(csv.file, kName);
}

PredictionFormat probability_csv_format() {
  return {kName, "a CSV table with a column for the image and one a finding",
          detects_probability_csv, read_probability_csv};
}

}  // namespace chestmap
