#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chestmap {

/// A message in the wire format of protocol buffers
/// (https://protobuf.dev/programming-guides/encoding), written field by field. Repeated fields are
/// written once an element.
class ProtoMessage {
 public:
  /// int32, int64, enum.
  ProtoMessage& number(std::uint32_t field, std::int64_t value);
  /// float.
  ProtoMessage& real(std::uint32_t field, float value);
  /// string, bytes.
  ProtoMessage& text(std::uint32_t field, std::string_view value);
  ProtoMessage& message(std::uint32_t field, const ProtoMessage& value) {
    return text(field, value.bytes_);
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace chestmap
