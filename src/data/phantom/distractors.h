#pragma once

#include "data/phantom/canvas.h"

namespace chestmap::phantom {

/// Adds what looks like a finding and is none, in cm of soft tissue: nipple shadows, skin folds,
/// small scars, folds of clothing. Independent of the findings.
void add_distractors(ImageF& soft, const Canvas& canvas, const Plan& plan);

/// Adds wires, electrodes, catheters, tubes and pacemakers, as attenuation; mostly in bedridden
/// patients. Independent of the findings.
void add_devices(ImageF& attenuation, const Canvas& canvas, const Plan& plan);

/// Draws the side marker and the shutter's border onto the finished image.
void add_marks(ImageF& image, const Canvas& canvas, const Plan& plan);

}  // namespace chestmap::phantom
