#include "engine/fusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "base/error.h"
#include "engine/schedule.h"

namespace chestmap::engine {

namespace {

constexpr const char* kHint = "--engine torch runs every model";

/// Up to so many planar channels a convolution of stride 2 reads as they are.
constexpr std::int64_t kMostPlanarChannels = 4;

/// A result of the graph: a tensor, and what has still to be done to its elements. Scale and shift
/// are one a logical channel.
struct Value {
  std::size_t tensor = 0;
  std::optional<Affine> pending;
  std::int64_t repeats = 1;  ///< so many equal channels stand for the tensor's one
};

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

class Fuser {
 public:
  Fuser(Graph graph, const std::vector<std::string>& outputs) : graph_(std::move(graph)) {
    for (Constant& constant : graph_.constants)
      constants_.emplace(constant.name, std::move(constant));
    graph_.constants.clear();
    std::set<std::string> needed(outputs.begin(), outputs.end());
    for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node)
      if (needed.contains(node->output)) needed.insert(node->inputs.begin(), node->inputs.end());
    std::erase_if(graph_.nodes, [&](const Node& node) { return !needed.contains(node.output); });
    for (const Node& node : graph_.nodes)
      for (const std::string& input : node.inputs) ++uses_[input];
    for (const std::string& output : outputs) ++uses_[output];
  }

  Network run(const std::vector<std::string>& outputs) {
    const Port& port = graph_.inputs.at(0);
    network_.input = add_tensor(planar(port.name, port.shape[0], port.shape[1], port.shape[2]));
    values_[port.name] = {network_.input, {}, 1};
    for (const Node& node : graph_.nodes) values_[node.output] = result_of(node);
    for (const std::string& output : outputs)
      network_.outputs.emplace_back(output, as_planar(materialised(output)));
    std::vector<Layer> ordered;
    for (const std::size_t layer : schedule(network_))
      ordered.push_back(std::move(network_.layers[layer]));
    network_.layers = std::move(ordered);
    return std::move(network_);
  }

 private:
  static Tensor planar(std::string name, std::int64_t channels, std::int64_t height,
                       std::int64_t width) {
    Tensor tensor{std::move(name), channels, height, width, false, channels, {}, {}, 0};
    for (std::int64_t c = 0; c < channels; ++c) tensor.positions.push_back(c);
    return tensor;
  }

  static Tensor blocked(std::string name, std::int64_t channels, std::int64_t height,
                        std::int64_t width) {
    Tensor tensor = planar(std::move(name), channels, height, width);
    tensor.blocked = true;
    tensor.physical = (channels + kBlock - 1) / kBlock * kBlock;
    return tensor;
  }

  /// A tensor of the same shape and layout.
  static Tensor like(const Tensor& model, std::string name) {
    Tensor tensor = model;
    tensor.name = std::move(name);
    tensor.parent.reset();
    tensor.offset = 0;
    return tensor;
  }

  std::size_t add_tensor(Tensor tensor) {
    network_.tensors.push_back(std::move(tensor));
    producers_.emplace_back();
    return network_.tensors.size() - 1;
  }

  std::size_t add_layer(std::string name, Operation operation, std::vector<std::size_t> inputs,
                        Tensor output) {
    const std::size_t tensor = add_tensor(std::move(output));
    producers_[tensor] = network_.layers.size();
    network_.layers.push_back({std::move(name), std::move(operation), std::move(inputs), tensor});
    return tensor;
  }

  [[nodiscard]] const Tensor& tensor(std::size_t at) const { return network_.tensors[at]; }

  const Constant* constant(const std::string& name) const {
    const auto found = constants_.find(name);
    return found == constants_.end() ? nullptr : &found->second;
  }

  [[noreturn]] static void refuse(const Node& node, const std::string& what) {
    throw UserError(fmt::format("{}: the engine cannot run {}", node.output, what), kHint);
  }

