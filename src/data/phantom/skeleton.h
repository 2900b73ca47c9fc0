#pragma once

#include "data/phantom/canvas.h"

namespace chestmap::phantom {

/// Adds the ribs, spine, clavicles, shoulder blades and upper arms to `bone`, in cm of bone.
void add_skeleton(ImageF& bone, const Canvas& canvas, const Plan& plan);

}  // namespace chestmap::phantom
