#include "weights/safetensors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;
using test::slurp;
using test::spill;

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

const std::vector<float> kFloats = {1.0F, -2.5F, 3e-38F, 0.0F, 1e30F, -0.0F};
const std::vector<std::int64_t> kWhole = {-1};
const std::vector<std::uint8_t> kOdd = {1, 2, 3};

std::vector<TensorView> some_tensors() {
  return {{"w.x", "F32", {2, 3}, bytes_of(kFloats)},
          {"größe \"q\"", "U8", {3}, bytes_of(kOdd)},
          {"count", "I64", {}, bytes_of(kWhole)},
          {"empty", "F32", {0, 4}, {}}};
}

const std::map<std::string, std::string> kMetadata = {{"chestmap", "{\"a\": 1}\n"}, {"b", "ä"}};

void expect_equal(const TensorView& a, const TensorView& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.dtype, b.dtype);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_TRUE(std::ranges::equal(a.data, b.data)) << a.name;
}

TEST(Safetensors, WhatIsWrittenIsReadBackInOrder) {
  const ScratchFolder folder;
  write_safetensors(folder / "x.safetensors", some_tensors(), kMetadata);
  const SafetensorsFile file(folder / "x.safetensors");
  EXPECT_EQ(file.metadata(), kMetadata);
  ASSERT_EQ(file.tensors().size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) expect_equal(file.tensors()[i], some_tensors()[i]);
}

TEST(Safetensors, TheViewsOutliveTheFileOnDiskAndAreSharedByCopies) {
  const ScratchFolder folder;
  write_safetensors(folder / "x.safetensors", some_tensors(), {});
  const SafetensorsFile copy = SafetensorsFile(folder / "x.safetensors");
  std::filesystem::remove(folder / "x.safetensors");
  expect_equal(copy.tensors()[0], some_tensors()[0]);
  EXPECT_TRUE(copy.metadata().empty());
}

TEST(Safetensors, BytesDependOnTheArgumentsAlone) {
  const ScratchFolder folder;
  write_safetensors(folder / "a", some_tensors(), kMetadata);
  write_safetensors(folder / "b", some_tensors(), kMetadata);
  EXPECT_TRUE(slurp(folder / "a") == slurp(folder / "b"));
}

TEST(Safetensors, AnIndependentReaderFindsTheSame) {
  const ScratchFolder folder;
  write_safetensors(folder / "x", some_tensors(), {{"key", "value"}});
  const std::filesystem::path answer = folder / "answer";
  const int status =
      run_judge("safetensors_by_hand.py",
                fmt::format("read '{}' > '{}'", (folder / "x").string(), answer.string()));
  if (status == 127) GTEST_SKIP() << "python3 is not installed";
  ASSERT_EQ(status, 0);
  EXPECT_EQ(slurp(answer),
            "meta key value\n"
            "tensor count I64 [] ffffffffffffffff\n"
            "tensor empty F32 [0x4] \n"
            "tensor größe \"q\" U8 [3] 010203\n"
            // 1, -2.5, 3e-38, 0, 1e30, -0 by IEEE 754
            "tensor w.x F32 [2x3] 0000803f000020c0e655230100000000caf2497100000080\n");
}

TEST(Safetensors, AnIndependentWritersFileIsRead) {
  const ScratchFolder folder;
  const int status =
      run_judge("safetensors_by_hand.py", fmt::format("write '{}'", (folder / "x").string()));
  if (status == 127) GTEST_SKIP() << "python3 is not installed";
  ASSERT_EQ(status, 0);
  const SafetensorsFile file(folder / "x");
  EXPECT_EQ(file.metadata().at("note"), "größer als \"1\"");
  std::map<std::string, TensorView> tensors;
  for (const TensorView& tensor : file.tensors()) tensors[tensor.name] = tensor;
  ASSERT_EQ(tensors.size(), 5U);
  const std::vector<float> b = {1.0F, -2.5F, 0.0F, 1e-3F};
  expect_equal(tensors["b"], {"b", "F32", {2, 2}, bytes_of(b)});
  const std::vector<std::int64_t> scalar = {-7};
  expect_equal(tensors["scalar"], {"scalar", "I64", {}, bytes_of(scalar)});
  expect_equal(tensors["none"], {"none", "F32", {0, 3}, {}});
  const std::vector<std::uint16_t> half = {0x3c00, 0x4000, 0x4200};
  expect_equal(tensors["a.weight"], {"a.weight", "F16", {3}, bytes_of(half)});
  const std::vector<std::uint8_t> flags = {1, 0};
  expect_equal(tensors["flags"], {"flags", "BOOL", {2}, bytes_of(flags)});
}