  static std::int64_t equal_sides(const Node& node, const std::string& attribute,
                                  std::int64_t otherwise) {
    const auto found = node.attributes.find(attribute);
    if (found == node.attributes.end()) return otherwise;
    const auto* sides = std::get_if<std::vector<std::int64_t>>(&found->second);
    if (sides == nullptr || sides->empty() ||
        std::any_of(sides->begin(), sides->end(), [&](auto s) { return s != sides->front(); }))
      refuse(node, fmt::format("{} with unequal {}", node.op, attribute));
    return sides->front();
  }

  /// Over physical channels, of which those without a meaning stay zero.
  [[nodiscard]] std::vector<float> spread(std::span<const float> logical,
                                          const Tensor& over) const {
    std::vector<float> physical(index(over.physical), 0.0F);
    for (std::size_t c = 0; c < logical.size(); ++c)
      physical[index(over.positions[c])] = logical[c];
    return physical;
  }

  [[nodiscard]] Affine spread(const Affine& logical, const Tensor& over) const {
    return {spread(logical.scale, over), spread(logical.shift, over), logical.relu};
  }

  /// The value's tensor, with what was pending done.
  std::size_t materialised(const std::string& name) {
    Value& value = values_.at(name);
    if (!value.pending) return value.tensor;
    // Blocked tensors are scaled with a ReLU behind it alone, which is what backbones do.
    const std::size_t from = value.pending->relu ? value.tensor : as_planar(value.tensor);
    const Tensor& source = tensor(from);
    value.tensor = add_layer(name, spread(*value.pending, source), {from}, like(source, name));
    value.pending.reset();
    return value.tensor;
  }

  std::size_t in_layout(std::size_t from, bool as_blocked) {
    if (tensor(from).blocked == as_blocked) return from;
    const auto known = reordered_.find(from);
    if (known != reordered_.end()) return known->second;
    const Tensor& source = tensor(from);
    const auto make = as_blocked ? blocked : planar;
    Tensor target = make(source.name + (as_blocked ? ".blocked" : ".planar"), source.channels,
                         source.height, source.width);
    const std::string name = source.name;
    return reordered_[from] = add_layer(name, Reorder{}, {from}, std::move(target));
  }
  std::size_t as_planar(std::size_t from) { return in_layout(from, false); }
  std::size_t as_blocked(std::size_t from) { return in_layout(from, true); }

  /// The convolution that gives the value and can still do more: nothing else reads it.
  Convolution* open_convolution(const std::string& name) {
    const Value& value = values_.at(name);
    if (value.pending || uses_.at(name) != 1 || !producers_[value.tensor]) return nullptr;
    auto* convolution =
        std::get_if<Convolution>(&network_.layers[*producers_[value.tensor]].operation);
    return convolution != nullptr && !convolution->relu ? convolution : nullptr;
  }

  Value result_of(const Node& node) {
    if (node.op == "Conv") return convolution(node);
    if (node.op == "BatchNormalization") return normalisation(node);
    if (node.op == "Relu") return relu(node);
    if (node.op == "Concat") return concatenation(node);
    if (node.op == "MaxPool") return max_pooling(node);
    if (node.op == "AveragePool") return average_pooling(node);
    if (node.op == "Flatten") return {materialised(node.inputs[0]), {}, 1};
    static const std::set<std::string> kCombinations = {"Add", "Sub", "Mul", "Div"};
    if (kCombinations.contains(node.op))
      return constant(node.inputs[1]) != nullptr ? with_numbers(node) : combination(node);
    return planar_operation(node);
  }

