#include "weights/stage_shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace chestmap {

namespace {

std::vector<StageShape> stages_of(const DenseNetShape& shape) {
  const auto kernel = static_cast<double>(shape.stem_kernel);
  const std::int64_t half = shape.stem_kernel / 2;
  const auto padding = static_cast<double>(half);
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

std::vector<StageShape> stage_shapes(const BackboneLayout& layout) {
  return std::visit([](const auto& shape) { return stages_of(shape); }, layout.shape);
}

std::vector<StageShape> used_stages(const std::string& backbone,
                                    std::span<const std::int64_t> stages) {
  const std::vector<StageShape> all = stage_shapes(backbone_layout(backbone));
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
