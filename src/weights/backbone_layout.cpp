#include "weights/backbone_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace chestmap {

namespace {

/// Collects tensors as the modules of src/nn register them.
class TensorList {
 public:
  /// The stage of what follows.
  void begin_stage(std::int64_t stage) { stage_ = stage; }

  void convolution(const std::string& name, std::int64_t in, std::int64_t out,
                   std::int64_t kernel) {
    tensors_.push_back({name + ".weight", {out, in, kernel, kernel}, false, stage_});
  }

  void norm(const std::string& name, std::int64_t channels) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"})
      tensors_.push_back({name + part, {channels}, false, stage_});
    tensors_.push_back({name + ".num_batches_tracked", {}, true, stage_});
  }

  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::int64_t stage_ = 1;
  std::vector<ExpectedTensor> tensors_;
};

std::vector<ExpectedTensor> tensors_of(const DenseNetShape& shape, std::int64_t channels) {
  TensorList list;
  list.convolution("features.conv0", channels, shape.stem_channels, shape.stem_kernel);
  list.norm("features.norm0", shape.stem_channels);
  std::int64_t width = shape.stem_channels;
  const std::int64_t narrow = shape.bottleneck * shape.growth;
  for (std::size_t b = 0; b < shape.layers.size(); ++b) {
    for (std::int64_t l = 0; l < shape.layers[b]; ++l, width += shape.growth) {
      const std::string layer = fmt::format("features.denseblock{}.denselayer{}", b + 1, l + 1);
      list.norm(layer + ".norm1", width);
      list.convolution(layer + ".conv1", width, narrow, 1);
      list.norm(layer + ".norm2", narrow);
      list.convolution(layer + ".conv2", narrow, shape.growth, 3);
    }
    if (b + 1 == shape.layers.size()) break;
    const std::string transition = fmt::format("features.transition{}", b + 1);
    list.norm(transition + ".norm", width);
    // A stage ends in its norm; the convolution behind it is what the next one begins with.
    list.begin_stage(static_cast<std::int64_t>(b) + 2);
    list.convolution(transition + ".conv", width, width / 2, 1);
    width /= 2;
  }
  list.norm("features.norm5", width);
  return list.take();
}

void add_residual_block(TensorList& list, const std::string& block, bool bottleneck,
                        std::int64_t in, std::int64_t planes, std::int64_t stride) {
  const std::int64_t out = bottleneck ? 4 * planes : planes;
  if (bottleneck) {
    list.convolution(block + ".conv1", in, planes, 1);
    list.norm(block + ".bn1", planes);
    list.convolution(block + ".conv2", planes, planes, 3);
    list.norm(block + ".bn2", planes);
    list.convolution(block + ".conv3", planes, out, 1);
    list.norm(block + ".bn3", out);
  } else {
    list.convolution(block + ".conv1", in, planes, 3);
    list.norm(block + ".bn1", planes);
    list.convolution(block + ".conv2", planes, planes, 3);
    list.norm(block + ".bn2", planes);
  }
  if (stride != 1 || in != out) {
    list.convolution(block + ".downsample.0", in, out, 1);
    list.norm(block + ".downsample.1", out);
  }
}

std::vector<ExpectedTensor> tensors_of(const ResNetShape& shape, std::int64_t channels) {
  TensorList list;
  list.convolution("conv1", channels, 64, 7);
  list.norm("bn1", 64);
  std::int64_t width = 64;
  for (std::size_t s = 0; s < shape.blocks.size(); ++s) {
    const std::int64_t planes = std::int64_t{64} << s;
    list.begin_stage(static_cast<std::int64_t>(s) + 1);
    for (std::int64_t b = 0; b < shape.blocks[s]; ++b) {
      add_residual_block(list, fmt::format("layer{}.{}", s + 1, b), shape.bottleneck, width, planes,
                         b == 0 && s > 0 ? 2 : 1);
      width = shape.bottleneck ? 4 * planes : planes;
    }
  }
  return list.take();
}

}  // namespace

const std::vector<BackboneLayout>& backbone_layouts() {
  static const std::vector<BackboneLayout> kLayouts = {
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
  return kLayouts;
}

std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const BackboneLayout& layout : backbone_layouts()) names.push_back(layout.name);
  return names;
}

const BackboneLayout& backbone_layout(const std::string& name) {
  for (const BackboneLayout& layout : backbone_layouts())
    if (layout.name == name) return layout;
  const std::string near = nearest_word(name, backbone_names());
  throw UserError(fmt::format("unknown backbone \"{}\"", name),
                  near.empty() ? fmt::format("known: {}", fmt::join(backbone_names(), ", "))
                               : fmt::format("did you mean \"{}\"?", near));
}

std::vector<ExpectedTensor> backbone_tensors(const BackboneLayout& layout, std::int64_t channels) {
  return std::visit([&](const auto& shape) { return tensors_of(shape, channels); }, layout.shape);
}

std::string first_convolution(const BackboneLayout& layout) {
  return std::holds_alternative<DenseNetShape>(layout.shape) ? "features.conv0.weight"
                                                             : "conv1.weight";
}

}  // namespace chestmap
