#pragma once

#include "data/phantom/plan.h"
#include "image/image.h"

namespace chestmap::phantom {

/// From attenuation along the rays to the picture a reader sees: focal blur, scatter, quantum
/// noise, logarithm, edge enhancement, display curve. `per_cm` is in pixels. The result is in
/// [0, 1].
[[nodiscard]] ImageF expose(const ImageF& attenuation, double per_cm, const Plan& plan);

/// A blur of about the given standard deviation (pixels): three running means along each axis, the
/// edge repeated.
void blur(ImageF& image, double deviation);

}  // namespace chestmap::phantom
