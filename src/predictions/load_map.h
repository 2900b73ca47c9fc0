#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "image/image.h"

namespace chestmap {

/// Reads a map, told by its ending:
/// - PNG of 16 bits with the tEXt chunks `chestmap:low` and `chestmap:high`, as `chestmap` writes
///   it: low + value * (high - low) / 65535 (logits);
/// - any other PNG: value / 65535 or value / 255, in [0, 1]; colour by its luma;
/// - `.npy`: the values themselves (see decode_npy).
/// Cells tile the record's frame evenly (MapView). Throws UserError with the file's name, among
/// other things for a value that is no finite number.
[[nodiscard]] ImageF load_map(const std::filesystem::path& file);

/// The map of a PNG file's content, as `load_map` has it. Throws std::runtime_error with the
/// reason.
[[nodiscard]] ImageF decode_map_png(std::span<const std::byte> content);

/// The array of a NumPy `.npy` file of version 1, 2 or 3 (numpy.lib.format): dtype f2, f4, f8, u1,
/// u2 or i4 of either byte order, C or Fortran order, of shape (height, width), also with axes of
/// length 1 before or behind them. Its size is checked against the content's before anything is
/// allocated. Throws std::runtime_error with the reason and, where it has one, the offset.
[[nodiscard]] ImageF decode_npy(std::span<const std::byte> content);

}  // namespace chestmap