  Value convolution(const Node& node) {
    Constant& weight = constants_.at(node.inputs[1]);
    const std::int64_t kernel = weight.shape[2];
    if (weight.shape[3] != kernel) refuse(node, "a convolution whose kernel is no square");
    for (const char* attribute : {"dilations", "group"})
      if (node.attributes.contains(attribute))
        refuse(node, fmt::format("a convolution with {}", attribute));
    Convolution convolution;
    convolution.kernel = kernel;
    convolution.stride = equal_sides(node, "strides", 1);
    convolution.padding = equal_sides(node, "pads", 0);

    const Value& value = values_.at(node.inputs[0]);
    std::size_t source = value.tensor;
    const std::int64_t repeats = value.repeats;
    const bool reads_pending =
        value.pending && kernel == 1 && convolution.stride == 1 && tensor(source).blocked;
    if (reads_pending)
      convolution.before = spread(*value.pending, tensor(source));
    else
      source = materialised(node.inputs[0]);
    if (!tensor(source).blocked &&
        (tensor(source).channels > kMostPlanarChannels || convolution.stride != 2))
      source = as_blocked(source);

    const Tensor& read = tensor(source);
    const std::int64_t out = weight.shape[0];
    Tensor written = blocked(
        node.output, out, (read.height + 2 * convolution.padding - kernel) / convolution.stride + 1,
        (read.width + 2 * convolution.padding - kernel) / convolution.stride + 1);
    convolution.weight = physical_weight(weight, repeats, read, written);
    convolution.scale.assign(index(written.physical), 1.0F);
    convolution.bias.assign(index(written.physical), 0.0F);
    if (node.inputs.size() > 2)
      convolution.bias = spread(constant(node.inputs[2])->values.span(), written);
    constants_.erase(node.inputs[1]);  // its memory is not needed twice
    return {add_layer(node.output, std::move(convolution), {source}, std::move(written)), {}, 1};
  }

  /// Equal input channels act through the sum of their weights.
  static Numbers physical_weight(Constant& weight, std::int64_t repeats, const Tensor& read,
                                 const Tensor& written) {
    if (repeats == 1 && read.channels == read.physical && written.channels == written.physical)
      return std::move(weight.values);
    const std::int64_t taps = weight.shape[2] * weight.shape[3];
    const std::int64_t in = weight.shape[1];
    std::vector<float> physical(index(written.physical * read.physical * taps), 0.0F);
    for (std::int64_t o = 0; o < weight.shape[0]; ++o)
      for (std::int64_t i = 0; i < in; ++i) {
        const std::int64_t position = read.positions[index(repeats > 1 ? 0 : i)];
        const float* from = weight.values.data() + (o * in + i) * taps;
        float* to = physical.data() + (o * read.physical + position) * taps;
        for (std::int64_t t = 0; t < taps; ++t) to[t] += from[t];
      }
    return physical;
  }

  Value normalisation(const Node& node) {
    std::array<const Numbers*, 4> numbers{};  // weight, bias, mean, variance
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = &constant(node.inputs[i + 1])->values;
    const auto epsilon = static_cast<double>(std::get<float>(node.attributes.at("epsilon")));
    Affine affine;
    for (std::size_t c = 0; c < numbers[0]->size(); ++c) {
      const double scale = static_cast<double>((*numbers[0])[c]) /
                           std::sqrt(static_cast<double>((*numbers[3])[c]) + epsilon);
      affine.scale.push_back(static_cast<float>(scale));
      affine.shift.push_back(static_cast<float>(static_cast<double>((*numbers[1])[c]) -
                                                static_cast<double>((*numbers[2])[c]) * scale));
    }
    Convolution* producer = open_convolution(node.inputs[0]);
    if (producer == nullptr || producer->adds) return scaled(node.inputs[0], affine);
    const std::size_t result = values_.at(node.inputs[0]).tensor;
    for (std::size_t o = 0; o < affine.scale.size(); ++o) {
      producer->scale[o] *= affine.scale[o];
      producer->bias[o] = producer->bias[o] * affine.scale[o] + affine.shift[o];
    }
    return {result, {}, 1};
  }

