#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// Indices into a data set's records; each side sorted by image name, so that it does not depend on
/// the order of the table's rows.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;
};

/// Splits the records at `indices` so that each patient is whole on one side. The patients, sorted
/// by their id and shuffled with `seed`, give their first round(valid_fraction * patients), at
/// least one, to `valid`. Throws UserError for a fraction outside of (0, 1) and where a side would
/// be empty.
[[nodiscard]] Split split_by_patient(const Dataset& dataset, std::span<const std::size_t> indices,
                                     double valid_fraction, std::uint64_t seed);

/// Writes `train.txt` and `valid.txt` (image names, one a line) into `folder`.
void write_split(const std::filesystem::path& folder, const Dataset& dataset, const Split& split);

/// Reads what `write_split` wrote. Throws UserError for a name that the data set does not hold, for
/// an empty list, and for a patient on both sides.
[[nodiscard]] Split read_split(const std::filesystem::path& folder, const Dataset& dataset);

/// The names of two parts, for errors.
struct PartNames {
  std::string first;
  std::string second;
};

/// Throws UserError, naming one patient and how many there are, where a patient has images in both
/// parts.
void check_patients_apart(const Dataset& dataset, std::span<const std::size_t> first,
                          std::span<const std::size_t> second, const PartNames& names);

/// FNV-1a, 64 bits (Fowler, Noll, Vo), over the sorted image names, each followed by a line feed;
/// 16 hexadecimal digits. The same set of images gives the same text, whatever their order.
[[nodiscard]] std::string fingerprint(const Dataset& dataset, std::span<const std::size_t> indices);

/// Of one finding, over some records.
struct LabelCount {
  std::size_t positive = 0;
  std::size_t negative = 0;
  std::size_t unknown = 0;
  friend bool operator==(const LabelCount&, const LabelCount&) = default;
};

/// One a finding of the data set.
[[nodiscard]] std::vector<LabelCount> label_counts(const Dataset& dataset,
                                                   std::span<const std::size_t> indices);
/// Records on which no finding is positive.
[[nodiscard]] std::size_t count_without_finding(const Dataset& dataset,
                                                std::span<const std::size_t> indices);
[[nodiscard]] std::size_t count_patients(const Dataset& dataset,
                                         std::span<const std::size_t> indices);

/// Findings without any positive record at `indices`: a classifier cannot learn them there.
[[nodiscard]] std::vector<std::size_t> never_positive(const Dataset& dataset,
                                                      std::span<const std::size_t> indices);

}  // namespace chestmap
