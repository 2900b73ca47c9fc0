#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chestmap {

/// An image and a finding that the name of a map file may stand for.
struct MapName {
  std::string image;
  std::string finding;
};

/// The ways to read "IMAGE.FINDING" or "IMAGE_FINDING", also with "_map" behind it (as CheXlocalize
/// names its maps), the file's ending taken off. Images and findings may hold points and
/// underscores themselves, so that there are several; the longest finding comes first, points
/// before underscores.
[[nodiscard]] std::vector<MapName> possible_map_names(std::string_view name);

}  // namespace chestmap
