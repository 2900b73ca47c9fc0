#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chestmap {

/// A named array in row-major order. `dtype` is safetensors' name: "F32", "F16", "BF16", "I64", ...
struct TensorView {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

/// Bits of one element of a safetensors type (4 and 6 are packed), or none for an unknown name.
[[nodiscard]] std::optional<std::size_t> bits_of_dtype(std::string_view dtype);

/// Elements of a shape; none where a side is negative or the product overflows.
[[nodiscard]] std::optional<std::size_t> elements_of(std::span<const std::int64_t> shape);

/// Bytes of a row-major array; none where `elements_of` is none, the type is unknown, or packed
/// elements do not fill whole bytes.
[[nodiscard]] std::optional<std::size_t> bytes_of_array(std::string_view dtype,
                                                        std::span<const std::int64_t> shape);

}  // namespace chestmap
