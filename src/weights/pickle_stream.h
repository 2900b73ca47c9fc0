#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "weights/byte_reader.h"

namespace chestmap {

/// The bytes of a pickle, taken from the front. What is not there is an error that names the file
/// and the offset of the opcode that wants it.
class PickleStream {
 public:
  static constexpr std::size_t kLongestLine = 512;

  /// `at` is the stream's place in `file`, which must outlive this.
  PickleStream(std::span<const std::byte> bytes, const std::filesystem::path& file, std::size_t at)
      : bytes_(bytes), file_(file), at_(at) {}

  /// Bytes taken so far.
  [[nodiscard]] std::size_t place() const noexcept { return place_; }

  /// Throws UserError: "FILE: the pickle at offset N `what`".
  [[noreturn]] void refuse(const std::string& what, const char* hint) const;
  /// The same of a damaged file.
  [[noreturn]] void fail(const std::string& what) const;

  [[nodiscard]] std::uint8_t take_opcode() {
    opcode_at_ = place_;
    return take<std::uint8_t>();
  }
  template <typename T>
  [[nodiscard]] T take() {
    const auto value = number_at<T>(bytes_, place_);
    if (!value) fail("ends in the middle");
    place_ += sizeof(T);
    return *value;
  }
  [[nodiscard]] double take_big_endian_double();
  [[nodiscard]] std::string_view take_text(std::uint64_t length);
  /// Up to the next line feed, which is taken too.
  [[nodiscard]] std::string_view take_line();

 private:
  std::span<const std::byte> bytes_;
  const std::filesystem::path& file_;
  std::size_t at_;
  std::size_t place_ = 0;
  std::size_t opcode_at_ = 0;
};

}  // namespace chestmap
