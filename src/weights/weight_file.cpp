#include "weights/weight_file.h"

#include <fmt/format.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "weights/safetensors.h"
#include "weights/torch_file.h"

namespace chestmap {

namespace {

constexpr const char* kFormats =
    "safetensors, and what torch.save writes (.pth, .pt, .pth.tar, .bin), are read";
constexpr std::uint64_t kLargestIndex = 100'000'000;
constexpr std::string_view kIndexEnding = ".index.json";

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7f;
}

/// Names are printed, and terminals act on control characters.
void check_names(const WeightFile& file) {
  for (const StoredTensor& tensor : file.tensors)
    if (std::any_of(tensor.name.begin(), tensor.name.end(), is_control))
      throw UserError(
          fmt::format("{}: the name of a tensor of {} elements holds control characters",
                      file.path.string(), elements_of(tensor.shape).value_or(0)),
          "is it a checkpoint of a network?");
}

std::string without_controls(std::string text) {
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

WeightFile from_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile stored(path);
  WeightFile out;
  out.path = path;
  out.format = "safetensors";
  out.metadata = stored.metadata();
  for (const TensorView& view : stored.tensors())
    out.tensors.push_back(
        {view.name, view.dtype, view.shape, row_major_strides(view.shape), view.data, false});
  out.file_bytes = stored.mapping()->bytes().size();
  out.mappings.push_back(stored.mapping());
  return out;
}

WeightFile from_torch(const std::shared_ptr<const MappedFile>& mapping) {
  TorchFile stored = read_torch_file(*mapping);
  WeightFile out;
  out.path = mapping->path();
  out.format = std::move(stored.format);
  out.key = std::move(stored.key);
  for (std::string& name : stored.beside) out.beside.push_back(without_controls(std::move(name)));
  for (std::string& name : stored.other) out.other.push_back(without_controls(std::move(name)));
  out.tensors = std::move(stored.tensors);
  out.file_bytes = mapping->bytes().size();
  out.mappings.push_back(mapping);
  return out;
}

bool begins_with(std::span<const std::byte> bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

/// A length of eight bytes, and JSON.
bool looks_like_safetensors(std::span<const std::byte> bytes) { return begins_with(bytes, 8, "{"); }

[[noreturn]] void refuse_format(const std::filesystem::path& path,
                                std::span<const std::byte> bytes) {
  std::string what = "its format is unknown";
  std::string hint = kFormats;
  if (bytes.empty()) {
    what = "it is empty";
    hint = "was the download or the copy cut short?";
  } else if (begins_with(bytes, 257, "ustar")) {
    what = "it is a tar archive";
    hint = "unpack it; the tar files of PyTorch before 0.1.10 are not read";
  } else if (begins_with(bytes, 0, "\x1f\x8b")) {
    what = "it is compressed by gzip";
    hint = "unpack it first";
  } else if (begins_with(bytes, 0, "\x89HDF")) {
    what = "it is an HDF5 file, as Keras writes";
  } else if (begins_with(bytes, 0, "\x80")) {
    what = "it is a pickle, but none of torch.save's";
  } else if (begins_with(bytes, 0, "version https://git-lfs")) {
    what = "it is a pointer of Git LFS, not the file itself";
    hint = "git lfs pull fetches the file";
  } else if (begins_with(bytes, 0, "<")) {
    what = "it is a web page";
    hint = "was the download refused?";
  }
  throw UserError(fmt::format("{} cannot be read as weights: {}", path.string(), what), hint);
}

WeightFile read_one(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<const MappedFile>(path, kFormats);
  const std::span<const std::byte> bytes = mapping->bytes();
  if (is_torch_file(bytes)) return from_torch(mapping);
  if (looks_like_safetensors(bytes)) return from_safetensors(path);
  refuse_format(path, bytes);
}

/// The shards beside the index hold the tensors that it lists, each the ones that it says.
class ShardReader {
 public:
  explicit ShardReader(const std::filesystem::path& index) : index_(index) {}

  WeightFile read() {
    std::map<std::string, std::set<std::string>> by_shard = parse();
    WeightFile out;
    out.path = index_;
    out.file_bytes = std::filesystem::file_size(index_);
    std::string format;
    for (auto& [shard, names] : by_shard) {
      const std::filesystem::path beside = index_.parent_path() / shard;
      if (!std::filesystem::exists(beside)) fail(fmt::format("{} is missing", beside.string()));
      WeightFile part = read_one(beside);
      for (StoredTensor& tensor : part.tensors) {
        if (names.erase(tensor.name) == 0)
          fail(fmt::format("{} holds the tensor \"{}\", which it does not list there", shard,
                           tensor.name));
        out.tensors.push_back(std::move(tensor));
      }
      if (!names.empty())
        fail(fmt::format("{} does not hold the tensor \"{}\"", shard, *names.begin()));
      format = part.format;
      out.file_bytes += part.file_bytes;
      out.mappings.insert(out.mappings.end(), part.mappings.begin(), part.mappings.end());
    }
    out.format = fmt::format("{} in {} shards", format, by_shard.size());
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(fmt::format("{} does not fit its shards: {}", index_.string(), what),
                    "are all of them there, and of one version?");
  }

  [[nodiscard]] std::map<std::string, std::set<std::string>> parse() const {
    std::error_code error;
    if (std::filesystem::file_size(index_, error) > kLargestIndex && !error)
      fail("the index has more than 100 MB");
    std::map<std::string, std::set<std::string>> by_shard;
    try {
      const auto json = nlohmann::json::parse(read_file(index_));
      for (const auto& [name, shard] : json.at("weight_map").items()) {
        const std::string file = shard.get<std::string>();
        // A name, not a path: an index must not reach into other folders.
        if (file.empty() || file.find('/') != std::string::npos || file.front() == '.' ||
            file.ends_with(kIndexEnding))
          fail(fmt::format("\"{}\" is no name of a shard beside it", file));
        by_shard[file].insert(name);
      }
    } catch (const nlohmann::json::exception& parse_error) {
      throw UserError(
          fmt::format("{} is no index of shards: {}", index_.string(), parse_error.what()),
          "it is a JSON file with a \"weight_map\" of tensor names to file names");
    }
    if (by_shard.empty()) fail("it lists no tensor");
    return by_shard;
  }

  const std::filesystem::path& index_;
};

}  // namespace

WeightFile read_weights(const std::filesystem::path& file) {
  WeightFile out =
      file.string().ends_with(kIndexEnding) ? ShardReader(file).read() : read_one(file);
  check_names(out);
  return out;
}

std::string sha256_of(const std::filesystem::path& file) {
  const MappedFile mapping(file);
  const auto bytes = mapping.bytes();
  sha256_ctx hash;
  sha256_init(&hash);
  sha256_update(&hash, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&hash, digest.size(), digest.data());
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace chestmap
