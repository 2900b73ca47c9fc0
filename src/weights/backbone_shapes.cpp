#include "weights/backbone_shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace chestmap {

namespace {

struct Entry {
  const char* name;
  BackboneShape shape;
};

/// The register of backbones.
const std::vector<Entry>& entries() {
  static const std::vector<Entry> kEntries = {
      {"densenet-compact", DenseNetShape{.stem_channels = 24,
                                         .stem_kernel = 3,
                                         .growth = 16,
                                         .bottleneck = 2,
                                         .layers = {3, 4, 4, 4}}},
      {"densenet121", DenseNetShape{.layers = {6, 12, 24, 16}}},
      {"densenet169", DenseNetShape{.layers = {6, 12, 32, 32}}},
      {"densenet201", DenseNetShape{.layers = {6, 12, 48, 32}}},
      {"resnet18", ResNetShape{.bottleneck = false, .blocks = {2, 2, 2, 2}}},
      {"resnet34", ResNetShape{.bottleneck = false, .blocks = {3, 4, 6, 3}}},
      {"resnet50", ResNetShape{.bottleneck = true, .blocks = {3, 4, 6, 3}}},
  };
  return kEntries;
}

std::vector<StageShape> stages_of(const DenseNetShape& shape) {
  const auto kernel = static_cast<double>(shape.stem_kernel);
  const auto padding = static_cast<double>(shape.stem_kernel / 2);
  Grid grid = Grid{}.after(kernel, 2, padding).after(3, 2, 1);
  std::int64_t width = shape.stem_channels;
  std::vector<StageShape> stages;
  for (const std::int64_t layers : shape.layers) {
    width += layers * shape.growth;
    stages.push_back({width, grid});
    width /= 2;
    grid = grid.after(2, 2, 0);
  }
  return stages;
}

std::vector<StageShape> stages_of(const ResNetShape& shape) {
  Grid grid = Grid{}.after(7, 2, 3).after(3, 2, 1);
  std::vector<StageShape> stages;
  for (std::size_t s = 0; s < shape.blocks.size(); ++s) {
    // The path through the block's strided 3x3 convolution and its 1x1 shortcut agree: both are
    // centred on cell 2 j.
    if (s > 0) grid = grid.after(3, 2, 1);
    const std::int64_t planes = std::int64_t{64} << s;
    stages.push_back({shape.bottleneck ? 4 * planes : planes, grid});
  }
  return stages;
}

}  // namespace

const BackboneShape& backbone_shape(const std::string& name) {
  for (const Entry& entry : entries())
    if (name == entry.name) return entry.shape;
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

std::vector<StageShape> stage_shapes(const BackboneShape& shape) {
  return std::visit([](const auto& known) { return stages_of(known); }, shape);
}

std::vector<StageShape> used_stages(const std::string& backbone,
                                    std::span<const std::int64_t> stages) {
  const std::vector<StageShape> all = stage_shapes(backbone_shape(backbone));
  std::vector<StageShape> used;
  std::int64_t previous = 0;
  for (const std::int64_t stage : stages) {
    if (stage <= previous || stage > static_cast<std::int64_t>(all.size()))
      throw UserError(fmt::format("model.stages = [{}] is not a rising list of stages of {}",
                                  fmt::join(stages, ", "), backbone),
                      fmt::format("{} has the stages 1 to {}", backbone, all.size()));
    used.push_back(all[static_cast<std::size_t>(stage - 1)]);
    previous = stage;
  }
  if (used.empty()) throw UserError("model.stages is empty", "name at least one stage, e.g. [4]");
  return used;
}

std::int64_t pyramid_width(std::span<const StageShape> stages) {
  std::int64_t width = 256;
  for (const StageShape& stage : stages) width = std::min(width, stage.channels);
  return width;
}

}  // namespace chestmap
