#include "onnx/proto_message.h"

#include <bit>

namespace chestmap {

namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kLength = 2;
constexpr std::uint32_t kFourBytes = 5;

}  // namespace

ProtoMessage& ProtoMessage::number(std::uint32_t field, std::int64_t value) {
  key(field, kVarint);
  varint(static_cast<std::uint64_t>(value));  // a negative number takes ten bytes
  return *this;
}

ProtoMessage& ProtoMessage::real(std::uint32_t field, float value) {
  key(field, kFourBytes);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned byte = 0; byte < 4; ++byte) bytes_ += static_cast<char>(bits >> (8 * byte) & 0xFFU);
  return *this;
}

ProtoMessage& ProtoMessage::text(std::uint32_t field, std::string_view value) {
  key(field, kLength);
  varint(value.size());
  bytes_ += value;
  return *this;
}

void ProtoMessage::key(std::uint32_t field, std::uint32_t wire_type) {
  varint(std::uint64_t{field} << 3 | wire_type);
}

void ProtoMessage::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
  bytes_ += static_cast<char>(value);
}

}  // namespace chestmap
