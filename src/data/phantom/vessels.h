#pragma once

#include "data/phantom/canvas.h"

namespace chestmap::phantom {

/// Adds both lungs' vessel trees, in cm of soft tissue; whether lung lies there is the caller's to
/// weigh.
void add_vessels(ImageF& vessels, const Canvas& canvas, const Plan& plan);

/// Adds the windpipe and main bronchi, in cm of air.
void add_airways(ImageF& air, const Canvas& canvas, const Plan& plan);

}  // namespace chestmap::phantom
