#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "weights/stored_tensor.h"

namespace chestmap {

/// The tensors of a file of any format that is read, in place: the data are looked at when they are
/// used, and live as long as a copy of this does.
struct WeightFile {
  std::filesystem::path path;
  std::string format;  ///< "safetensors", "safetensors in 3 shards", "PyTorch (zip)", ...
  std::string key;     ///< of a PyTorch file: where its state dict stood, e.g. "state_dict"
  std::vector<std::string> beside;              ///< what else stood there, e.g. "optimizer"
  std::vector<std::string> other;               ///< entries of the state dict that are no tensors
  std::map<std::string, std::string> metadata;  ///< of safetensors
  std::vector<StoredTensor> tensors;
  std::uint64_t file_bytes = 0;  ///< of all shards together
  std::vector<std::shared_ptr<const MappedFile>> mappings;
};

/// Reads by content, whatever the name ends in: safetensors; PyTorch's zip and legacy formats; or,
/// for a name that ends in `.index.json`, the shards that it lists beside it. Throws UserError
/// naming the file and what is wrong, or which formats are read.
[[nodiscard]] WeightFile read_weights(const std::filesystem::path& file);

/// SHA-256 of the file, 64 hexadecimal digits (of an index, of the index alone). The names of
/// torchvision's weights end in the first eight.
[[nodiscard]] std::string sha256_of(const std::filesystem::path& file);

}  // namespace chestmap
