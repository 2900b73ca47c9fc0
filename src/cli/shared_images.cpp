#include "cli/shared_images.h"

#include "base/log.h"

namespace chestmap {

bool may_share_images(const Fit& fit, const ScoredImages& scored) {
  if (fit.data != scored.data || fit.fingerprint == scored.fingerprint) return false;
  if (scored.split == "all" || fit.split == "all" || fit.split == scored.split) return true;
  const auto is_part = [](const std::string& split) {
    return split == "train" || split == "valid";
  };
  return (scored.split == "train_val" && is_part(fit.split)) ||
         (fit.split == "train_val" && is_part(scored.split));
}

void warn_of_shared_images(const std::string& owner, std::span<const NamedFit> fits,
                           const ScoredImages& scored) {
  for (const NamedFit& fitted : fits)
    if (may_share_images(fitted.fit, scored))
      warn(
          "{} of {} ({}): fitted on the {} split of {}, which is another set of images than the "
          "one "
          "that is scored ({}), but may share some with it: if so, the figures say too much",
          fitted.what, owner, fitted.fit.method, fitted.fit.split, fitted.fit.data, scored.split);
}

}  // namespace chestmap
