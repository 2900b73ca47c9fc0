#include "onnx/onnx_file.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <variant>

#include "base/error.h"
#include "onnx/half.h"
#include "onnx/proto_message.h"

namespace chestmap {

namespace {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data is little-endian");

// Field numbers and enumerators of onnx.proto.
namespace model_proto {
constexpr std::uint32_t kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kDocString = 6,
                        kGraph = 7, kOpsetImport = 8, kMetadataProps = 14;
}
namespace graph_proto {
constexpr std::uint32_t kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node_proto {
constexpr std::uint32_t kInput = 1, kOutput = 2, kOpType = 4, kAttribute = 5;
}
namespace attribute_proto {
constexpr std::uint32_t kName = 1, kFloat = 2, kInt = 3, kInts = 8, kType = 20;
constexpr std::int64_t kTypeFloat = 1, kTypeInt = 2, kTypeInts = 7;
}  // namespace attribute_proto
namespace tensor_proto {
constexpr std::uint32_t kDims = 1, kDataType = 2, kName = 8, kRawData = 9;
constexpr std::int64_t kFloat = 1, kHalf = 10;
}  // namespace tensor_proto
namespace value_info {
constexpr std::uint32_t kName = 1, kType = 2, kDocString = 3;
}

/// The version of the file format that an operator set came with.
std::int64_t ir_version(std::int64_t opset) {
  if (opset >= 21) return 10;
  if (opset >= 19) return 9;
  if (opset >= 15) return 8;
  if (opset >= 12) return 7;
  return opset - 5;  // 9: 4, 10: 5, 11: 6
}

ProtoMessage attribute(const std::string& name, const Attribute& value) {
  using namespace attribute_proto;
  ProtoMessage message;
  message.text(kName, name);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    message.number(kInt, *whole).number(kType, kTypeInt);
  } else if (const auto* real = std::get_if<float>(&value)) {
    message.real(kFloat, *real).number(kType, kTypeFloat);
  } else {
    for (const std::int64_t number : std::get<std::vector<std::int64_t>>(value))
      message.number(kInts, number);
    message.number(kType, kTypeInts);
  }
  return message;
}

/// Nodes have no names: runtimes that call a result by its node's name then call it by its own.
ProtoMessage node(const Node& node) {
  using namespace node_proto;
  ProtoMessage message;
  for (const std::string& input : node.inputs) message.text(kInput, input);
  message.text(kOutput, node.output).text(kOpType, node.op);
  for (const auto& [name, value] : node.attributes)
    message.message(kAttribute, attribute(name, value));
  return message;
}

std::string half_data(const Constant& constant) {
  std::string data;
  data.reserve(2 * constant.values.size());
  for (const float value : constant.values) {
    const std::uint16_t bits = half_bits(value);
    if (std::isfinite(value) && (bits & 0x7C00) == 0x7C00)
      throw UserError(
          fmt::format("{} holds {}, which is beyond half precision's 65504", constant.name, value),
          "export without --fp16");
    data += static_cast<char>(bits & 0xFF);
    data += static_cast<char>(bits >> 8);
  }
  return data;
}

ProtoMessage tensor(const Constant& constant) {
  using namespace tensor_proto;
  const bool half = constant.precision == Precision::half;
  ProtoMessage message;
  for (const std::int64_t side : constant.shape) message.number(kDims, side);
  message.number(kDataType, half ? kHalf : kFloat).text(kName, constant.name);
  if (half) return message.text(kRawData, half_data(constant));
  return message.text(kRawData, {reinterpret_cast<const char*>(constant.values.data()),
                                 constant.values.size() * sizeof(float)});
}

/// TypeProto.tensor_type: element type 1, shape 2; TensorShapeProto.dim 1: value 1 or name 2.
ProtoMessage port(const Port& port) {
  ProtoMessage shape;
  shape.message(1, ProtoMessage().text(2, "N"));
  for (const std::int64_t side : port.shape) shape.message(1, ProtoMessage().number(1, side));
  ProtoMessage tensor_type;
  tensor_type.number(1, tensor_proto::kFloat).message(2, shape);
  ProtoMessage message;
  message.text(value_info::kName, port.name)
      .message(value_info::kType, ProtoMessage().message(1, tensor_type))
      .text(value_info::kDocString, port.description);
  return message;
}

ProtoMessage graph_message(const Graph& graph) {
  using namespace graph_proto;
  ProtoMessage message;
  for (const Node& operation : graph.nodes) message.message(kNode, node(operation));
  message.text(kName, "chestmap");
  for (const Constant& constant : graph.constants) message.message(kInitializer, tensor(constant));
  for (const Port& input : graph.inputs) message.message(kInput, port(input));
  for (const Port& output : graph.outputs) message.message(kOutput, port(output));
  return message;
}

}  // namespace

std::string onnx_file(const Graph& graph, const OnnxDescription& description) {
  using namespace model_proto;
  ProtoMessage message;
  message.number(kIrVersion, ir_version(description.opset))
      .text(kProducerName, "chestmap")
      .text(kProducerVersion, description.producer_version)
      .text(kDocString, description.text)
      .message(kGraph, graph_message(graph))
      .message(kOpsetImport, ProtoMessage().text(1, "").number(2, description.opset));
  for (const auto& [key, value] : description.metadata)
    message.message(kMetadataProps, ProtoMessage().text(1, key).text(2, value));
  return message.bytes();
}

}  // namespace chestmap
