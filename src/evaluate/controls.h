#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "evaluate/predictions.h"

namespace chestmap {

// Methods that never see the image. What they score is the share of a figure that the sizes and
// places of the boxes give away.

/// One box over the centre half of each frame, (256, 256, 512, 512) of 1024 x 1024, its peak in the
/// centre. `findings` is the number of findings of the `Predictions`.
[[nodiscard]] LocalizationMethod centre_box_control(const Dataset& dataset,
                                                    std::span<const std::size_t> boxed,
                                                    std::size_t findings);

/// A map of independent normal values on a 7 x 7 grid, interpolated bilinearly to 56 x 56 and boxed
/// by each finding's rule of `rules`. A finding has 1,024 such maps, and the image's name says
/// which of them is its own: each result is a function of (seed, draw, name, finding's index)
/// alone. Several draws show the spread; draws after the first carry their number in the name.
[[nodiscard]] LocalizationMethod random_map_control(const Dataset& dataset,
                                                    std::span<const std::size_t> boxed,
                                                    std::span<const BoxRule> rules,
                                                    std::uint64_t seed, std::uint64_t draw = 0);

/// For each image and finding one box, the median x, y, width and height, each over the frame's
/// side, of the finding's boxes of all other patients among `boxed`; its peak in the box's centre.
/// It never sees the image but uses the boxes that it is scored on, the own patient's left out.
/// Where no other patient has a box of the finding there is none, and the peak is the frame's
/// centre. Findings are joined with the data set's by name. An image whose patient is not known
/// counts as a patient of its own.
[[nodiscard]] LocalizationMethod median_box_control(const Dataset& dataset,
                                                    std::span<const std::size_t> boxed,
                                                    const FindingList& findings);

}  // namespace chestmap
