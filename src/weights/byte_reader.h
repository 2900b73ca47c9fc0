#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace chestmap {

static_assert(std::endian::native == std::endian::little,
              "numbers in weight files are little-endian and are copied as they stand");

/// The number at `offset` of a little-endian file, at any alignment; none where it would reach
/// beyond the end.
template <typename T>
requires std::integral<T> || std::floating_point<T>
[[nodiscard]] std::optional<T> number_at(std::span<const std::byte> bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// `length` bytes from `offset`; none where they would reach beyond the end.
[[nodiscard]] inline std::optional<std::span<const std::byte>> bytes_at(
    std::span<const std::byte> bytes, std::size_t offset, std::size_t length) {
  if (offset > bytes.size() || bytes.size() - offset < length) return std::nullopt;
  return bytes.subspan(offset, length);
}

}  // namespace chestmap
