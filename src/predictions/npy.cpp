#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "predictions/load_map.h"

namespace chestmap {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

[[noreturn]] void fail(const std::string& message) {
  throw std::runtime_error("broken .npy: " + message);
}

/// What the header says of the array.
struct Header {
  char byte_order = '<';  ///< '<', '>' or '|'
  char kind = 'f';        ///< 'f', 'u' or 'i'
  std::size_t bytes = 4;  ///< of an element
  bool fortran_order = false;
  std::vector<std::size_t> shape;
  std::size_t data_at = 0;  ///< offset of the elements
};

/// Reads the header's literal, a Python dictionary of three known keys.
class HeaderText {
 public:
  HeaderText(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {}

  [[nodiscard]] Header parse() {
    Header header;
    expect('{');
    std::array<bool, 3> seen{};
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      const std::size_t which = key == "descr" ? 0 : key == "fortran_order" ? 1 : 2;
      if (which == 2 && key != "shape") broken(fmt::format("the unknown key '{}'", key));
      if (seen[which]) broken(fmt::format("the key '{}' a second time", key));
      seen[which] = true;
      if (which == 0) read_type(header);
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = shape();
      if (!accept(',') && !at('}')) broken("',' or '}' was expected");
    }
    skip_blanks();
    if (!text_.empty()) broken("text behind the dictionary");
    if (!seen[0] || !seen[1] || !seen[2]) broken("one of descr, fortran_order, shape is missing");
    return header;
  }

 private:
  [[noreturn]] void broken(const std::string& message) const {
    fail(fmt::format("in the header at offset {}: {}", offset_, message));
  }
  void drop(std::size_t count) {
    text_.remove_prefix(count);
    offset_ += count;
  }
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) drop(1);
  }
  [[nodiscard]] bool at(char c) {
    skip_blanks();
    return !text_.empty() && text_.front() == c;
  }
  [[nodiscard]] bool accept(char c) {
    if (!at(c)) return false;
    drop(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) broken(fmt::format("'{}' was expected", c));
  }
  [[nodiscard]] bool accept(std::string_view word) {
    skip_blanks();
    if (!text_.starts_with(word)) return false;
    drop(word.size());
    return true;
  }
  [[nodiscard]] std::string_view quoted() {
    skip_blanks();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"'))
      broken("a quoted text was expected");
    const std::size_t end = text_.find(text_.front(), 1);
    if (end == std::string_view::npos) broken("a quote is never closed");
    const std::string_view inside = text_.substr(1, end - 1);
    drop(end + 1);
    return inside;
  }
  [[nodiscard]] bool boolean() {
    if (accept(std::string_view("True"))) return true;
    if (accept(std::string_view("False"))) return false;
    broken("True or False was expected");
  }
  [[nodiscard]] std::vector<std::size_t> shape() {
    std::vector<std::size_t> sides;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::size_t side = 0;
      std::size_t digits = 0;
      while (digits < text_.size() && digits < 10 && text_[digits] >= '0' && text_[digits] <= '9')
        side = 10 * side + static_cast<std::size_t>(text_[digits++] - '0');
      if (digits == 0 || digits == 10) broken("a side of at most nine digits was expected");
      drop(digits);
      sides.push_back(side);
      if (sides.size() > 32) broken("more axes than NumPy has");
      if (!accept(',') && !at(')')) broken("',' or ')' was expected");
    }
    return sides;
  }
  void read_type(Header& header) {
    skip_blanks();
    if (text_.starts_with('[')) broken("records are no map; a plain array was expected");
    const std::string_view type = quoted();
    constexpr std::array<std::string_view, 6> known = {"f2", "f4", "f8", "u1", "u2", "i4"};
    const std::string_view element = type.size() == 3 ? type.substr(1) : std::string_view();
    const char order = type.empty() ? '?' : type[0];
    for (const std::string_view candidate : known) {
      if (candidate != element || (order != '<' && order != '>' && order != '|')) continue;
      if (order == '|' && candidate != "u1") continue;
      header.byte_order = order;
      header.kind = candidate[0];
      header.bytes = static_cast<std::size_t>(candidate[1] - '0');
      return;
    }
    broken(fmt::format("the type '{}'; f2, f4, f8, u1, u2 and i4 are read", type));
  }

  std::string_view text_;
  std::size_t offset_;
};

