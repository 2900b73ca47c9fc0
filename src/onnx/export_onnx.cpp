#include "onnx/export_onnx.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "graph/localizer_metadata.h"
#include "onnx/onnx_file.h"

namespace chestmap {

void export_onnx(const std::filesystem::path& model, const std::filesystem::path& out,
                 const LocalizerGraphOptions& options, std::int64_t opset) {
  if (opset < kOldestOpset || opset > kNewestOpset)
    throw UserError(
        fmt::format("operator set {} is not one that can be written", opset),
        fmt::format("{} to {} can; 13 is read nearly everywhere", kOldestOpset, kNewestOpset));
  const LocalizerGraph localizer = localizer_graph(model, options);
  OnnxDescription description{.opset = opset,
                              .producer_version = CHESTMAP_VERSION,
                              .text = localizer_description(localizer),
                              .metadata = localizer_metadata(localizer)};
  description.metadata["opset"] = std::to_string(opset);
  write_file(out, onnx_file(localizer.graph, description));
}

}  // namespace chestmap
