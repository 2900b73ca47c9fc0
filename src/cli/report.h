#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace chestmap {

/// What `chestmap report` is given.
struct ReportArguments {
  std::vector<std::filesystem::path> runs;  ///< run folders
  std::vector<std::string> names;           ///< one a run; none means the folders' names
  std::filesystem::path out = "report.html";
  std::filesystem::path summary;  ///< JSON; empty means none
  std::string split = "test";
  std::string title = "chestmap report";
  /// Shown at the top. Empty: that the images are simulated, where `data` or the evaluations' data
  /// set name says so.
  std::string notice;
  std::filesystem::path data;  ///< data set folder; empty where it is not known
};

/// Reads the run folders and writes the report, and the summary where it is asked for. Throws
/// UserError naming the file that is missing or not what it should be.
void write_report(const ReportArguments& arguments);

}  // namespace chestmap
