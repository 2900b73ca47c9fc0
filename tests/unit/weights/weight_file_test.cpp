#include "weights/weight_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "torch_judge.h"
#include "weights/safetensors.h"

namespace chestmap {
namespace {

using test::refusal_of;
using test::ScratchFolder;
using test::slurp;
using test::spill;

const std::vector<float> kValues = {1.0F, 2.0F, 3.0F};

void write_shard(const std::filesystem::path& file, const std::vector<std::string>& names) {
  std::vector<TensorView> views;
  for (const std::string& name : names)
    views.push_back({name, "F32", {3}, std::as_bytes(std::span(kValues))});
  write_safetensors(file, views, {});
}

class Sharded : public testing::Test {
 protected:
  Sharded() {
    write_shard(folder_ / "a.safetensors", {"x", "y"});
    write_shard(folder_ / "b.safetensors", {"z"});
  }

  std::string refusal(const std::string& index) {
    spill(folder_ / "m.safetensors.index.json", index);
    return refusal_of(folder_ / "m.safetensors.index.json");
  }

  ScratchFolder folder_;
};

TEST_F(Sharded, TheShardsTensorsAreOneFiles) {
  EXPECT_EQ(refusal(R"({"metadata": {"total_size": 36}, "weight_map":
      {"x": "a.safetensors", "y": "a.safetensors", "z": "b.safetensors"}})"),
            "accepted");
  const WeightFile file = read_weights(folder_ / "m.safetensors.index.json");
  EXPECT_EQ(file.format, "safetensors in 2 shards");
  std::vector<std::string> names;
  for (const StoredTensor& tensor : file.tensors) {
    names.push_back(tensor.name);
    EXPECT_EQ(floats_of(tensor), kValues);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(file.file_bytes, slurp(folder_ / "m.safetensors.index.json").size() +
                                 slurp(folder_ / "a.safetensors").size() +
                                 slurp(folder_ / "b.safetensors").size());
}

TEST_F(Sharded, AnIndexThatDoesNotFitIsRefused) {
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(refusal(R"({"weight_map": {"x": "a.safetensors"}})"),
      "a.safetensors holds the tensor \"y\", which it does not list there");
  has(refusal(R"({"weight_map": {"z": "b.safetensors", "w": "b.safetensors"}})"),
      "b.safetensors does not hold the tensor \"w\"");
  has(refusal(R"({"weight_map": {"z": "c.safetensors"}})"), "c.safetensors is missing");
  has(refusal(R"({"weight_map": {"z": "../b.safetensors"}})"),
      "\"../b.safetensors\" is no name of a shard beside it");
  has(refusal(R"({"weight_map": {"z": "/b"}})"), "\"/b\" is no name of a shard");
  has(refusal(R"({"weight_map": {"z": "m.safetensors.index.json"}})"), "is no name of a shard");
  has(refusal(R"({"weight_map": {"z": 7}})"), "is no index of shards");
  has(refusal(R"({"weight_map": {}})"), "it lists no tensor");
  has(refusal("{}"), "is no index of shards");
  has(refusal("["), "is no index of shards");
}

TEST(WeightFile, OtherFormatsAreRefusedByWhatTheyAre) {
  const ScratchFolder folder;
  const auto refusal = [&](const std::string& content) {
    spill(folder / "x", content);
    return refusal_of(folder / "x");
  };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(refusal(""), "it is empty");
  has(refusal("hello"), "its format is unknown | safetensors, and what torch.save writes");
  has(refusal("\x1f\x8b\x08 and more"), "compressed by gzip");
  has(refusal("\x80\x04N."), "it is a pickle, but none of torch.save's");
  has(refusal("<!DOCTYPE html>"), "it is a web page");
  has(refusal("version https://git-lfs.github.com/spec/v1\n"), "it is a pointer of Git LFS");
  has(refusal(std::string(257, 'x') + "ustar" + std::string(250, '\0')), "it is a tar archive");
  has(refusal_of(folder / "none"), "cannot read " + (folder / "none").string());
  has(refusal_of(folder.path()), "it is no regular file");
}

TEST(WeightFile, NamesWithControlCharactersAreRefused) {
  const ScratchFolder folder;
  write_shard(folder / "x", {"a\x1b[31m"});
  EXPECT_NE(refusal_of(folder / "x").find("control characters"), std::string::npos);
}

TEST(WeightFile, Sha256IsTheStandards) {
  // FIPS 180-2, appendix B.1.
  const ScratchFolder folder;
  spill(folder / "x", "abc");
  EXPECT_EQ(sha256_of(folder / "x"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace chestmap
