#pragma once

#include "base/csv.h"
#include "predictions/prediction_set.h"

namespace chestmap {

/// Joins a table of detected boxes, a row a box: a column for the image (find_image_column), one
/// for the finding (find_finding_column), four for the box (BoxColumns) and one for the score
/// (score, confidence, conf, probability, prob). A row without a box says that nothing of the
/// finding was detected. Where the data set has one finding, its column may be missing. Throws
/// UserError with file, row and column.
[[nodiscard]] PredictionSet join_box_csv(const CsvTable& csv, const Dataset& dataset);

}  // namespace chestmap
