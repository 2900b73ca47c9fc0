#include "predictions/load_map.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/error.h"
#include "image/codec.h"

namespace chestmap {

namespace {

std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span(content.data(), content.size()));
}

std::optional<double> number_in(const std::vector<PngText>& text, std::string_view keyword) {
  for (const PngText& entry : text) {
    if (entry.keyword != keyword) continue;
    const auto value = parse_number(entry.value);
    if (!value || !std::isfinite(*value))
      throw std::runtime_error(
          fmt::format("the text chunk {} holds \"{}\", no finite number", keyword, entry.value));
    return value;
  }
  return std::nullopt;
}

}  // namespace

ImageF decode_map_png(std::span<const std::byte> content) {
  const std::vector<PngText> text = read_png_text(content);
  const auto low = number_in(text, "chestmap:low");
  const auto high = number_in(text, "chestmap:high");
  ImageF map = decode_image(content);
  if (low.has_value() != high.has_value())
    throw std::runtime_error("of the text chunks chestmap:low and chestmap:high one is missing");
  constexpr double kLargest = 1e30;
  if (low && (std::abs(*low) > kLargest || std::abs(*high) > kLargest))
    throw std::runtime_error("the text chunks chestmap:low and chestmap:high are beyond 1e30");
  if (low)
    for (float& value : map.pixels())
      value = static_cast<float>(*low + static_cast<double>(value) * (*high - *low));
  return map;
}

ImageF load_map(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  const std::string ending = file.extension().string();
  try {
    if (ending == ".npy") return decode_npy(bytes_of(content));
    if (ending == ".png") return decode_map_png(bytes_of(content));
  } catch (const std::runtime_error& error) {
    throw UserError(fmt::format("cannot read the map {}: {}", file.string(), error.what()),
                    ending == ".npy" ? "numpy.save writes a readable file" : "");
  }
  throw UserError(
      fmt::format("{} is no map: its name ends in neither .png nor .npy", file.string()));
}

}  // namespace chestmap
