#include "train/tensorboard.h"

#include <gtest/gtest.h>

#include <cstring>

#include "../image/scratch.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

/// CRC-32C bit by bit, and the mask of TFRecords.
std::uint32_t slow_masked_crc(const std::string& data) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x82f63b78U : crc >> 1U;
  }
  crc = ~crc;
  return (crc >> 15U | crc << 17U) + 0xa282ead8U;
}

template <typename T>
T number_at(const std::string& bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string only_file(const std::filesystem::path& folder) {
  std::string content;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("events.out.tfevents."));
    content = test::slurp(entry.path());
    ++files;
  }
  EXPECT_EQ(files, 1U);
  return content;
}

/// The messages of the records, each of whose two check sums must be right.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> messages;
  std::size_t at = 0;
  while (at + 12 <= file.size()) {
    const auto length = number_at<std::uint64_t>(file, at);
    EXPECT_EQ(number_at<std::uint32_t>(file, at + 8), slow_masked_crc(file.substr(at, 8)));
    messages.push_back(file.substr(at + 12, length));
    EXPECT_EQ(messages.back().size(), length);
    EXPECT_EQ(number_at<std::uint32_t>(file, at + 12 + length), slow_masked_crc(messages.back()));
    at += 16 + length;
  }
  EXPECT_EQ(at, file.size());
  return messages;
}

TEST(TensorBoard, TheCheckSumIsTheStandardsOwn) {
  // RFC 3720, B.4: CRC-32C of "123456789" is e3069283.
  const std::uint32_t crc = 0xe3069283U;
  EXPECT_EQ(slow_masked_crc("123456789"), (crc >> 15U | crc << 17U) + 0xa282ead8U);
}

TEST(TensorBoard, WritesRecordsOfEventsThatCanBeReadAtOnce) {
  const ScratchFolder folder;
  TensorBoardWriter writer(folder / "tensorboard");
  writer.scalar("loss/train", 0.75, 300);
  const std::vector<std::string> records = records_of(only_file(folder / "tensorboard"));
  ASSERT_EQ(records.size(), 2U);
  // Event: field 1 (double, wall time), field 3 (file version).
  EXPECT_EQ(records[0].substr(9), std::string("\x1a\x0d") + "brain.Event:2");
  EXPECT_EQ(records[0][0], '\x09');
  EXPECT_GT(number_at<double>(records[0], 1), 1.6e9);
  // Field 2 (varint 300 = ac 02), field 5 (19 bytes: field 1 of 17: tag of 10, float 0.75).
  std::string expected("\x10\xac\x02\x2a\x13\x0a\x11\x0a\x0a", 9);
  expected += "loss/train";
  expected += std::string("\x15\x00\x00\x40\x3f", 5);
  EXPECT_EQ(records[1].substr(9), expected);
}

}  // namespace
}  // namespace chestmap
