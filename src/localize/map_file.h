#pragma once

#include <filesystem>
#include <string>

#include "image/image.h"

namespace chestmap {

/// The range of logits that map files cover. It is fixed, so that files compare with each other;
/// values beyond it are clipped.
inline constexpr float kMapFileLow = -16.0F;
inline constexpr float kMapFileHigh = 16.0F;

/// "IMAGE.FINDING.png" for an image name with or without ending; the name's folders stay, since
/// data sets have images of one name in several, unless they lead upwards.
[[nodiscard]] std::string map_file_name(const std::string& image, const std::string& finding);

/// Writes `map` (logits) as a 16-bit grey PNG: logit = low + value * (high - low) / 65535, with low
/// and high in the tEXt chunks `chestmap:low` and `chestmap:high`.
void write_map(const std::filesystem::path& file, const ImageF& map);

}  // namespace chestmap
