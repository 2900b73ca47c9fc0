#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/csv.h"

namespace chestmap {

/// A picture of the report's gallery.
struct GalleryItem {
  std::string image;    ///< name of the picture
  std::string png;      ///< content of a PNG file
  std::string caption;  ///< may be empty
};

/// One trained model and what was measured of it.
struct ReportRun {                    // NOLINT(bugprone-exception-escape): moving JSON may throw
  std::string name;                   ///< e.g. "multiscale"; unlike the other runs' names
  nlohmann::ordered_json evaluation;  ///< format of docs/evaluation-json.md, version 1
  std::optional<CsvTable> log;        ///< log.csv of a run folder
  std::optional<CsvTable> relevance;  ///< relevance.csv of a run folder
  std::optional<std::string> config;  ///< config.toml of a run folder, shown as it is
  /// What else is known of the model's making, e.g. fingerprints of its splits: name and value.
  std::vector<std::pair<std::string, std::string>> provenance;
  std::vector<GalleryItem> gallery;
  std::string evaluation_file;  ///< what errors call the evaluation; empty: by the run's name
};

/// What a report is made of; at least one run.
struct ReportInput {
  std::string title = "chestmap report";
  std::string notice;   ///< shown at the top, e.g. that the images are simulated; may be empty
  std::string program;  ///< name and version of the program that writes the report; may be empty
  std::vector<ReportRun> runs;
};

/// One HTML document that needs no other file and no network: styles, charts (SVG) and pictures are
/// inside, and there is no script. Measures that are undefined are shown as an en dash; the first
/// method of a run stands for it where runs are compared. All text of the input is escaped.
///
/// Throws UserError naming the run and the key, or the file, row and column, that is missing or not
/// as its format says.
[[nodiscard]] std::string report_html(const ReportInput& input);

/// The figures that runs are compared by, for programs; docs/report.md describes the keys. Throws
/// as `report_html` does.
[[nodiscard]] nlohmann::ordered_json summary_json(const ReportInput& input);

}  // namespace chestmap
