#pragma once

#include <string>

#include "evaluate/evaluation.h"
#include "evaluate/predictions.h"

namespace chestmap {

// Tables of an evaluation. Where it is an oracle's, the names of the subjects that are no controls
// end in " (ORACLE)". What is undefined is empty.

/// One row an image: `image,patient` and the probability of each finding, in digits that read back
/// to the same float.
[[nodiscard]] std::string predictions_csv(const Dataset& dataset, const Predictions& predictions);

/// One row a subject, finding, measure and stratum:
/// `method,stratum,finding,measure,value,low,high,bca_low,bca_high`. Strata are named "view=PA",
/// "size=small"; empty: everything. Means have the finding "mean" or "mean_without_cardiomegaly",
/// all boxes of a stratum together "pooled".
[[nodiscard]] std::string summary_csv(const Evaluation& evaluation);

/// One row a subject, image and finding:
/// `method,image,patient,finding,label,probability,boxes,detected,best_iou,pointing,mask_iou`.
/// Needs `EvaluationOptions::per_image`.
[[nodiscard]] std::string per_image_csv(const Dataset& dataset, const Evaluation& evaluation);

/// One row a resample, one column a subject, finding and measure, named "method|finding|measure";
/// the first column numbers the resamples from 1. Needs `EvaluationOptions::keep_resamples`.
[[nodiscard]] std::string per_resample_csv(const Evaluation& evaluation);

}  // namespace chestmap
