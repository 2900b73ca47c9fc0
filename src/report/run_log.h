#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/csv.h"

namespace chestmap {

/// What a run's log.csv says of an epoch; an empty field is null.
struct EpochLog {
  std::int64_t epoch = 0;  ///< counted from 1
  std::optional<double> train_loss;
  std::optional<double> valid_loss;
  std::optional<double> valid_auroc;  ///< mean over the findings
};

/// Rows of log.csv, in its order. Throws UserError naming the file and the column that is missing,
/// or the row whose field is no number.
[[nodiscard]] std::vector<EpochLog> parse_log(const CsvTable& table);

/// The first epoch of the highest validation AUROC, which is the one whose weights a run keeps;
/// null where no epoch has one.
[[nodiscard]] std::optional<std::int64_t> best_epoch(const std::vector<EpochLog>& log);

/// Layer relevance of each finding and stage after an epoch.
struct Relevance {
  std::int64_t epoch = 0;
  std::vector<std::string> findings;
  std::vector<std::int64_t> stages;  ///< shallow to deep, counted from 1
  /// values[finding][stage], in [0, 1]; null where the table has no such row.
  std::vector<std::vector<std::optional<double>>> values;
};

/// The rows of relevance.csv of `epoch`, or of the last epoch where it is null or has no row; null
/// for a table without rows. Throws UserError as `parse_log` does.
[[nodiscard]] std::optional<Relevance> parse_relevance(const CsvTable& table,
                                                       std::optional<std::int64_t> epoch);

}  // namespace chestmap
