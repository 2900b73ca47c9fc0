#include "report/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.h"

namespace chestmap {

namespace {

std::size_t column(const CsvTable& table, std::string_view name) {
  const auto found = std::find(table.header.begin(), table.header.end(), name);
  if (found == table.header.end())
    throw UserError(fmt::format("{}: the column \"{}\" is missing", table.file.string(), name),
                    "the file is expected as `chestmap train` writes it");
  return static_cast<std::size_t>(found - table.header.begin());
}

const std::string& field(const CsvTable& table, const CsvRow& row, std::size_t column) {
  if (row.fields.size() != table.header.size())
    throw UserError(at_row(table.file, row.number,
                           fmt::format("{} fields; {} were expected, as in the header",
                                       row.fields.size(), table.header.size())));
  return row.fields[column];
}

std::optional<double> number_or_empty(const CsvTable& table, const CsvRow& row,
                                      std::size_t column) {
  const std::string& text = field(table, row, column);
  if (text.empty()) return std::nullopt;
  const std::optional<double> value = parse_number(text);
  if (!value)
    throw UserError(
        at_row(table.file, row.number,
               fmt::format("{} is \"{}\"; a number was expected", table.header[column], text)));
  // A diverged loss is written as "nan" or "inf": it has no place on an axis.
  return std::isfinite(*value) ? value : std::nullopt;
}

std::int64_t whole(const CsvTable& table, const CsvRow& row, std::size_t column) {
  constexpr double kMost = 1e9;
  const std::optional<double> value = number_or_empty(table, row, column);
  if (!value || std::floor(*value) != *value || *value < 0 || *value > kMost)
    throw UserError(at_row(table.file, row.number,
                           fmt::format("{} is \"{}\"; a whole number was expected",
                                       table.header[column], row.fields[column])));
  return static_cast<std::int64_t>(*value);
}

template <typename T>
std::size_t place_of(std::vector<T>& seen, const T& value) {
  const auto found = std::find(seen.begin(), seen.end(), value);
  if (found != seen.end()) return static_cast<std::size_t>(found - seen.begin());
  seen.push_back(value);
  return seen.size() - 1;
}

}  // namespace

std::vector<EpochLog> parse_log(const CsvTable& table) {
  const std::size_t epoch = column(table, "epoch");
  const std::size_t train_loss = column(table, "train_loss");
  const std::size_t valid_loss = column(table, "valid_loss");
  const std::size_t valid_auroc = column(table, "valid_auroc");
  std::vector<EpochLog> log;
  for (const CsvRow& row : table.rows)
    log.push_back({whole(table, row, epoch), number_or_empty(table, row, train_loss),
                   number_or_empty(table, row, valid_loss),
                   number_or_empty(table, row, valid_auroc)});
  return log;
}

std::optional<std::int64_t> best_epoch(const std::vector<EpochLog>& log) {
  const EpochLog* best = nullptr;
  for (const EpochLog& epoch : log)
    if (epoch.valid_auroc && (best == nullptr || *epoch.valid_auroc > *best->valid_auroc))
      best = &epoch;
  return best == nullptr ? std::nullopt : std::optional(best->epoch);
}

std::optional<Relevance> parse_relevance(const CsvTable& table, std::optional<std::int64_t> epoch) {
  const std::size_t epoch_column = column(table, "epoch");
  const std::size_t finding_column = column(table, "finding");
  const std::size_t stage_column = column(table, "stage");
  const std::size_t relevance_column = column(table, "relevance");
  if (table.rows.empty()) return std::nullopt;
  Relevance relevance;
  bool found = false;
  for (const CsvRow& row : table.rows) {
    const std::int64_t of = whole(table, row, epoch_column);
    relevance.epoch = std::max(relevance.epoch, of);
    found = found || of == epoch;
  }
  if (found) relevance.epoch = *epoch;
  for (const CsvRow& row : table.rows) {
    if (whole(table, row, epoch_column) != relevance.epoch) continue;
    const std::size_t f = place_of(relevance.findings, field(table, row, finding_column));
    const std::size_t s = place_of(relevance.stages, whole(table, row, stage_column));
    relevance.values.resize(relevance.findings.size());
    if (relevance.values[f].size() <= s) relevance.values[f].resize(s + 1);
    relevance.values[f][s] = number_or_empty(table, row, relevance_column);
  }
  for (auto& values : relevance.values) values.resize(relevance.stages.size());
  return relevance;
}

}  // namespace chestmap
