#include "torchscript/source_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace chestmap {

namespace {

using Sides = std::vector<std::int64_t>;

/// An operation with its inputs as expressions.
struct Call {
  const Node& node;
  const std::vector<std::string>& inputs;

  [[nodiscard]] std::string all() const { return fmt::format("{}", fmt::join(inputs, ", ")); }
  /// The first two numbers of a list: of "pads", what stands before the map.
  [[nodiscard]] std::string pair(const std::string& attribute) const {
    const auto found = node.attributes.find(attribute);
    if (found == node.attributes.end()) return "[0, 0]";
    const auto& sides = std::get<Sides>(found->second);
    return fmt::format("[{}, {}]", sides.at(0), sides.at(1));
  }
};

using Write = std::function<std::string(const Call& call)>;

Write between(const std::string& sign) {
  return [sign](const Call& call) {
    return fmt::format("{} {} {}", call.inputs.at(0), sign, call.inputs.at(1));
  };
}

/// `{}` stands for the inputs.
Write as(const std::string& pattern) {
  return [pattern](const Call& call) { return fmt::format(fmt::runtime(pattern), call.all()); };
}

std::string convolution(const Call& call) {
  const std::string bias = call.inputs.size() > 2 ? call.inputs[2] : "None";
  return fmt::format("torch.conv2d({}, {}, {}, {}, {})", call.inputs.at(0), call.inputs.at(1), bias,
                     call.pair("strides"), call.pair("pads"));
}

std::string batch_normalisation(const Call& call) {
  return fmt::format("torch.batch_norm({}, False, 0.0, {}, False)", call.all(),
                     std::get<float>(call.node.attributes.at("epsilon")));
}

Write pool(const std::string& function) {
  return [function](const Call& call) {
    return fmt::format("torch.{}({}, {}, {}, {})", function, call.all(), call.pair("kernel_shape"),
                       call.pair("strides"), call.pair("pads"));
  };
}

const std::map<std::string, Write>& operations() {
  static const std::map<std::string, Write> kOperations = {
      {"Add", between("+")},
      {"AveragePool", pool("avg_pool2d")},
      {"BatchNormalization", batch_normalisation},
      {"Concat", as("torch.cat([{}], 1)")},
      {"Conv", convolution},
      {"Div", between("/")},
      {"Exp", as("torch.exp({})")},
      {"Flatten", as("torch.flatten({}, 1)")},
      {"GlobalAveragePool", as("torch.mean({}, [2, 3], True)")},
      {"GlobalMaxPool", as("torch.amax({}, [2, 3], True)")},
      {"Log", as("torch.log({})")},
      {"MatMul", as("torch.matmul({})")},
      {"MaxPool", pool("max_pool2d")},
      {"Mul", between("*")},
      {"Neg", as("torch.neg({})")},
      {"Relu", as("torch.relu({})")},
      {"Sigmoid", as("torch.sigmoid({})")},
      {"Softplus", as("torch.softplus({})")},
      {"Sub", between("-")},
      {"Transpose", as("torch.transpose({}, 2, 3)")},
  };
  return kOperations;
}

/// The name with what no identifier may hold as underscores, unlike those of `taken`.
std::string identifier(const std::string& name, std::set<std::string>& taken) {
  std::string text = name;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  while (!taken.insert(text).second) text += '_';
  return text;
}

}  // namespace

TorchScriptSource torchscript_source(const Graph& graph) {
  TorchScriptSource source;
  std::set<std::string> taken;
  std::map<std::string, std::string> expressions;  // by the value's name in the graph
  for (const Constant& constant : graph.constants) {
    const std::string attribute = identifier(constant.name, taken);
    source.attributes[constant.name] = attribute;
    expressions[constant.name] = "self." + attribute;
  }
  source.text = "def forward(self";
  for (const Port& input : graph.inputs) {
    expressions[input.name] = identifier(input.name, taken);
    source.text += ", " + expressions[input.name];
  }
  source.text += "):\n";
  for (const Node& node : graph.nodes) {
    const auto operation = operations().find(node.op);
    if (operation == operations().end())
      throw std::logic_error("no TorchScript is known for the operation " + node.op);
    std::vector<std::string> inputs;
    for (const std::string& input : node.inputs) inputs.push_back(expressions.at(input));
    const std::string result = identifier(node.output, taken);
    source.text += fmt::format("    {} = {}\n", result, operation->second(Call{node, inputs}));
    expressions[node.output] = result;
  }
  std::vector<std::string> outputs;
  for (const Port& output : graph.outputs) outputs.push_back(expressions.at(output.name));
  source.text += fmt::format("    return ({},)\n", fmt::join(outputs, ", "));
  return source;
}

}  // namespace chestmap
