#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "torch_judge.h"
#include "weights/safetensors.h"
#include "weights/weight_file.h"

namespace chestmap {
namespace {

using test::refusal_of;
using test::ScratchFolder;
using test::slurp;
using test::spill;
using test::torch_files;

/// Every tensor against the one that the judge wrote row-major into expected.safetensors.
void expect_the_judges_tensors(const WeightFile& file,
                               const std::string& judged = "expected.safetensors") {
  const SafetensorsFile expected(*torch_files() / judged);
  std::map<std::string, const StoredTensor*> by_name;
  for (const StoredTensor& tensor : file.tensors) by_name[tensor.name] = &tensor;
  ASSERT_EQ(by_name.size(), expected.tensors().size());
  for (const TensorView& view : expected.tensors()) {
    ASSERT_TRUE(by_name.contains(view.name)) << view.name;
    const StoredTensor& tensor = *by_name[view.name];
    EXPECT_EQ(tensor.dtype, view.dtype) << view.name;
    EXPECT_EQ(tensor.shape, view.shape) << view.name;
    const std::vector<std::byte> bytes = row_major_bytes(tensor);
    EXPECT_TRUE(std::ranges::equal(bytes, view.data)) << view.name;
  }
}

class TorchFileOfEveryKind : public testing::TestWithParam<const char*> {};

TEST_P(TorchFileOfEveryKind, HoldsTheTensorsThatPyTorchWrote) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  expect_the_judges_tensors(read_weights(*torch_files() / GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Formats, TorchFileOfEveryKind,
                         testing::Values("expected.safetensors", "zip.pt", "legacy.pth",
                                         "nested.pt", "nested-legacy.pth.tar", "deep.pt",
                                         "protocol4.pt", "protocol5-legacy.pt"),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::erase_if(name, [](char c) { return c == '.' || c == '-'; });
                           return name;
                         });

TEST(TorchFile, SaysWhereTheStateDictStoodAndWhatBesideIt) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  const WeightFile nested = read_weights(*torch_files() / "nested.pt");
  EXPECT_EQ(nested.format, "PyTorch (zip)");
  EXPECT_EQ(nested.key, "state_dict");
  EXPECT_EQ(nested.beside, (std::vector<std::string>{"epoch", "best", "loss", "huge", "arch",
                                                     "args", "size", "dtype", "device", "names",
                                                     "nothing", "counts", "optimizer"}));
  EXPECT_EQ(read_weights(*torch_files() / "deep.pt").key, "model.net");
  const WeightFile plain = read_weights(*torch_files() / "legacy.pth");
  EXPECT_EQ(plain.format, "PyTorch (legacy)");
  EXPECT_EQ(plain.key, "");
  EXPECT_TRUE(plain.beside.empty());
}

TEST(TorchFile, AModulesOwnStateDictKeepsItsOrder) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  std::vector<std::string> names;
  for (const StoredTensor& tensor : read_weights(*torch_files() / "module.pt").tensors)
    names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"weight", "bias", "running_mean", "running_var",
                                             "num_batches_tracked"}));
}

TEST(TorchFile, ANetworkThatWasSavedWholeIsReadAsItsStateDict) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  for (const char* name : {"whole.pt", "whole-legacy.pt"})
    expect_the_judges_tensors(read_weights(*torch_files() / name), "whole-expected.safetensors");
  EXPECT_EQ(read_weights(*torch_files() / "whole.pt").key, "model");
}

TEST(TorchFile, AnArchiveOfAnotherProgramSaysWhatItIs) {
  const ScratchFolder folder;
  if (test::run_judge("zip_files.py", fmt::format("'{}'", folder.path().string())) != 0)
    GTEST_SKIP() << "python3 is not installed";
  const auto begins = [&](const char* file, const std::string& start) {
    const std::string text = refusal_of(folder / file);
    EXPECT_TRUE(text.starts_with((folder / file).string() + ": " + start)) << text;
  };
  begins("deflated.zip", "entry \"archive/data.pkl\" is compressed (method 8)");
  begins("stored.zip", "it is a zip archive without data.pkl");
  begins("script.zip", "it is a TorchScript archive");
}

TEST(TorchFile, ANetworkOfAnotherClassIsRefusedByItsName) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  const std::string text = refusal_of(*torch_files() / "objects.pt");
  EXPECT_NE(text.find("names \"__main__.Own\", which is refused"), std::string::npos) << text;
  EXPECT_NE(text.find("torch.save(model.state_dict(), FILE)"), std::string::npos) << text;
}

class DamagedTorchFile : public testing::TestWithParam<const char*> {};

TEST_P(DamagedTorchFile, CutAnywhereIsRefused) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  const std::string content = slurp(*torch_files() / GetParam());
  const ScratchFolder folder;
  for (std::size_t size = 0; size < content.size(); ++size) {
    spill(folder / "x", content.substr(0, size));
    const std::string text = refusal_of(folder / "x");
    EXPECT_NE(text, "accepted") << size << " of " << content.size();
    EXPECT_NE(text.find((folder / "x").string()), std::string::npos) << text;
  }
  spill(folder / "x", content);
  EXPECT_EQ(refusal_of(folder / "x"), "accepted");
}

