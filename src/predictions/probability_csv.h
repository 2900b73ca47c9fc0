#pragma once

#include "base/csv.h"
#include "predictions/prediction_set.h"

namespace chestmap {

/// Joins a table of probabilities in [0, 1], in one of two shapes:
/// - wide, as `chestmap evaluate` writes it: a column for the image (find_image_column) and one a
///   finding; other columns are set aside, but that of the patient;
/// - long: columns for the image, the finding (find_finding_column) and the probability
///   (probability, prob, score).
/// An image and finding that is there twice is a UserError, as is a cell that is no such number,
/// each with file, row and column.
[[nodiscard]] PredictionSet join_probability_csv(const CsvTable& csv, const Dataset& dataset);

}  // namespace chestmap
