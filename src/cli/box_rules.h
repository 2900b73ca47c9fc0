#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/record.h"
#include "localize/backend.h"

namespace chestmap {

/// The name by which `Fit::method` says that box levels were fitted to expected areas.
inline constexpr const char* kAreaPrior = "area-prior";
/// The rule that needs a level, and so has one fitted for maps of gradients as well.
inline constexpr const char* kMedianPeak = "median_peak";

/// One rule a kind of map (those made of gradients under kMedianPeak alone) and finding of the
/// model: `rule`, and the level at which boxes on the
/// images of `records` that show the finding have the expected area (of `areas`, one a finding,
/// over the frame's). Only labels are looked at, no box. The data set's findings are the model's.
/// Findings without such an image are warned of, and keep a level in the middle.
[[nodiscard]] std::map<std::string, std::vector<BoxRuleSpec>> fitted_box_rules(
    Backend& backend, const Dataset& dataset, const std::vector<std::size_t>& records,
    const std::string& rule, const std::vector<double>& areas);

/// What the metadata say of such a fit.
[[nodiscard]] std::string box_rule_provenance(const Fit& fit);

}  // namespace chestmap
