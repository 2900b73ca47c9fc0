#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "weights/tensor_view.h"

namespace chestmap {

class MappedFile;

/// A safetensors file, mapped into memory: nothing is read before it is looked at. The format: 8
/// bytes of little-endian header length, a JSON header, the data;
/// https://github.com/huggingface/safetensors describes it.
class SafetensorsFile {
 public:
  /// Checks the whole header: lengths, offsets that lie inside the file, shapes that agree with
  /// them, no overlap. Throws UserError naming the file and what is wrong.
  explicit SafetensorsFile(const std::filesystem::path& file);

  /// In the order of their data.
  [[nodiscard]] const std::vector<TensorView>& tensors() const noexcept { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept {
    return metadata_;
  }
  /// Keeps the tensors' memory alive.
  [[nodiscard]] const std::shared_ptr<const MappedFile>& mapping() const noexcept {
    return mapping_;
  }

 private:
  std::shared_ptr<const MappedFile> mapping_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes the file atomically. The bytes depend on the arguments alone.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace chestmap
