#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/graph.h"

namespace chestmap {

/// What an ONNX file says beside the graph.
struct OnnxDescription {
  std::int64_t opset = 13;  ///< of the default domain, kOldestOpset to kNewestOpset
  std::string producer_version;
  std::string text;                             ///< for people
  std::map<std::string, std::string> metadata;  ///< metadata_props
};

inline constexpr std::int64_t kOldestOpset = 9;
inline constexpr std::int64_t kNewestOpset = 21;

/// The content of an ONNX file: ModelProto of
/// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The first axis of every input and
/// output is the batch "N". The bytes depend on the arguments alone. Throws UserError naming the
/// constant that is beyond half precision's range where it is to be written in it.
[[nodiscard]] std::string onnx_file(const Graph& graph, const OnnxDescription& description);

}  // namespace chestmap
