#include "data/column_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/table.h"
#include "data/image_files.h"
#include "data/table_file.h"

namespace chestmap {

namespace {

using Texts = std::vector<std::string>;

constexpr std::array<const char*, 8> kImageKeys = {"image", "patient",     "age",          "sex",
                                                   "view",  "image_width", "image_height", "split"};

Config column_config() {
  std::vector<ConfigKey> keys = {
      {"table", std::string("labels.csv"), "The table, beside this file; also .gz"},
      {"findings", Texts{}, "FINDING=COLUMN, e.g. [\"Effusion=eff\", \"Cardiomegaly=heart\"]"},
      {"positive", Texts{"1", "1.0"}, "Cells that say that the finding is there"},
      {"negative", Texts{"0", "0.0"}, "Cells that say that it is not"},
      {"uncertain", Texts{"-1", "-1.0"}, "Cells that say that it may be there"},
  };
  for (const char* key : kImageKeys)
    keys.push_back({key, std::string(key == std::string_view("image") ? "image" : ""),
                    "Column with that of the image; empty: there is none"});
  return Config(std::move(keys));
}

/// A column of the plain table and what it comes from.
struct Source {
  std::string name;
  Column column;
};

std::vector<Source> image_sources(const Config& config, const TableReader& table) {
  std::vector<Source> sources;
  for (const char* key : kImageKeys)
    if (const std::string& name = config.text(key); !name.empty())
      sources.push_back({key, table.need({name})});
  return sources;
}

std::vector<Source> finding_sources(const Config& config, const TableReader& table,
                                    const std::string& origin) {
  std::vector<Source> sources;
  for (const std::string& entry : config.get<Texts>("findings")) {
    const std::size_t equals = entry.find('=');
    const std::string finding(trimmed(entry.substr(0, equals)));
    if (equals == std::string::npos || finding.empty())
      throw UserError(fmt::format("{}: findings: \"{}\" is not FINDING=COLUMN", origin, entry),
                      "for example \"Effusion=eff\"");
    sources.push_back({finding, table.need({trimmed(std::string_view(entry).substr(equals + 1))})});
  }
  if (sources.empty())
    throw UserError(origin + ": findings names no column",
                    "for example findings = [\"Effusion=eff\", \"Cardiomegaly=heart\"]");
  return sources;
}

/// The plain form of a finding's cell.
class Labels {
 public:
  explicit Labels(const Config& config)
      : positive_(config.get<Texts>("positive")),
        negative_(config.get<Texts>("negative")),
        uncertain_(config.get<Texts>("uncertain")) {}

  [[nodiscard]] std::string plain(const TableReader& table, const CsvRow& row,
                                  const Column& column) const {
    const std::string_view cell = table.text(row, column);
    const auto among = [cell](const Texts& texts) {
      return std::find(texts.begin(), texts.end(), cell) != texts.end();
    };
    if (cell.empty()) return {};
    if (among(positive_)) return "1";
    if (among(negative_)) return "0";
    if (among(uncertain_)) return "-1";
    table.fail(row, column,
               fmt::format("\"{}\" is none of the cells that {} knows: {}", cell, kColumnMapFile,
                           fmt::join(Texts{fmt::format("{}", fmt::join(positive_, ", ")),
                                           fmt::format("{}", fmt::join(negative_, ", ")),
                                           fmt::format("{}", fmt::join(uncertain_, ", "))},
                                     "; ")),
               "its keys positive, negative and uncertain list them");
  }

 private:
  Texts positive_;
  Texts negative_;
  Texts uncertain_;
};

}  // namespace

CsvTable read_mapped_table(const std::filesystem::path& columns_toml) {
  Config config = column_config();
  config.load(columns_toml);
  const std::string& name = config.text("table");
  const auto file = find_table(folder_of(columns_toml), name);
  if (!file)
    throw UserError(fmt::format("{}: the table {} is not there", columns_toml.string(), name),
                    "the key table names a file beside columns.toml");
  const CsvTable csv = read_table(*file);
  const TableReader table(csv);
  const std::vector<Source> images = image_sources(config, table);
  const std::vector<Source> findings = finding_sources(config, table, columns_toml.string());
  const Labels labels(config);
  CsvTable plain{*file, {}, {}};
  for (const Source& source : images) plain.header.push_back(source.name);
  for (const Source& source : findings) plain.header.push_back(source.name);
  for (const CsvRow& row : csv.rows) {
    CsvRow& to = plain.rows.emplace_back(CsvRow{row.number, {}});
    for (const Source& source : images) to.fields.emplace_back(table.text(row, source.column));
    for (const Source& source : findings)
      to.fields.push_back(labels.plain(table, row, source.column));
  }
  return plain;
}

}  // namespace chestmap
