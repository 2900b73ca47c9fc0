#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/numbers.h"
#include "weights/safetensors.h"

namespace chestmap {

/// The tensors of a model file, each asked for by name and shape. What is wrong with them is
/// gathered and told at once.
class ModelTensors {
 public:
  ModelTensors(const SafetensorsFile& stored, std::filesystem::path file);

  /// The tensor where it lies in the file. Zeros where it is missing, misshapen or not float32,
  /// which `check` tells.
  [[nodiscard]] Numbers tensor(const std::string& name, std::span<const std::int64_t> shape);
  /// A copy, for what is computed from it.
  [[nodiscard]] std::vector<float> values(const std::string& name,
                                          std::span<const std::int64_t> shape);
  /// A tensor that the file may hold and that is of no use: counters of training.
  void leave(const std::string& name);

  /// Throws UserError listing by name the tensors that were missing or misshapen, and those that
  /// nothing asked for.
  void check() const;

 private:
  std::filesystem::path file_;
  std::shared_ptr<const MappedFile> mapping_;
  std::map<std::string, TensorView> unused_;
  std::vector<std::string> problems_;
};

}  // namespace chestmap