  Value relu(const Node& node) {
    const Value& value = values_.at(node.inputs[0]);
    if (Convolution* producer = open_convolution(node.inputs[0])) {
      producer->relu = true;
      return {value.tensor, {}, 1};
    }
    Value result = value;
    if (!result.pending) {
      const std::size_t channels = index(tensor(value.tensor).channels);
      result.pending = Affine{std::vector<float>(channels, 1.0F), std::vector<float>(channels), {}};
    }
    result.pending->relu = true;
    return result;
  }

  /// scale x + shift, joined with what is pending.
  Value scaled(const std::string& name, const Affine& affine) {
    if (values_.at(name).pending && values_.at(name).pending->relu) materialised(name);
    Value result = values_.at(name);
    if (!result.pending) {
      result.pending = affine;
      return result;
    }
    for (std::size_t c = 0; c < affine.scale.size(); ++c) {
      result.pending->scale[c] *= affine.scale[c];
      result.pending->shift[c] = result.pending->shift[c] * affine.scale[c] + affine.shift[c];
    }
    return result;
  }

  Value with_numbers(const Node& node) {
    const Numbers& numbers = constant(node.inputs[1])->values;
    const std::size_t channels = index(tensor(values_.at(node.inputs[0]).tensor).channels);
    if (numbers.size() != 1 && numbers.size() != channels)
      refuse(node, node.op + " of values of different shape");
    Affine affine;
    for (std::size_t c = 0; c < channels; ++c) {
      const float number = numbers[numbers.size() == 1 ? 0 : c];
      affine.scale.push_back(node.op == "Mul" ? number : node.op == "Div" ? 1.0F / number : 1.0F);
      affine.shift.push_back(node.op == "Add" ? number : node.op == "Sub" ? -number : 0.0F);
    }
    return scaled(node.inputs[0], affine);
  }

  Value combination(const Node& node) {
    if (node.op == "Add")
      for (const std::size_t side : {std::size_t{1}, std::size_t{0}}) {
        const std::string& sum = node.inputs[side];
        Convolution* producer = open_convolution(sum);
        if (producer == nullptr || producer->adds || node.inputs[0] == node.inputs[1]) continue;
        const std::size_t added = as_blocked(materialised(node.inputs[1 - side]));
        const std::size_t result = values_.at(sum).tensor;
        if (tensor(added).positions != tensor(result).positions) continue;
        Layer& layer = network_.layers[*producers_[result]];
        std::get<Convolution>(layer.operation).adds = true;
        layer.inputs.push_back(added);
        return {result, {}, 1};
      }
    return planar_operation(node);
  }

  Value concatenation(const Node& node) {
    const Value& first = values_.at(node.inputs[0]);
    if (std::all_of(node.inputs.begin(), node.inputs.end(),
                    [&](const std::string& input) { return input == node.inputs[0]; }) &&
        tensor(first.tensor).channels == 1) {
      Value result = first;
      result.repeats = static_cast<std::int64_t>(node.inputs.size());
      return result;
    }
    std::vector<std::size_t> parts;
    for (const std::string& input : node.inputs) parts.push_back(as_blocked(materialised(input)));
    Tensor whole = like(tensor(parts[0]), node.output);
    whole.channels = whole.physical = 0;
    whole.positions.clear();
    for (const std::size_t part : parts) {
      for (const std::int64_t position : tensor(part).positions)
        whole.positions.push_back(whole.physical + position);
      whole.channels += tensor(part).channels;
      whole.physical += tensor(part).physical;
    }
    const std::size_t result = add_tensor(std::move(whole));
    std::int64_t offset = 0;
    for (std::size_t part : parts) {
      if (tensor(part).parent)  // of another concatenation
        part = add_layer(node.output, Copy{}, {part}, like(tensor(part), node.output + ".part"));
      network_.tensors[part].parent = result;
      network_.tensors[part].offset = offset;
      offset += tensor(part).physical;
    }
    return {result, {}, 1};
  }

