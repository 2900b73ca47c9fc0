#pragma once

#include <string>

#include "evaluate/evaluation.h"
#include "evaluate/predictions.h"

namespace chestmap {

/// One row an image: `image,patient` and the probability of each finding, in digits that read back
/// to the same float.
[[nodiscard]] std::string predictions_csv(const Dataset& dataset, const Predictions& predictions);

/// One row a method, finding and measure: `method,finding,measure,value,low,high`. The classifier's
/// rows carry the method "classifier"; means, the finding "mean" or "mean_without_cardiomegaly".
/// What is undefined is empty.
[[nodiscard]] std::string summary_csv(const Evaluation& evaluation);

}  // namespace chestmap
