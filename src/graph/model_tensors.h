#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "weights/safetensors.h"

namespace chestmap {

/// The tensors of a model file, each asked for by name and shape. What is wrong with them is
/// gathered and told at once.
class ModelTensors {
 public:
  ModelTensors(const SafetensorsFile& stored, std::filesystem::path file);

  /// The tensor's values. Zeros where it is missing, misshapen or not float32, which `check` tells.
  [[nodiscard]] std::vector<float> values(const std::string& name,
                                          std::span<const std::int64_t> shape);
  /// A tensor that the file may hold and that is of no use: counters of training.
  void leave(const std::string& name);

  /// Throws UserError listing by name the tensors that were missing or misshapen, and those that
  /// nothing asked for.
  void check() const;

 private:
  std::filesystem::path file_;
  std::map<std::string, TensorView> unused_;
  std::vector<std::string> problems_;
};

}  // namespace chestmap
