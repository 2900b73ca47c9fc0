#include "weights/stored_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "weights/byte_reader.h"
#include "weights/small_float.h"

namespace chestmap {

namespace {

/// Calls `take(byte offset)` for every element in row-major order.
template <typename Take>
void for_each_element(const StoredTensor& tensor, std::size_t item, const Take& take) {
  const std::size_t count = elements_of(tensor.shape).value_or(0);
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  std::int64_t place = 0;
  for (std::size_t i = 0; i < count; ++i) {
    take(static_cast<std::size_t>(place) * item);
    for (std::size_t d = index.size(); d-- > 0;) {
      place += tensor.strides[d];
      if (++index[d] < tensor.shape[d]) break;
      place -= tensor.strides[d] * tensor.shape[d];
      index[d] = 0;
    }
  }
}

/// Numbers of type T through `convert`, from a row-major little-endian array.
template <typename T, typename Out, typename Convert>
std::vector<Out> converted(std::span<const std::byte> bytes, const Convert& convert) {
  std::vector<Out> out(bytes.size() / sizeof(T));
  const std::byte* at = bytes.data();
  for (Out& value : out) {
    T number;
    std::memcpy(&number, at, sizeof number);
    value = convert(number);
    at += sizeof number;
  }
  return out;
}

template <typename Out, typename Convert>
std::vector<Out> elements_as(std::string_view dtype, std::span<const std::byte> bytes,
                             const Convert& convert) {
  const auto from = [&]<typename T>(T /*example*/) { return converted<T, Out>(bytes, convert); };
  const auto by = [&]<typename T>(T /*example*/, auto widen) {
    return converted<T, Out>(bytes, [&](T bits) { return convert(widen(bits)); });
  };
  if (dtype == "F32") return from(float{});
  if (dtype == "F64") return from(double{});
  if (dtype == "F16") return by(std::uint16_t{}, float_of_half);
  if (dtype == "BF16") return by(std::uint16_t{}, float_of_bfloat16);
  if (dtype == "F8_E4M3") return by(std::uint8_t{}, float_of_e4m3);
  if (dtype == "F8_E5M2") return by(std::uint8_t{}, float_of_e5m2);
  if (dtype == "I64") return from(std::int64_t{});
  if (dtype == "I32") return from(std::int32_t{});
  if (dtype == "I16") return from(std::int16_t{});
  if (dtype == "I8") return from(std::int8_t{});
  if (dtype == "U64") return from(std::uint64_t{});
  if (dtype == "U32") return from(std::uint32_t{});
  if (dtype == "U16") return from(std::uint16_t{});
  if (dtype == "U8" || dtype == "BOOL") return from(std::uint8_t{});
  throw std::invalid_argument("this type is not convertible");
}

/// As `row_major_bytes`, without a copy where none is needed.
class RowMajor {
 public:
  explicit RowMajor(const StoredTensor& tensor) {
    if (is_plain(tensor)) {
      bytes_ = tensor.data;
    } else {
      copy_ = row_major_bytes(tensor);
      bytes_ = copy_;
    }
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> copy_;
  std::span<const std::byte> bytes_;
};

template <typename T>
std::int64_t nearest_whole(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return 0;
    if (value >= static_cast<T>(0x1p63)) return std::numeric_limits<std::int64_t>::max();
    if (value < static_cast<T>(-0x1p63)) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
  } else {
    return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value)
                                              : std::numeric_limits<std::int64_t>::max();
  }
}

}  // namespace

std::size_t StoredTensor::bytes() const { return bytes_of_array(dtype, shape).value_or(0); }

std::vector<std::int64_t> row_major_strides(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  // A shape with a side of 0 has no element, whatever its other sides claim.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return strides;
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

bool is_plain(const StoredTensor& tensor) {
  if (tensor.big_endian && bits_of_dtype(tensor.dtype) != 8U) return false;
  if (elements_of(tensor.shape) == 0U) return true;
  std::int64_t expected = 1;
  for (std::size_t d = tensor.shape.size(); d-- > 0;) {
    // The stride along a side of 1 is never used.
    if (tensor.shape[d] != 1 && tensor.strides[d] != expected) return false;
    expected *= tensor.shape[d];
  }
  return true;
}

std::vector<std::byte> row_major_bytes(const StoredTensor& tensor) {
  if (is_plain(tensor)) return {tensor.data.begin(), tensor.data.end()};
  const std::size_t item = bits_of_dtype(tensor.dtype).value_or(8) / 8;
  std::vector<std::byte> out;
  out.reserve(tensor.bytes());
  for_each_element(tensor, item, [&](std::size_t at) {
    const auto element = tensor.data.subspan(at, item);
    out.insert(out.end(), element.begin(), element.end());
  });
  if (!tensor.big_endian) return out;
  // A complex number is two numbers.
  const std::size_t word = tensor.dtype.starts_with("C") ? item / 2 : item;
  for (std::size_t at = 0; at + word <= out.size(); at += word)
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at),
                 out.begin() + static_cast<std::ptrdiff_t>(at + word));
  return out;
}

bool is_convertible(std::string_view dtype) {
  return bits_of_dtype(dtype).value_or(0) >= 8 && !dtype.starts_with("C") && dtype != "F8_E8M0" &&
         !dtype.ends_with("FNUZ");
}

std::vector<float> floats_of(const StoredTensor& tensor) {
  const RowMajor source(tensor);
  return elements_as<float>(tensor.dtype, source.bytes(),
                            [](auto value) { return static_cast<float>(value); });
}

std::vector<std::int64_t> wholes_of(const StoredTensor& tensor) {
  const RowMajor source(tensor);
  return elements_as<std::int64_t>(tensor.dtype, source.bytes(),
                                   [](auto value) { return nearest_whole(value); });
}

}  // namespace chestmap