std::size_t little_endian(std::string_view content, std::size_t at, std::size_t bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(content[at + i]);
  return value;
}

Header read_header(std::string_view content) {
  if (!content.starts_with(kMagic)) fail("it does not begin with \\x93NUMPY");
  if (content.size() < 10) fail("it ends in its header");
  const auto major = static_cast<unsigned char>(content[6]);
  const auto minor = static_cast<unsigned char>(content[7]);
  if (major < 1 || major > 3 || minor != 0)
    fail(fmt::format("version {}.{}; 1.0, 2.0 and 3.0 are read", major, minor));
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t text_at = 8 + length_bytes;
  if (content.size() < text_at) fail("it ends in its header");
  const std::size_t length = little_endian(content, 8, length_bytes);
  if (length > content.size() - text_at)
    fail(fmt::format("the header claims {} bytes, the file has {}", length, content.size()));
  Header header = HeaderText(content.substr(text_at, length), text_at).parse();
  header.data_at = text_at + length;
  return header;
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int fraction = half & 0x3ff;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VALF : std::nanf("");
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

/// The element of `bytes` bytes as a number, its bytes already in little-endian order.
float element_value(std::uint64_t bits, const Header& header) {
  if (header.kind == 'u') return static_cast<float>(bits);
  if (header.kind == 'i')
    return static_cast<float>(std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
  if (header.bytes == 2) return half_to_float(static_cast<std::uint16_t>(bits));
  if (header.bytes == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return static_cast<float>(std::bit_cast<double>(bits));
}

/// Whether the elements are stored as this program keeps them in memory.
bool is_plain(const Header& header) {
  return std::endian::native == std::endian::little && header.byte_order == '<' &&
         header.kind == 'f' && header.bytes == sizeof(float) && !header.fortran_order;
}

/// Without a branch, which compilers turn into vectors.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t others = 0;
  for (const float value : values)
    others |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
  return others == 0;
}

/// Height and width: the two axes that are left without those of length 1 at either end.
std::array<std::size_t, 2> height_and_width(const Header& header) {
  std::vector<std::size_t> sides = header.shape;
  while (sides.size() > 2 && sides.front() == 1) sides.erase(sides.begin());
  while (sides.size() > 2 && sides.back() == 1) sides.pop_back();
  if (sides.size() != 2)
    fail(fmt::format("{} axes; a map has two (height, width)", header.shape.size()));
  return {sides[0], sides[1]};
}

}  // namespace

ImageF decode_npy(std::span<const std::byte> bytes) {
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Header header = read_header(content);
  const auto [height, width] = height_and_width(header);
  const std::size_t there = content.size() - header.data_at;
  // Sides have at most nine digits and elements eight bytes: the product fits 64 bits.
  if (height == 0 || width == 0) fail("a side of 0");
  if (height * width * header.bytes != there)
    fail(fmt::format("{} x {} elements of {} bytes were expected, {} bytes are there", height,
                     width, header.bytes, there));
  ImageF map(width, height);
  if (is_plain(header)) {  // what numpy.save writes of a network's output: no element by itself
    std::memcpy(map.pixels().data(), content.data() + header.data_at, there);
    if (all_finite(map.pixels())) return map;
  }
  for (std::size_t i = 0; i < height * width; ++i) {
    const std::size_t at = header.data_at + i * header.bytes;
    std::uint64_t bits = 0;
    for (std::size_t b = 0; b < header.bytes; ++b) {
      const std::size_t from = header.byte_order == '>' ? b : header.bytes - 1 - b;
      bits = bits << 8U | static_cast<unsigned char>(content[at + from]);
    }
    const float value = element_value(bits, header);
    if (!std::isfinite(value))
      fail(fmt::format("the element {} at offset {} is no finite number", i, at));
    if (header.fortran_order)
      map.at(i / height, i % height) = value;
    else
      map.at(i % width, i / width) = value;
  }
  return map;
}

}  // namespace chestmap
