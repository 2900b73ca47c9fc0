#pragma once

#include <vector>

#include "base/table.h"
#include "data/record.h"

namespace chestmap {

/// The columns of findings of a table that the CheXpert labeller or NegBio wrote: one a finding,
/// with 1 (positive), 0 (negative), -1 (uncertain) or nothing (not mentioned). CheXpert and
/// MIMIC-CXR-JPG have the same 13 beside "No Finding".
class CheXpertColumns {
 public:
  /// Throws UserError where one of them is missing.
  explicit CheXpertColumns(const TableReader& table);

  [[nodiscard]] static const FindingList& findings();
  /// Fills in `labels` and `uncertain`. What is not mentioned is negative.
  void read(const TableReader& table, const CsvRow& row, Record& record) const;

 private:
  std::vector<Column> columns_;
};

}  // namespace chestmap
