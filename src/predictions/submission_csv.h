#pragma once

#include "base/csv.h"
#include "predictions/prediction_set.h"

namespace chestmap {

/// Joins a table as Kaggle's challenges take it: an image and a `PredictionString` of numbers,
/// separated by blanks. By the header of the image's column:
/// - `image_id` (VinBigData): groups of class, confidence, x_min, y_min, x_max, y_max; the class is
///   a category number (`Dataset::category_ids`);
/// - `patientId` (RSNA Pneumonia): groups of confidence, x, y, width, height, for a data set of one
///   finding.
/// An empty text says that nothing was detected. Throws UserError with file, row and column.
[[nodiscard]] PredictionSet join_submission_csv(const CsvTable& csv, const Dataset& dataset);

}  // namespace chestmap
