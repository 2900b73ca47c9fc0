#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "weights/tensor_view.h"

namespace chestmap {

/// A tensor of a checkpoint, where it lies in the file: element (i, j, ...) is the one at
/// i strides[0] + j strides[1] + ... of `data`.
struct StoredTensor {
  std::string name;
  std::string dtype;  ///< safetensors' name
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< elements, none negative; as many as `shape` has sides
  std::span<const std::byte> data;    ///< from the first element to the end of the last
  bool big_endian = false;

  /// Bytes of its elements, each counted once a place in the shape.
  [[nodiscard]] std::size_t bytes() const;
};

/// Strides of a row-major tensor.
[[nodiscard]] std::vector<std::int64_t> row_major_strides(std::span<const std::int64_t> shape);

/// Whether `data` is the row-major, little-endian array as it stands.
[[nodiscard]] bool is_plain(const StoredTensor& tensor);

/// The elements as a row-major, little-endian array.
[[nodiscard]] std::vector<std::byte> row_major_bytes(const StoredTensor& tensor);

/// Whether `floats_of` reads the type: every float and integer type and BOOL, but no complex and no
/// packed ones.
[[nodiscard]] bool is_convertible(std::string_view dtype);

/// The elements as single precision, in row-major order, rounded to nearest. The type must be
/// convertible.
[[nodiscard]] std::vector<float> floats_of(const StoredTensor& tensor);

/// The elements as whole numbers, in row-major order; fractions are cut off, and what does not fit
/// becomes the nearest that does (0 for NaN). The type must be convertible.
[[nodiscard]] std::vector<std::int64_t> wholes_of(const StoredTensor& tensor);

}  // namespace chestmap
