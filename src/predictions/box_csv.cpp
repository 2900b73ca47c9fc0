#include "predictions/box_csv.h"

#include <fmt/format.h>

#include "base/table.h"
#include "data/box_columns.h"
#include "predictions/collector.h"
#include "predictions/read_predictions.h"

namespace chestmap {

namespace {

constexpr const char* kName = "box-csv";

PredictionSet read_box_csv(const std::filesystem::path& file, const Dataset& dataset) {
  return join_box_csv(read_csv(file), dataset);
}

bool detects_box_csv(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) return false;
  const CsvTable header{file, read_csv_header(file), {}};
  if (header.header.size() < 2) return false;
  const TableReader table(header);
  return find_image_column(table) && BoxColumns::find(table);
}

}  // namespace

PredictionSet join_box_csv(const CsvTable& csv, const Dataset& dataset) {
  const TableReader table(csv);
  const auto image_column = find_image_column(table);
  const Column image = image_column ? *image_column : table.need({"image"});
  auto finding_column = find_finding_column(table);
  if (!finding_column && dataset.findings.size() != 1) finding_column = table.need({"finding"});
  const BoxColumns box_columns = BoxColumns::need(table);
  const Column score = table.need({"score", "confidence", "conf", "probability", "prob"});
  Collector collector(dataset);
  if (!finding_column) collector.mention(0);
  for (const CsvRow& row : csv.rows) {
    const std::string item = fmt::format("row {}", row.number);
    const auto box = box_columns.read(table, row);
    const double value = box ? table.number(row, score) : 0.0;
    const auto record = collector.record(table.filled(row, image), item);
    if (!record) continue;
    if (!box && finding_column && table.text(row, *finding_column).empty()) continue;
    const auto finding = finding_column
                             ? collector.finding(table.filled(row, *finding_column), item)
                             : std::optional<std::size_t>(0);
    if (!finding) continue;
    ImagePrediction& prediction = collector.at(*record, *finding);
    if (box && box->area() > 0.0)
      prediction.boxes.push_back({*box, value});
    else if (box)
      collector.skip(item, "the box has no area");
  }
  return collector.finish(csv.file, kName);
}

PredictionFormat box_csv_format() {
  return {kName, "a CSV table with columns for image, finding, box and score", detects_box_csv,
          read_box_csv};
}

}  // namespace chestmap