/// The reason that the reader gives for refusing `content`, without the file's name.
std::string refusal(const std::string& content) {
  const ScratchFolder folder;
  spill(folder / "x", content);
  try {
    const SafetensorsFile file(folder / "x");
  } catch (const UserError& error) {
    const std::string text = error.what();
    const std::string start = (folder / "x").string() + " is no valid safetensors file: ";
    return text.starts_with(start) ? text.substr(start.size()) : "unexpected: " + text;
  }
  return "accepted";
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string content(8, '\0');
  const std::uint64_t size = header.size();
  std::memcpy(content.data(), &size, sizeof size);
  return content + header + std::string(data_bytes, 'd');
}

TEST(Safetensors, AFileCutAnywhereIsRefused) {
  const ScratchFolder folder;
  const std::vector<TensorView> tensors = {{"w", "F32", {2, 3}, bytes_of(kFloats)},
                                           {"u", "U8", {3}, bytes_of(kOdd)}};
  write_safetensors(folder / "x", tensors, {{"k", "v"}});
  const std::string content = slurp(folder / "x");
  for (std::size_t size = 0; size < content.size(); ++size)
    EXPECT_NE(refusal(content.substr(0, size)), "accepted") << size << " of " << content.size();
  EXPECT_EQ(refusal(content), "accepted");
}

TEST(Safetensors, AFlippedBitIsNeverACrash) {
  const ScratchFolder folder;
  const std::vector<TensorView> tensors = {{"w", "F32", {2, 3}, bytes_of(kFloats)},
                                           {"u", "U8", {3}, bytes_of(kOdd)}};
  write_safetensors(folder / "x", tensors, {{"k", "v"}});
  const std::string content = slurp(folder / "x");
  int refused = 0;
  for (std::size_t i = 0; i < content.size(); ++i)
    for (const int bit : {0, 3, 7}) {
      std::string flipped = content;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const std::string text = refusal(flipped);
      EXPECT_FALSE(text.starts_with("unexpected")) << text;
      refused += text == "accepted" ? 0 : 1;
    }
  EXPECT_GT(refused, 100);
}

TEST(Safetensors, HeadersThatLieAreRefusedWithTheReason) {
  const auto one = [](const std::string& entry, std::size_t data_bytes = 16) {
    return refusal(file_of("{\"t\":" + entry + "}", data_bytes));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})"), "accepted");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4],"data_offsets":[4,20]})"),
            "tensor \"t\" lies at 4 to 20, the data has 16 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"),
            "tensor \"t\" lies at 16 to 0, the data has 16 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})"),
            "tensor \"t\" has 16 bytes, its shape needs 12");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]})"),
            "tensor \"t\" claims an impossible shape");
  EXPECT_EQ(one(R"({"dtype":"F33","shape":[4],"data_offsets":[0,16]})"),
            "tensor \"t\" has the unknown type \"F33\"");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                            R"("b":{"dtype":"U8","shape":[8],"data_offsets":[7,15]}})",
                            16)),
            "tensors \"a\" and \"b\" overlap");
  EXPECT_EQ(refusal(file_of(R"({"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                            R"("a":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                            16)),
            "tensors \"b\" and \"a\" overlap");
}

TEST(Safetensors, HeadersOfAnotherFormAreRefused) {
  for (const std::string entry :
       {R"({"shape":[4],"data_offsets":[0,16]})", R"({"dtype":"F32","data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4]})", R"({"dtype":32,"shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":{"a":4},"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":["4"],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4.5],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[0,-4],"data_offsets":[0,0]})",
        R"({"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,16,16]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,-1]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0.0,16.0]})", "null", "[]", "7"})
    EXPECT_NE(refusal(file_of("{\"t\":" + entry + "}", 16)), "accepted") << entry;
  for (const std::string header :
       {"", "[]", "7", "{", "{}}", "nonsense", R"({"__metadata__":{"a":1}})",
        R"({"__metadata__":"text"})", "{\"\xff\":1}"})
    EXPECT_NE(refusal(file_of(header, 16)), "accepted") << header;
  EXPECT_EQ(refusal(file_of("{}", 0)), "accepted");
}

TEST(Safetensors, ATensorThatIsListedTwiceIsRefused) {
  EXPECT_EQ(refusal(file_of(R"({"t":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                            R"("t":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}})",
                            16)),
            "\"t\" is listed twice");
}

TEST(Safetensors, HeaderLengthsBeyondTheFileOrTheLimitAreRefused) {
  for (const std::uint64_t size :
       {std::uint64_t{3}, std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    std::string content = file_of("{}", 0);
    std::memcpy(content.data(), &size, sizeof size);
    EXPECT_EQ(refusal(content), fmt::format("it claims a header of {} bytes", size));
  }
}

TEST(Safetensors, MissingFilesAndFoldersAreUserErrors) {
  const ScratchFolder folder;
  EXPECT_THROW(SafetensorsFile(folder / "none"), UserError);
  EXPECT_THROW(SafetensorsFile(folder.path()), UserError);
}

}  // namespace
}  // namespace chestmap
