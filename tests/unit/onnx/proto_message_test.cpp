#include "onnx/proto_message.h"

#include <gtest/gtest.h>

namespace chestmap {
namespace {

using namespace std::string_literals;

// The first three are the examples of https://protobuf.dev/programming-guides/encoding.

TEST(ProtoMessage, WholeNumberIsAVarint) {
  // 150 = 0b1'0010110: the lower seven bits first, with the sign that more follow
  EXPECT_EQ(ProtoMessage().number(1, 150).bytes(), "\x08\x96\x01"s);
  EXPECT_EQ(ProtoMessage().number(1, 0).bytes(), "\x08\x00"s);
  EXPECT_EQ(ProtoMessage().number(1, 127).bytes(), "\x08\x7F"s);
  EXPECT_EQ(ProtoMessage().number(1, 128).bytes(), "\x08\x80\x01"s);
}

TEST(ProtoMessage, NegativeNumberTakesTenBytes) {
  EXPECT_EQ(ProtoMessage().number(1, -2).bytes(), "\x08\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s);
}

TEST(ProtoMessage, TextHasItsLength) {
  EXPECT_EQ(ProtoMessage().text(2, "testing").bytes(), "\x12\x07testing"s);
  EXPECT_EQ(ProtoMessage().text(2, "").bytes(), "\x12\x00"s);
  const std::string is_long(300, 'x');  // 300 = 0b10'0101100
  EXPECT_EQ(ProtoMessage().text(2, is_long).bytes(), "\x12\xAC\x02"s + is_long);
}

TEST(ProtoMessage, MessageInAMessage) {
  const ProtoMessage inner = ProtoMessage().number(1, 150);
  EXPECT_EQ(ProtoMessage().message(3, inner).bytes(), "\x1A\x03\x08\x96\x01"s);
}

TEST(ProtoMessage, RealNumberIsFourBytesLittleEndian) {
  // 1.5 = 0x3FC00000; key 1 << 3 | 5
  EXPECT_EQ(ProtoMessage().real(1, 1.5F).bytes(), "\x0D\x00\x00\xC0\x3F"s);
}

TEST(ProtoMessage, FieldAbove15TakesATwoByteKey) {
  // 20 << 3 = 160 = 0b1'0100000
  EXPECT_EQ(ProtoMessage().number(20, 7).bytes(), "\xA0\x01\x07"s);
}

}  // namespace
}  // namespace chestmap
