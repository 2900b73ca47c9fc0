#include "localize/map_source.h"

namespace chestmap {

Differentiated& MapSource::differentiated() {
  if (!differentiated_) differentiated_ = backend_.differentiate(image_);
  return *differentiated_;
}

const std::vector<FeatureMaps>& MapSource::features() { return differentiated().features(); }

const std::vector<FeatureMaps>& MapSource::gradients(std::size_t finding) {
  if (finding_ != finding) {
    gradients_ = differentiated().gradients(finding);
    finding_ = finding;
  }
  return gradients_;
}

}  // namespace chestmap
