#include "nn/backbone.h"
#include "nn/densenet.h"
#include "nn/resnet.h"

namespace chestmap {

namespace {

struct Make {
  std::int64_t channels;
  std::shared_ptr<Backbone> operator()(const DenseNetShape& shape) const {
    return make_densenet(shape, channels);
  }
  std::shared_ptr<Backbone> operator()(const ResNetShape& shape) const {
    return make_resnet(shape, channels);
  }
};

}  // namespace

std::shared_ptr<Backbone> make_backbone(const std::string& name, std::int64_t channels) {
  return std::visit(Make{channels}, backbone_shape(name));
}

}  // namespace chestmap
