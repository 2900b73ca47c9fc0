#pragma once

#include "nn/backbone.h"
#include "weights/backbone_fit.h"

namespace chestmap {

/// Copies what was fitted into the backbone, which keeps its values elsewhere; batch counts that
/// the file lacks become 0. The fit must be of that backbone and its channels, and its WeightFile
/// still there. Throws UserError for values that are not finite.
void load_initial_weights(Backbone& backbone, const BackboneFit& fit);

}  // namespace chestmap
