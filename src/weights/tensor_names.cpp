#include "weights/tensor_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace chestmap {

namespace {

using std::string_view_literals::operator""sv;

// What wraps a backbone: DataParallel, torch.compile, Lightning modules, CheXNet's class, momentum
// contrast, and this project's own modules. Taken off from the left, in any order and number.
constexpr auto kPrefixes = std::to_array<std::string_view>({
    "module.",        "model.",    "_orig_mod.",   "net.",          "network.",
    "backbone.",      "encoder.",  "encoder_q.",   "base_encoder.", "feature_extractor.",
    "base_model.",    "trunk.",    "body.",        "cnn.",          "img_encoder.",
    "image_encoder.", "densenet.", "densenet121.", "densenet169.",  "densenet201.",
    "resnet.",        "resnet18.", "resnet34.",    "resnet50.",
});

// torchvision before 0.2.2, which the published DenseNet weights still spell: inside a dense layer.
constexpr auto kOldDenseLayer = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".norm.1.", ".norm1."},
    {".norm.2.", ".norm2."},
    {".conv.1.", ".conv1."},
    {".conv.2.", ".conv2."},
});

// A DenseNet's `features` module alone was saved.
constexpr auto kFeatures =
    std::to_array<std::string_view>({"conv0.", "norm0.", "denseblock", "transition", "norm5."});

// timm's features_only DenseNets.
constexpr std::string_view kFlatFeatures = "features_";

// torch.nn.Sequential(*resnet.children()) numbers the layers; 2 and 3 have no tensors.
constexpr auto kNumberedResNet = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"0.", "conv1."},
    {"1.", "bn1."},
    {"4.", "layer1."},
    {"5.", "layer2."},
    {"6.", "layer3."},
    {"7.", "layer4."},
});

// torchvision's and timm's classifiers, timm's other names for heads, TorchXRayVision's operating
// points, this project's head and pyramid, projection heads of self-supervised training.
constexpr auto kBeside = std::to_array<std::string_view>({
    "classifier.",
    "fc.",
    "head.",
    "head_dist.",
    "heads.",
    "pyramid.",
    "op_threshs",
    "projection.",
    "projector.",
    "predictor.",
    "global_pool.",
    "pool.",
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void replace_in_dense_layer(std::string& name) {
  if (name.find("denselayer") == std::string::npos) return;
  for (const auto& [old, now] : kOldDenseLayer)
    if (const std::size_t at = name.find(old); at != std::string::npos)
      name.replace(at, old.size(), now);
}

/// `4.0.conv1.weight`, but not `0.weight` of a classifier's list: those are told apart by what
/// follows, which torch.nn.Sequential leaves as it was.
void name_numbered_layer(std::string& name) {
  if (name.empty() || !is_digit(name.front())) return;
  for (const auto& [number, layer] : kNumberedResNet)
    if (name.starts_with(number)) {
      name.replace(0, number.size(), layer);
      return;
    }
}

}  // namespace

std::string torchvision_name(std::string_view name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : kPrefixes)
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        again = true;
      }
  }
  std::string out(name);
  replace_in_dense_layer(out);
  if (out.starts_with(kFlatFeatures)) out.replace(0, kFlatFeatures.size(), "features.");
  if (std::any_of(kFeatures.begin(), kFeatures.end(),
                  [&](std::string_view start) { return out.starts_with(start); }))
    out.insert(0, "features.");
  name_numbered_layer(out);
  return out;
}

bool is_beside_backbone(std::string_view name) {
  return std::any_of(kBeside.begin(), kBeside.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}

}  // namespace chestmap
