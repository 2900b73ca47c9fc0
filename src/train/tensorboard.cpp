#include "train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"

namespace chestmap {

namespace {

std::array<std::uint32_t, 256> crc32c_table() {
  constexpr std::uint32_t kCastagnoli = 0x82f63b78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kCastagnoli : 0U);
    table[byte] = crc;
  }
  return table;
}

/// The checksum of TFRecords: CRC-32C, rotated and offset.
std::uint32_t masked_crc(const std::string& data) {
  static const std::array<std::uint32_t, 256> kTable = crc32c_table();
  std::uint32_t crc = ~0U;
  for (const char c : data)
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xffU] ^ (crc >> 8U);
  crc = ~crc;
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80U; value >>= 7U) bytes += static_cast<char>((value & 0x7fU) | 0x80U);
  return bytes + static_cast<char>(value);
}

enum class Wire : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::string key(unsigned field, Wire wire) {
  return varint(field << 3U | static_cast<unsigned>(wire));
}

std::string text(unsigned field, const std::string& value) {
  return key(field, Wire::bytes) + varint(value.size()) + value;
}

/// An Event (wall_time = 1, step = 2, file_version = 3, summary = 5) with `content` behind its
/// time.
std::string event(const std::string& content) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return key(1, Wire::fixed64) + raw(now) + content;
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder) {
  make_folder(folder);
  const auto stamp = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
  const auto file = folder / ("events.out.tfevents." + std::to_string(stamp) + "." +
                              std::to_string(::getpid()) + ".chestmap");
  out_.open(file, std::ios::binary | std::ios::app);
  if (!out_) throw UserError("cannot write " + file.string());
  record(event(text(3, "brain.Event:2")));
}

void TensorBoardWriter::scalar(const std::string& tag, double value, std::int64_t step) {
  // Summary.Value: tag = 1, simple_value = 2; Summary: value = 1.
  const std::string entry = text(1, tag) + key(2, Wire::fixed32) + raw(static_cast<float>(value));
  record(event(key(2, Wire::varint) + varint(static_cast<std::uint64_t>(step)) +
               text(5, text(1, entry))));
}

void TensorBoardWriter::record(const std::string& message) {
  const std::string length = raw(static_cast<std::uint64_t>(message.size()));
  out_ << length << raw(masked_crc(length)) << message << raw(masked_crc(message));
  out_.flush();
}

}  // namespace chestmap
