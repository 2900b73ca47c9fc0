#include "image/zlib_stream.h"

#include <gtest/gtest.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace chestmap {
namespace {

/// Of which the first `random` are noise and the others repeat themselves.
std::vector<std::uint8_t> bytes_of(std::size_t count, std::size_t random) {
  RandomStream stream({7});
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = i < random ? static_cast<std::uint8_t>(stream.below(256))
                          : static_cast<std::uint8_t>(i % 100);
  return bytes;
}

bool decompresses(std::string_view stream, std::vector<std::uint8_t>& to) {
  return zlib_decompress(std::as_bytes(std::span(stream)), to);
}

TEST(ZlibStream, GivesBackWhatWasCompressed) {
  for (const auto& [count, random] : {std::pair<std::size_t, std::size_t>{0, 0},
                                      {1, 0},
                                      {3'000'000, 0},
                                      {1'000'000, 1'000'000},  // in more bytes than it has
                                      {400'001, 200'000}}) {
    const std::vector<std::uint8_t> bytes = bytes_of(count, random);
    const std::string stream = zlib_compressed(bytes);
    if (random == 0) {
      EXPECT_LT(stream.size(), 64 + count / 100);
    }
    std::vector<std::uint8_t> back(count);
    EXPECT_TRUE(decompresses(stream, back)) << count;
    EXPECT_EQ(back, bytes) << count;
    EXPECT_EQ(zlib_compressed(bytes), stream);
  }
}

TEST(ZlibStream, OfAnotherLengthIsRefused) {
  const std::string stream = zlib_compressed(bytes_of(5000, 100));
  for (const unsigned length : {0U, 1U, 4999U, 5001U, 100'000U}) {
    std::vector<std::uint8_t> back(length);
    EXPECT_FALSE(decompresses(stream, back)) << length;
  }
}

TEST(ZlibStream, BrokenIsRefused) {
  const std::string stream = zlib_compressed(bytes_of(5000, 1000));
  std::vector<std::uint8_t> back(5000);
  for (std::size_t length = 0; length < stream.size(); ++length)
    EXPECT_FALSE(decompresses(std::string_view(stream).substr(0, length), back)) << length;
  // Every byte but those that say how well it was compressed, which tell nothing of what is in it.
  for (std::size_t at = 2; at < stream.size(); ++at) {
    std::string broken = stream;
    broken[at] = static_cast<char>(broken[at] ^ 0x10);
    EXPECT_FALSE(decompresses(broken, back)) << at;
  }
}

TEST(ZlibStream, ChecksumIsThatOfThePngSpecification) {
  const std::string_view digits = "123456789";  // the check value that catalogues of CRCs name
  EXPECT_EQ(crc_32(std::as_bytes(std::span(digits))), 0xCBF43926U);
  EXPECT_EQ(crc_32({}), 0U);
}

#ifdef __x86_64__
/// Of the vector registers that SSE instructions write.
bool upper_halves_in_use() {
  unsigned low = 0;
  unsigned high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  return (low & (1U << 2 | 1U << 6)) != 0;  // of AVX, of AVX-512
}

/// Whether the processor can be asked, and answers to the point.
bool tells_registers_in_use() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__builtin_cpu_supports("avx") == 0 || __get_cpuid_count(13, 1, &a, &b, &c, &d) == 0 ||
      (a >> 2 & 1U) == 0)
    return false;
  __asm__ volatile("vzeroupper");
  return !upper_halves_in_use();
}

TEST(ZlibStream, LeavesNoUpperHalvesOfRegistersSet) {
  if (!tells_registers_in_use()) GTEST_SKIP() << "the processor does not tell";
  std::vector<std::uint8_t> bytes = bytes_of(50'000, 1000);
  const std::string stream = zlib_compressed(bytes);
  EXPECT_FALSE(upper_halves_in_use());
  EXPECT_TRUE(decompresses(stream, bytes));
  EXPECT_FALSE(upper_halves_in_use());
  (void)crc_32(std::as_bytes(std::span(bytes)));
  EXPECT_FALSE(upper_halves_in_use());
}
#endif

}  // namespace
}  // namespace chestmap
