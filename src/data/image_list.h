#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// From an image's name to its place in a vector of records.
using ImageIndex = std::unordered_map<std::string, std::size_t>;
[[nodiscard]] ImageIndex image_index(std::span<const Record> records);

/// Reads a list of image names, one a line (blank lines and CRLF are accepted), to their places, in
/// the list's order. A name that `index` does not hold, or that the list holds twice, is a
/// UserError with file and row.
[[nodiscard]] std::vector<std::size_t> read_image_list(const std::filesystem::path& file,
                                                       const ImageIndex& index);

/// Writes the images' names, one a line, in the order of `indices`.
void write_image_list(const std::filesystem::path& file, const Dataset& dataset,
                      std::span<const std::size_t> indices);

}  // namespace chestmap
