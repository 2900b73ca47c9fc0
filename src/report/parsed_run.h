#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/report.h"
#include "report/run_log.h"
#include "report/scores.h"

namespace chestmap {

/// A run of the input with its documents read. Points into the input, which must outlive it.
struct ParsedRun {
  const ReportRun* run = nullptr;
  RunScores scores;
  std::vector<EpochLog> log;
  std::optional<std::int64_t> best_epoch;
  std::optional<Relevance> relevance;  ///< of the best epoch; of the last where that is not known
  std::string colour;                  ///< of the run in every chart, "#rrggbb"
};

/// Throws UserError as `report_html` does, also where there is no run or two have the same name.
[[nodiscard]] std::vector<ParsedRun> parse_runs(const ReportInput& input);

}  // namespace chestmap
