#pragma once

#include <cstdint>
#include <filesystem>

#include "graph/localizer_graph.h"

namespace chestmap {

/// Writes the model.safetensors `model` as an ONNX file (docs/export.md). Throws UserError as
/// `localizer_graph`, `onnx_file` and `write_file` do, and for an operator set that is not known.
void export_onnx(const std::filesystem::path& model, const std::filesystem::path& out,
                 const LocalizerGraphOptions& options, std::int64_t opset);

}  // namespace chestmap
