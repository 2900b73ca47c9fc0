#include "weights/stored_tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "torch_judge.h"
#include "weights/small_float.h"

namespace chestmap {
namespace {

template <typename T>
StoredTensor tensor_of(const std::string& dtype, const std::vector<T>& values,
                       std::vector<std::int64_t> shape, std::vector<std::int64_t> strides) {
  return {"t",  dtype, std::move(shape), std::move(strides), std::as_bytes(std::span(values)),
          false};
}

TEST(StoredTensor, StridesArePutInRowMajorOrder) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  // Columns of a 3 x 2 array.
  EXPECT_EQ(floats_of(tensor_of("F32", values, {2, 3}, {1, 2})),
            (std::vector<float>{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(floats_of(tensor_of("F32", values, {2, 3}, {3, 1})), values);
  EXPECT_EQ(floats_of(tensor_of("F32", values, {3}, {2})), (std::vector<float>{0, 2, 4}));
  EXPECT_EQ(floats_of(tensor_of("F32", std::vector<float>{7}, {}, {})), (std::vector<float>{7}));
}

TEST(StoredTensor, ASideOfOneNeedsNoStride) {
  const std::vector<float> values = {0, 1, 2};
  const StoredTensor tensor = tensor_of("F32", values, {1, 3, 1}, {99, 1, 99});
  EXPECT_TRUE(is_plain(tensor));
  EXPECT_EQ(floats_of(tensor), values);
}

TEST(StoredTensor, BigEndianElementsAreTurned) {
  const std::vector<std::uint8_t> bytes = {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0};  // 1, -2.5
  StoredTensor tensor = tensor_of("F32", bytes, {2}, {1});
  tensor.big_endian = true;
  EXPECT_EQ(floats_of(tensor), (std::vector<float>{1.0F, -2.5F}));
  const std::vector<std::uint8_t> single = {5, 6};
  StoredTensor small = tensor_of("U8", single, {2}, {1});
  small.big_endian = true;
  EXPECT_TRUE(is_plain(small));
}

TEST(StoredTensor, EveryWidthBecomesSinglePrecision) {
  EXPECT_EQ(floats_of(tensor_of("F64", std::vector<double>{0.1}, {1}, {1})),
            (std::vector<float>{0.1F}));
  EXPECT_EQ(floats_of(tensor_of("I8", std::vector<std::int8_t>{-3}, {1}, {1})),
            (std::vector<float>{-3}));
  EXPECT_EQ(floats_of(tensor_of("U64", std::vector<std::uint64_t>{~std::uint64_t{0}}, {1}, {1})),
            (std::vector<float>{0x1p64F}));
  EXPECT_EQ(wholes_of(tensor_of("F32", std::vector<float>{-2.75F, 1e30F, -1e30F, NAN}, {4}, {1})),
            (std::vector<std::int64_t>{-2, INT64_MAX, INT64_MIN, 0}));
  EXPECT_EQ(wholes_of(tensor_of("I16", std::vector<std::int16_t>{-7}, {}, {})),
            (std::vector<std::int64_t>{-7}));
}

TEST(StoredTensor, ComplexAndPackedTypesAreNotConvertible) {
  for (const char* dtype : {"C64", "C128", "F4", "F6_E2M3", "F8_E8M0", "nonsense"})
    EXPECT_FALSE(is_convertible(dtype)) << dtype;
  for (const char* dtype : {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32", "I16",
                            "I8", "U64", "U32", "U16", "U8", "BOOL"})
    EXPECT_TRUE(is_convertible(dtype)) << dtype;
}

TEST(SmallFloat, EveryHalfIsPyTorchs) {
  if (test::torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  const std::string expected = test::slurp(*test::torch_files() / "half.f4");
  ASSERT_EQ(expected.size(), 4U << 16U);
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = 0.0F;
    std::memcpy(&value, expected.data() + 4 * static_cast<std::size_t>(bits), sizeof value);
    const float ours = float_of_half(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ours)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(ours), std::bit_cast<std::uint32_t>(value)) << bits;
    }
  }
}

TEST(SmallFloat, TheEndsOfBothByteFormats) {
  // Micikevicius et al. 2022, table 1.
  EXPECT_EQ(float_of_e4m3(0x7e), 448.0F);  // 1.75 * 2^8
  EXPECT_EQ(float_of_e4m3(0xfe), -448.0F);
  EXPECT_EQ(float_of_e4m3(0x08), 0x1p-6F);           // the smallest normal
  EXPECT_EQ(float_of_e4m3(0x07), 0.875F * 0x1p-6F);  // the largest subnormal
  EXPECT_EQ(float_of_e4m3(0x01), 0x1p-9F);
  EXPECT_EQ(float_of_e4m3(0x38), 1.0F);
  EXPECT_TRUE(std::isnan(float_of_e4m3(0x7f)));
  EXPECT_TRUE(std::isnan(float_of_e4m3(0xff)));
  EXPECT_EQ(float_of_e5m2(0x7b), 57344.0F);  // 1.75 * 2^15
  EXPECT_EQ(float_of_e5m2(0x04), 0x1p-14F);
  EXPECT_EQ(float_of_e5m2(0x01), 0x1p-16F);
  EXPECT_EQ(float_of_e5m2(0xbc), -1.0F);
  EXPECT_EQ(float_of_e5m2(0x7c), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float_of_bfloat16(0x3f80), 1.0F);
  EXPECT_EQ(float_of_bfloat16(0xc020), -2.5F);
}

TEST(BytesOfArray, OverflowAndPackedElementsGiveNone) {
  const auto bytes = [](const char* dtype, std::vector<std::int64_t> shape) {
    return bytes_of_array(dtype, shape);
  };
  EXPECT_EQ(bytes("F32", {2, 3}), 24U);
  EXPECT_EQ(bytes("F32", {}), 4U);
  EXPECT_EQ(bytes("F4", {2, 3}), 3U);
  EXPECT_EQ(bytes("F4", {3}), std::nullopt);
  EXPECT_EQ(bytes("F6_E2M3", {4}), 3U);
  EXPECT_EQ(bytes("F32", {-1}), std::nullopt);
  EXPECT_EQ(bytes("F32", {std::int64_t{1} << 62}), std::nullopt);
  EXPECT_EQ(bytes("F32", {std::int64_t{1} << 62, 8}), std::nullopt);
  EXPECT_EQ(bytes("F32", {std::int64_t{1} << 62, 8, 0}), 0U);
  EXPECT_EQ(bytes("F33", {1}), std::nullopt);
}

}  // namespace
}  // namespace chestmap
