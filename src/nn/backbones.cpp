#include "nn/backbone.h"
#include "nn/densenet.h"
#include "nn/resnet.h"
#include "weights/backbone_layout.h"

namespace chestmap {

namespace {

std::shared_ptr<Backbone> make(const DenseNetShape& shape, std::int64_t channels) {
  return make_densenet(shape, channels);
}

std::shared_ptr<Backbone> make(const ResNetShape& shape, std::int64_t channels) {
  return make_resnet(shape, channels);
}

}  // namespace

std::shared_ptr<Backbone> make_backbone(const std::string& name, std::int64_t channels) {
  return std::visit([&](const auto& shape) { return make(shape, channels); },
                    backbone_layout(name).shape);
}

}  // namespace chestmap
