#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/evaluation.h"
#include "metrics/bootstrap.h"

namespace chestmap {

/// Measures that share their work, by name.
struct NamedStatistics {
  std::vector<std::string> measures;
  Statistics values;
};

/// All measures of one finding, or of a mean over findings, with their resamples.
struct FigureRow {
  std::string finding;
  std::vector<std::string> measures;
  std::vector<Bootstrapped> figures;

  /// Null where the row has no such measure.
  [[nodiscard]] const Bootstrapped* find(std::string_view measure) const;
};

/// Statistics are gathered from every subject, bootstrapped together and handed back in blocks.
class Figures {
 public:
  /// The number of the block, for `row`.
  std::size_t add(std::vector<NamedStatistics> block);
  void bootstrap(const PatientResamples& resamples);
  /// After `bootstrap`.
  [[nodiscard]] FigureRow row(std::size_t block, std::string finding) const;

 private:
  struct Block {
    std::size_t first = 0;
    std::vector<std::string> measures;
  };
  std::vector<Block> blocks_;
  std::size_t measures_ = 0;
  std::vector<Statistics> statistics_;
  std::vector<Bootstrapped> results_;
};

/// The means of those rows of which `takes` says yes, over those in which a measure is defined.
[[nodiscard]] FigureRow mean_row(std::string name, std::span<const FigureRow> rows,
                                 const std::function<bool(const FigureRow&)>& takes);
/// "mean" and "mean_without_cardiomegaly".
[[nodiscard]] FigureRow mean_row(std::span<const FigureRow> rows);
[[nodiscard]] FigureRow mean_without_cardiomegaly(std::span<const FigureRow> rows);

[[nodiscard]] std::vector<MeasureValue> values_of(const FigureRow& row);

}  // namespace chestmap
