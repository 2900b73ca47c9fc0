#include "localize/map_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/atomic_file.h"
#include "image/codec.h"

namespace chestmap {

std::string map_file_name(const std::string& image, const std::string& finding) {
  const auto name = std::filesystem::path(image).lexically_normal().relative_path();
  const bool upwards = !name.empty() && *name.begin() == "..";
  const std::filesystem::path folder = upwards ? "" : name.parent_path();
  return (folder / (name.stem().string() + "." + finding + ".png")).generic_string();
}

void write_map(const std::filesystem::path& file, const ImageF& map) {
  constexpr float kSteps = 65535.0F;
  Image16 stored = Image16::unset(map.width(), map.height());
  for (std::size_t i = 0; i < map.pixels().size(); ++i) {
    const float share = (map.pixels()[i] - kMapFileLow) / (kMapFileHigh - kMapFileLow);
    // Of a half more, which rounds; `lround` would be a call for each pixel.
    const float half_more = std::clamp(share, 0.0F, 1.0F) * kSteps + 0.5F;
    stored.pixels()[i] = static_cast<std::uint16_t>(half_more);
  }
  const std::array<PngText, 3> text = {{{"chestmap:low", fmt::format("{}", kMapFileLow)},
                                        {"chestmap:high", fmt::format("{}", kMapFileHigh)},
                                        {"Disclaimer", "Research use only. Not for diagnosis."}}};
  write_file(file, encode_png(stored, text));
}

}  // namespace chestmap
