#include "graph/model_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace chestmap {

ModelTensors::ModelTensors(const SafetensorsFile& stored, std::filesystem::path file)
    : file_(std::move(file)), mapping_(stored.mapping()) {
  for (const TensorView& tensor : stored.tensors()) unused_.emplace(tensor.name, tensor);
}

Numbers ModelTensors::tensor(const std::string& name, std::span<const std::int64_t> shape) {
  const auto count = static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  const auto found = unused_.find(name);
  if (found == unused_.end()) {
    problems_.push_back(name + " is missing");
    return std::vector<float>(count);
  }
  const TensorView view = std::move(found->second);
  unused_.erase(found);
  if (view.dtype != "F32" ||
      !std::equal(shape.begin(), shape.end(), view.shape.begin(), view.shape.end())) {
    problems_.push_back(fmt::format("{} is {} [{}], F32 [{}] was expected", name, view.dtype,
                                    fmt::join(view.shape, ", "), fmt::join(shape, ", ")));
    return std::vector<float>(count);
  }
  // A header of a length that is no multiple of four leaves the numbers askew.
  if (reinterpret_cast<std::uintptr_t>(view.data.data()) % alignof(float) == 0)
    return {mapping_, {reinterpret_cast<const float*>(view.data.data()), count}};
  std::vector<float> copy(count);
  std::memcpy(copy.data(), view.data.data(), view.data.size());
  return copy;
}

std::vector<float> ModelTensors::values(const std::string& name,
                                        std::span<const std::int64_t> shape) {
  const Numbers numbers = tensor(name, shape);
  return {numbers.begin(), numbers.end()};
}

void ModelTensors::leave(const std::string& name) { unused_.erase(name); }

void ModelTensors::check() const {
  std::vector<std::string> problems = problems_;
  for (const auto& [name, view] : unused_) problems.push_back(name + " is unexpected");
  if (!problems.empty())
    throw UserError(fmt::format("{} does not fit its own description: {}", file_.string(),
                                fmt::join(problems, "; ")),
                    "the file was damaged or changed by another program");
}

}  // namespace chestmap