TEST_P(DamagedTorchFile, AChangedByteIsNeverACrash) {
  if (torch_files() == nullptr) GTEST_SKIP() << "python3 with torch is not installed";
  const std::string content = slurp(*torch_files() / GetParam());
  const ScratchFolder folder;
  int refused = 0;
  for (std::size_t i = 0; i < content.size(); ++i)
    for (const int change : {0x01, 0xff}) {
      std::string damaged = content;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      spill(folder / "x", damaged);
      const std::string text = refusal_of(folder / "x");
      if (text == "accepted") {
        // What was accepted must also be readable to its last element.
        for (const StoredTensor& tensor : read_weights(folder / "x").tensors)
          EXPECT_EQ(row_major_bytes(tensor).size(), tensor.bytes());
      } else {
        ++refused;
      }
    }
  // Of two changes of each byte: many lie in padding, dates and the tensors' own numbers.
  EXPECT_GT(refused, static_cast<int>(content.size() / 2));
}

INSTANTIATE_TEST_SUITE_P(Formats, DamagedTorchFile, testing::Values("small.pt", "small-legacy.pt"),
                         [](const auto& chosen) {
                           return std::string(chosen.param) == "small.pt" ? "Zip" : "Legacy";
                         });

// --- Files by hand, in the legacy format, whose parts are easily told apart.

std::string number64(std::uint64_t value) {
  std::string text(8, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return text;
}

std::string short_text(const std::string& text) {
  return std::string("U") + static_cast<char>(text.size()) + text;
}

std::string int32(std::int32_t value) {
  std::string text(4, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return std::string("J") + text;
}

const std::string kProto("\x80\x02", 2);
const std::string kHead =
    std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) + kProto +
    "M\xe9\x03." +  // 1001 = 0x3e9
    kProto + "}(" + short_text("little_endian") + "\x88" + short_text("type_sizes") + "}u.";

/// _rebuild_tensor_v2(storage `key` of `elements`, offset, shape, strides, False, None).
std::string tensor(const std::string& key, int elements, int offset, const std::string& shape,
                   const std::string& strides, const std::string& type = "FloatStorage") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + short_text("storage") + "ctorch\n" + type +
         std::string("\n") + short_text(key) + short_text("cpu") + int32(elements) + "NtQ" +
         int32(offset) + shape + strides + "\x89NtR";
}

std::string legacy(const std::string& state, const std::string& keys, const std::string& storages) {
  return kHead + kProto + state + "." + kProto + "](" + keys + "e." + storages;
}

std::string refusal(const std::string& content) {
  const ScratchFolder folder;
  spill(folder / "x", content);
  std::string text = refusal_of(folder / "x");
  const std::string start = (folder / "x").string() + ": ";
  if (text.starts_with(start)) text = text.substr(start.size());
  return text.substr(0, text.find(" | "));
}

std::string of_one(const std::string& tensor_pickle, int storage_elements = 4) {
  return legacy(std::string("}(") + short_text("w") + tensor_pickle + "u", short_text("k"),
                number64(static_cast<std::uint64_t>(storage_elements)) +
                    std::string(static_cast<std::size_t>(storage_elements) * 4, '\1'));
}

const std::string kTwoByTwo = std::string("(") + int32(2) + int32(2) + "t";
const std::string kRows = std::string("(") + int32(2) + int32(1) + "t";

TEST(LegacyFile, ByHandIsRead) {
  EXPECT_EQ(refusal(of_one(tensor("k", 4, 0, kTwoByTwo, kRows))), "accepted");
}

TEST(LegacyFile, TensorsThatLieAreRefusedWithTheReason) {
  EXPECT_EQ(refusal(of_one(tensor("k", 4, 1, kTwoByTwo, kRows))),
            "tensor \"w\" reaches to element 4, its storage has 4");
  EXPECT_EQ(
      refusal(of_one(tensor("k", 4, 0, kTwoByTwo, std::string("(") + int32(3) + int32(1) + "t"))),
      "tensor \"w\" reaches to element 4, its storage has 4");
  EXPECT_EQ(refusal(of_one(tensor("k", 4, -1, kTwoByTwo, kRows))),
            "tensor \"w\" claims an impossible shape");
  EXPECT_EQ(
      refusal(of_one(tensor("k", 4, 0, kTwoByTwo, std::string("(") + int32(-2) + int32(1) + "t"))),
      "tensor \"w\" has impossible strides");
  EXPECT_EQ(refusal(of_one(tensor("k", 4, 0, kTwoByTwo, std::string("(") + int32(1) + "t"))),
            "tensor \"w\" has 2 sides and 1 strides");
  EXPECT_EQ(
      refusal(of_one(tensor("k", 4, 0, std::string("(") + int32(-2) + int32(2) + "t", kRows))),
      "tensor \"w\" claims an impossible shape");
  EXPECT_EQ(refusal(of_one(tensor("other", 4, 0, kTwoByTwo, kRows))),
            "it lists a storage \"k\" that no tensor has");
  EXPECT_EQ(refusal(of_one(tensor("k", 9, 0, kTwoByTwo, kRows))),
            "tensor \"w\" lies in storage \"k\" of 4 elements, of which 9 from 0 were expected");
}

