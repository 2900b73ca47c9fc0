#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "data/phantom/anatomy.h"

namespace chestmap::phantom {

/// What a lesion does to the ray through a point of the mid-plane.
struct LesionEffect {
  double dense = 0.0;  ///< cm of soft tissue in the place of air
  double empty = 0.0;  ///< share of the lung path that is free air without lung or vessels
  double line = 0.0;   ///< cm of soft tissue of the visceral pleura
};

/// One planted finding: numbers that `lesion_effect` reads. Lengths in cm of the mid-plane.
struct Lesion {
  Finding finding = nodule;
  Side side = right_side;
  int form = 0;  ///< which of the finding's looks
  Point2 centre;
  double half_width = 1.0;  ///< before the turn
  double half_height = 1.0;
  double cosine = 1.0;
  double sine = 0.0;
  double strength = 1.0;  ///< density relative to soft tissue, or cm for clouds
  double wobble = 0.0;    ///< irregularity of the outline
  double phase = 0.0;
  double softness = 1.0;
  std::uint32_t texture = 0;
  double dome_lift = 0.0;  ///< cm that the lesion's loss of volume lifts the diaphragm
};

[[nodiscard]] LesionEffect lesion_effect(const Lesion& lesion, const Anatomy& anatomy, double x,
                                         double y) noexcept;

/// The lesion's shadow: the smallest box, in the 1024 frame, round the points of a grid of 4 pixels
/// where its `dense` is at least a quarter of its largest value (pneumothorax: where free air
/// exceeds 0.8 cm). Cardiomegaly: the heart's outline. Nothing where no point passes.
[[nodiscard]] std::optional<Box> lesion_box(const Lesion& lesion, const Anatomy& anatomy);

/// The part of the 1024 frame outside which the lesion has no effect.
[[nodiscard]] Box lesion_support(const Lesion& lesion, const Anatomy& anatomy);

/// Draws the plan's lesions, one a finding, in the order of the findings, and lifts the diaphragm
/// of `anatomy` where atelectasis does. Cardiomegaly is a lesion without effect: it is in the
/// anatomy.
[[nodiscard]] std::vector<Lesion> draw_lesions(const Plan& plan, Anatomy& anatomy);

}  // namespace chestmap::phantom
