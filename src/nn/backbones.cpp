#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "base/error.h"
#include "nn/backbone.h"
#include "nn/densenet.h"
#include "nn/resnet.h"

namespace chestmap {

namespace {

struct Entry {
  const char* name;
  std::function<std::shared_ptr<Backbone>(std::int64_t channels)> make;
};

std::function<std::shared_ptr<Backbone>(std::int64_t)> densenet(DenseNetShape shape) {
  return
      [shape = std::move(shape)](std::int64_t channels) { return make_densenet(shape, channels); };
}

std::function<std::shared_ptr<Backbone>(std::int64_t)> resnet(ResNetShape shape) {
  return [shape](std::int64_t channels) { return make_resnet(shape, channels); };
}

/// The register: a new backbone is a new file that derives from Backbone, and one line here.
const std::vector<Entry>& entries() {
  static const std::vector<Entry> kEntries = {
      {"densenet-compact", densenet({.stem_channels = 24,
                                     .stem_kernel = 3,
                                     .growth = 16,
                                     .bottleneck = 2,
                                     .layers = {3, 4, 4, 4}})},
      {"densenet121", densenet({.layers = {6, 12, 24, 16}})},
      {"densenet169", densenet({.layers = {6, 12, 32, 32}})},
      {"densenet201", densenet({.layers = {6, 12, 48, 32}})},
      {"resnet18", resnet({.bottleneck = false, .blocks = {2, 2, 2, 2}})},
      {"resnet34", resnet({.bottleneck = false, .blocks = {3, 4, 6, 3}})},
      {"resnet50", resnet({.bottleneck = true, .blocks = {3, 4, 6, 3}})},
  };
  return kEntries;
}

}  // namespace

std::shared_ptr<Backbone> make_backbone(const std::string& name, std::int64_t channels) {
  for (const Entry& entry : entries())
    if (name == entry.name) return entry.make(channels);
  const std::string near = nearest_word(name, backbone_names());
  throw UserError(fmt::format("unknown backbone \"{}\"", name),
                  near.empty() ? fmt::format("known: {}", fmt::join(backbone_names(), ", "))
                               : fmt::format("did you mean \"{}\"?", near));
}

std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

}  // namespace chestmap