TEST(LegacyFile, ATensorThatRepeatsItsElementsAllocatesNothing) {
  // 2^31 - 1 times the one element, by a stride of 0: 8 GB that the file does not hold.
  EXPECT_EQ(refusal(of_one(tensor("k", 1, 0, std::string("(") + int32(0x7fffffff) + "t",
                                  std::string("(") + int32(0) + "t"))),
            "tensor \"w\" has 2147483647 elements, its storage 1");
}

TEST(LegacyFile, ManyTensorsOverOneStorageAreABomb) {
  constexpr int kElements = 10'000;
  const std::string shape = fmt::format("({}t", int32(kElements));
  const std::string strides = fmt::format("({}t", int32(1));
  std::string state = "}(";
  for (int i = 0; i < 40; ++i)
    state += short_text(fmt::format("w{}", i)) + tensor("k", kElements, 0, shape, strides);
  const std::string content =
      legacy(state + "u", short_text("k"), number64(kElements) + std::string(kElements * 4, 'x'));
  EXPECT_EQ(refusal(content), "its tensors have more than 8 times as many bytes as the file");
}

TEST(LegacyFile, StoragesBeyondTheFileAreRefused) {
  const std::string state =
      std::string("}(") + short_text("w") + tensor("k", 4, 0, kTwoByTwo, kRows) + "u";
  for (const std::uint64_t elements :
       {std::uint64_t{5}, std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    const std::string text =
        refusal(legacy(state, short_text("k"), number64(elements) + std::string(16, 'x')));
    EXPECT_TRUE(text.starts_with("storage \"k\" at offset ")) << text;
  }
  EXPECT_EQ(refusal(legacy(state, short_text("k") + short_text("k"), number64(0) + number64(0))),
            "storage \"k\" is listed twice");
}

TEST(LegacyFile, TheSameNameTwiceIsRefused) {
  const std::string one = short_text("w") + tensor("k", 4, 0, kTwoByTwo, kRows);
  EXPECT_EQ(
      refusal(legacy("}(" + one + one + "u", short_text("k"), number64(4) + std::string(16, 'x'))),
      "tensor \"w\" is listed twice");
}

TEST(LegacyFile, AStorageOfTwoTypesIsRefused) {
  const std::string state = std::string("}(") + short_text("a") +
                            tensor("k", 4, 0, kTwoByTwo, kRows) + short_text("b") +
                            tensor("k", 4, 0, kTwoByTwo, kRows, "DoubleStorage") + "u";
  EXPECT_EQ(refusal(legacy(state, short_text("k"), number64(4) + std::string(32, 'x'))),
            "storage \"k\" has two types");
}

TEST(LegacyFile, ADictionaryThatHoldsItselfEndsTheSearch) {
  // {"state_dict": itself, "model": itself}
  const std::string state = std::string("}q") + '\0' + "(" + short_text("state_dict") + "h" + '\0' +
                            short_text("model") + "h" + '\0' + "u";
  EXPECT_EQ(refusal(legacy(state, "", "")),
            "it holds no dictionary of tensors; its entries are state_dict, model");
}

TEST(LegacyFile, ANetworkThatHoldsItselfIsRefused) {
  // An object whose _modules are {"a": itself}.
  const std::string state = std::string("ctorch.nn.modules.container\nSequential\n)\x81q") + '\0' +
                            std::string("}") + short_text("_modules") + "}" + short_text("a") +
                            "h" + '\0' + "ssb";
  EXPECT_EQ(refusal(legacy(state, "", "")), "its modules hold each other without an end");
}

TEST(LegacyFile, ViewsOfOldFilesLieInTheirRoot) {
  // ("storage", FloatStorage, "k", "cpu", 4, ("view", 2, 2)): elements 2 and 3.
  const std::string view = std::string("ctorch._utils\n_rebuild_tensor\n((") +
                           short_text("storage") + std::string("ctorch.cuda\nFloatStorage\n") +
                           short_text("k") + short_text("cuda:0") + int32(4) + "(" +
                           short_text("view") + int32(2) + int32(2) + "ttQ" + int32(0) + "(" +
                           int32(2) + "t(" + int32(1) + "ttR";
  const ScratchFolder folder;
  std::string data(16, '\0');
  const std::vector<float> values = {1.0F, 2.0F, 3.0F, 4.0F};
  std::memcpy(data.data(), values.data(), data.size());
  spill(folder / "x", legacy(std::string("}(") + short_text("w") + view + "u", short_text("k"),
                             number64(4) + data));
  const WeightFile file = read_weights(folder / "x");
  ASSERT_EQ(file.tensors.size(), 1U);
  EXPECT_EQ(floats_of(file.tensors[0]), (std::vector<float>{3.0F, 4.0F}));
}

}  // namespace
}  // namespace chestmap
