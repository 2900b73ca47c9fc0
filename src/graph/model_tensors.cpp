#include "graph/model_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace chestmap {

ModelTensors::ModelTensors(const SafetensorsFile& stored, std::filesystem::path file)
    : file_(std::move(file)) {
  for (const TensorView& tensor : stored.tensors()) unused_.emplace(tensor.name, tensor);
}

std::vector<float> ModelTensors::values(const std::string& name,
                                        std::span<const std::int64_t> shape) {
  const std::int64_t count =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  std::vector<float> values(static_cast<std::size_t>(count), 0.0F);
  const auto found = unused_.find(name);
  if (found == unused_.end()) {
    problems_.push_back(name + " is missing");
    return values;
  }
  const TensorView& view = found->second;
  if (view.dtype == "F32" &&
      std::equal(shape.begin(), shape.end(), view.shape.begin(), view.shape.end())) {
    std::memcpy(values.data(), view.data.data(), view.data.size());
  } else {
    problems_.push_back(fmt::format("{} is {} [{}], F32 [{}] was expected", name, view.dtype,
                                    fmt::join(view.shape, ", "), fmt::join(shape, ", ")));
  }
  unused_.erase(found);
  return values;
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