  Value max_pooling(const Node& node) {
    if (equal_sides(node, "kernel_shape", 0) != 3 || equal_sides(node, "strides", 1) != 2 ||
        equal_sides(node, "pads", 0) != 1)
      refuse(node, "a maximum over other windows than 3 x 3 with stride 2");
    const std::size_t source = as_blocked(materialised(node.inputs[0]));
    Tensor written = like(tensor(source), node.output);
    for (std::int64_t* side : {&written.height, &written.width}) *side = (*side + 1) / 2;
    return {add_layer(node.output, MaxPooling{}, {source}, std::move(written)), {}, 1};
  }

  /// Behind a 1x1 convolution, which then averages what it reads: a quarter of the operations.
  Value average_pooling(const Node& node) {
    Convolution* producer = open_convolution(node.inputs[0]);
    if (producer == nullptr || producer->adds || producer->kernel != 1 || producer->stride != 1 ||
        equal_sides(node, "kernel_shape", 0) != 2 || equal_sides(node, "strides", 1) != 2 ||
        equal_sides(node, "pads", 0) != 0)
      refuse(node, "average pooling but of 2 x 2 pixels behind a 1 x 1 convolution");
    producer->averages = true;
    const std::size_t result = values_.at(node.inputs[0]).tensor;
    network_.tensors[result].height /= 2;
    network_.tensors[result].width /= 2;
    return {result, {}, 1};
  }

  Value planar_operation(const Node& node) {
    static const std::set<std::string> kUnary = {"Exp",           "Log",       "Neg",
                                                 "Sigmoid",       "Softplus",  "GlobalAveragePool",
                                                 "GlobalMaxPool", "Transpose", "MatMul"};
    static const std::set<std::string> kBinary = {"Add", "Sub", "Mul", "Div"};
    PlanarOperation operation{node.op, {}, 0};
    std::vector<std::size_t> inputs = {as_planar(materialised(node.inputs[0]))};
    Tensor written = like(tensor(inputs[0]), node.output);
    if (kBinary.contains(node.op)) {
      inputs.push_back(as_planar(materialised(node.inputs[1])));
      if (tensor(inputs[1]).floats() != written.floats())
        refuse(node, node.op + " of values of different shape");
    } else if (!kUnary.contains(node.op)) {
      refuse(node, fmt::format("the operation {}", node.op));
    }
    if (node.op.starts_with("Global")) written.height = written.width = 1;
    if (node.op == "Transpose") {
      if (std::get<std::vector<std::int64_t>>(node.attributes.at("perm")) !=
          std::vector<std::int64_t>{0, 1, 3, 2})
        refuse(node, "a transposition of other axes than height and width");
      std::swap(written.height, written.width);
    }
    if (node.op == "MatMul") {
      const Constant* matrix = constant(node.inputs[1]);
      if (matrix == nullptr) refuse(node, "a product of two maps");
      operation.matrix.assign(matrix->values.begin(), matrix->values.end());
      operation.columns = written.width = matrix->shape[1];
    }
    return {
        add_layer(node.output, std::move(operation), std::move(inputs), std::move(written)), {}, 1};
  }

  Graph graph_;
  std::map<std::string, Constant> constants_;
  std::map<std::string, int> uses_;  // of values and constants, by nodes and as outputs
  std::map<std::string, Value> values_;
  std::map<std::size_t, std::size_t> reordered_;
  std::vector<std::optional<std::size_t>> producers_;  // the layer that writes a tensor
  Network network_;
};

}  // namespace

Network fused(Graph graph, const std::vector<std::string>& outputs) {
  return Fuser(std::move(graph), outputs).run(outputs);
}

double operations_of(const Network& network, const Layer& layer) {
  const auto* convolution = std::get_if<Convolution>(&layer.operation);
  if (convolution == nullptr) return 0.0;
  const Tensor& written = network.tensors[layer.output];
  return 2.0 * static_cast<double>(written.channels * written.pixels() *
                                   network.tensors[layer.inputs[0]].channels * convolution->kernel *
                                   convolution->kernel);
}

}  // namespace chestmap::engine
