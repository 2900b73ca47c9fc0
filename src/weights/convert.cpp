#include "weights/convert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include "base/error.h"
#include "weights/safetensors.h"

namespace chestmap {

std::map<std::string, std::string> weight_provenance(const WeightFile& file) {
  return {{"source", file.path.filename().string()},
          {"source_sha256", sha256_of(file.path)},
          {"source_format", file.format}};
}

void write_backbone(const BackboneFit& fit, const WeightFile& file,
                    const std::filesystem::path& out) {
  std::deque<std::vector<float>> floats;
  std::deque<std::vector<std::int64_t>> wholes;
  std::vector<TensorView> views;
  const auto add_wholes = [&](const ExpectedTensor& expected, std::vector<std::int64_t> values) {
    wholes.push_back(std::move(values));
    views.push_back(
        {expected.name, "I64", expected.shape, std::as_bytes(std::span(wholes.back()))});
  };
  for (const FittedTensor& tensor : fit.fitted) {
    if (tensor.expected.whole) {
      add_wholes(tensor.expected, fitted_wholes(tensor));
      continue;
    }
    floats.push_back(fitted_floats(tensor));
    views.push_back({tensor.expected.name, "F32", tensor.expected.shape,
                     std::as_bytes(std::span(floats.back()))});
  }
  for (const std::string& name : fit.uncounted) add_wholes({name, {}, true, 0}, {0});
  std::map<std::string, std::string> metadata = weight_provenance(file);
  metadata["format"] = "pt";  // what other programs look for: tensors in PyTorch's layout
  metadata["backbone"] = fit.backbone;
  metadata["notes"] = fmt::format("{}", fmt::join(fit.notes, "; "));
  write_safetensors(out, views, metadata);
}

void write_unchanged(const WeightFile& file, const std::filesystem::path& out) {
  std::deque<std::vector<std::byte>> copies;
  std::vector<TensorView> views;
  for (const StoredTensor& tensor : file.tensors) {
    if (tensor.dtype == "C128")
      throw UserError(fmt::format("{}: tensor \"{}\" is of the type C128, which safetensors does "
                                  "not have",
                                  file.path.string(), tensor.name),
                      "write it as two real tensors");
    if (is_plain(tensor)) {
      views.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.data});
    } else {
      copies.push_back(row_major_bytes(tensor));
      views.push_back({tensor.name, tensor.dtype, tensor.shape, copies.back()});
    }
  }
  std::map<std::string, std::string> metadata = file.metadata;
  metadata.merge(weight_provenance(file));
  metadata.emplace("format", "pt");
  write_safetensors(out, views, metadata);
}

}  // namespace chestmap
