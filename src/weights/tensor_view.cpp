#include "weights/tensor_view.h"

#include <array>
#include <utility>

namespace chestmap {

std::optional<std::size_t> bits_of_dtype(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 23> kBits{
      {{"F64", 64},        {"F32", 32},        {"F16", 16},    {"BF16", 16},   {"F8_E4M3", 8},
       {"F8_E5M2", 8},     {"F8_E8M0", 8},     {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4},
       {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I64", 64},    {"I32", 32},    {"I16", 16},
       {"I8", 8},          {"U64", 64},        {"U32", 32},    {"U16", 16},    {"U8", 8},
       {"BOOL", 8},        {"C64", 64},        {"C128", 128}}};
  for (const auto& [name, bits] : kBits)
    if (dtype == name) return bits;
  return std::nullopt;
}

std::optional<std::size_t> elements_of(std::span<const std::int64_t> shape) {
  std::size_t elements = 1;
  bool overflow = false;
  bool none = false;
  for (const std::int64_t side : shape) {
    if (side < 0) return std::nullopt;
    none = none || side == 0;
    overflow =
        overflow || __builtin_mul_overflow(elements, static_cast<std::size_t>(side), &elements);
  }
  if (none) return 0;
  return overflow ? std::nullopt : std::optional(elements);
}

std::optional<std::size_t> bytes_of_array(std::string_view dtype,
                                          std::span<const std::int64_t> shape) {
  const auto bits = bits_of_dtype(dtype);
  const auto elements = elements_of(shape);
  std::size_t total = 0;
  if (!bits || !elements || __builtin_mul_overflow(*bits, *elements, &total) || total % 8 != 0)
    return std::nullopt;
  return total / 8;
}

}  // namespace chestmap
