#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "geometry/box.h"

namespace chestmap {

/// One reader's box of a finding on an image; readers are numbered.
struct ReaderBox {
  std::size_t reader = 0;
  Box box;
};

/// Whether `votes` of `readers` are more than half: 1 of 1, 2 of 2, 2 of 3, 3 of 5.
[[nodiscard]] constexpr bool is_majority(std::size_t votes, std::size_t readers) noexcept {
  return 2 * votes > readers;
}

/// Largest number of boxes of one finding on one image that `consensus_boxes` takes.
inline constexpr std::size_t kMostReaderBoxes = 256;

/// The boxes on which a majority of an image's `readers` agrees, for one finding (our rule;
/// VinDr-CXR publishes none for its training images). Boxes are grouped from the closest pair on:
/// of all pairs of groups that share no reader, the two whose mean boxes have the highest IoU are
/// joined, as long as it is above 0.5. A group with a majority of the readers gives its mean box
/// (the mean of each corner); the others give none. The result does not depend on the order of
/// `boxes`; it is sorted by left edge, then top edge.
[[nodiscard]] std::vector<Box> consensus_boxes(std::span<const ReaderBox> boxes,
                                               std::size_t readers);

}  // namespace chestmap
