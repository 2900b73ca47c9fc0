#pragma once

#include <span>
#include <string>

#include "weights/fitted.h"

namespace chestmap {

/// Images that are scored, named as a `Fit` names those that it was made on.
struct ScoredImages {
  std::string data;         ///< the data set's name
  std::string split;        ///< "test", "train", "valid", "train_val", "all"
  std::string fingerprint;  ///< of all of the split
};

/// Whether by their names some of the scored images may be among those of the fit, though the two
/// sets are not the same: one split of a data set holds the other, or they have the same name.
[[nodiscard]] bool may_share_images(const Fit& fit, const ScoredImages& scored);

/// Warns of each fit of `owner`, a model or a predictions file, that may share images.
void warn_of_shared_images(const std::string& owner, std::span<const NamedFit> fits,
                           const ScoredImages& scored);

}  // namespace chestmap
