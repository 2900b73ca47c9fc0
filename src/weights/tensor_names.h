#pragma once

#include <string>
#include <string_view>

namespace chestmap {

/// torchvision's name of a tensor that another program called `name`, by the table in
/// tensor_names.cpp: wrapping prefixes are taken off ("module.", "model.", "densenet121.",
/// "backbone.", ...), the old DenseNet spelling is mended ("norm.1" to "norm1"), and layers that
/// were numbered by a torch.nn.Sequential, or that lack "features.", get their names.
[[nodiscard]] std::string torchvision_name(std::string_view name);

/// Whether a tensor of that (torchvision's) name belongs to what stands on a backbone or beside it
/// - a classifier, a head, thresholds - and is left out without complaint.
[[nodiscard]] bool is_beside_backbone(std::string_view torchvision_name);

}  // namespace chestmap
