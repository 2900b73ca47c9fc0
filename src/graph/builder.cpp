#include "graph/builder.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/error.h"

namespace chestmap {

namespace {

constexpr float kBatchNormEpsilon = 1e-5F;  // torch's and torchvision's

using Sides = std::vector<std::int64_t>;

/// Puts mean and variance into weight and bias, in double precision, and leaves 0 and 1 in their
/// place: in half precision a small variance would be rounded before its root is taken.
void join_statistics(std::vector<float>& weight, std::vector<float>& bias, std::vector<float>& mean,
                     std::vector<float>& variance) {
  const auto epsilon = static_cast<double>(kBatchNormEpsilon);
  for (std::size_t c = 0; c < weight.size(); ++c) {
    const double scale =
        static_cast<double>(weight[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    bias[c] =
        static_cast<float>(static_cast<double>(bias[c]) - static_cast<double>(mean[c]) * scale);
    weight[c] = static_cast<float>(scale * std::sqrt(1.0 + epsilon));
    mean[c] = 0.0F;
    variance[c] = 1.0F;
  }
}

/// Cells after a convolution or pooling.
std::int64_t side_after(std::int64_t side, const std::string& name, std::int64_t kernel,
                        std::int64_t stride, std::int64_t padding) {
  if (side + 2 * padding < kernel)
    throw UserError(fmt::format("{} gets a map of {} cells, which is too small for it", name, side),
                    "a network of stride 32 needs images of 32 pixels or more");
  return (side + 2 * padding - kernel) / stride + 1;
}

/// ONNX's numbers of element types.
std::int64_t element_type(Precision precision) { return precision == Precision::half ? 10 : 1; }

}  // namespace

Value GraphBuilder::input(const std::string& name, std::int64_t channels, std::int64_t side,
                          std::string description) {
  graph_.inputs.push_back({name, {channels, side, side}, std::move(description)});
  return {name, channels, side, side};
}

void GraphBuilder::output(const Value& value, const std::string& name, std::string description) {
  graph_.outputs.push_back(
      {name, {value.channels, value.height, value.width}, std::move(description)});
  outputs_[value.name] = name;
}

void GraphBuilder::flat_output(const Value& value, const std::string& name,
                               std::string description) {
  const Value flat =
      add("Flatten", {value.name}, {name, value.channels, 1, 1}, {{"axis", std::int64_t{1}}});
  graph_.outputs.push_back({flat.name, {flat.channels}, std::move(description)});
}

std::string GraphBuilder::constant(const std::string& name, std::vector<std::int64_t> shape,
                                   Numbers values, Precision precision) {
  graph_.constants.push_back({name, std::move(shape), std::move(values), precision});
  return name;
}

Value GraphBuilder::add(const std::string& op, std::vector<std::string> inputs, Value result,
                        std::map<std::string, Attribute> attributes) {
  if (!names_.insert(result.name).second)
    throw std::logic_error("two results of a graph are called " + result.name);
  graph_.nodes.push_back({op, std::move(inputs), result.name, std::move(attributes)});
  return result;
}

Value GraphBuilder::convolution(const Value& x, const std::string& name,
                                const ConvolutionShape& shape) {
  const std::int64_t padding = shape.kernel / 2;
  const Sides sides = {shape.out, x.channels, shape.kernel, shape.kernel};
  std::vector<std::string> inputs = {
      x.name,
      constant(name + ".weight", sides, tensors_.tensor(name + ".weight", sides), x.precision)};
  if (shape.bias)
    inputs.push_back(constant(name + ".bias", {shape.out}, values(name + ".bias", Sides{shape.out}),
                              x.precision));
  return add("Conv", std::move(inputs),
             {name, shape.out, side_after(x.height, name, shape.kernel, shape.stride, padding),
              side_after(x.width, name, shape.kernel, shape.stride, padding), x.precision},
             {{"kernel_shape", Sides{shape.kernel, shape.kernel}},
              {"strides", Sides{shape.stride, shape.stride}},
              {"pads", Sides{padding, padding, padding, padding}}});
}

Value GraphBuilder::linear(const Value& x, std::vector<float> weight, std::vector<float> bias,
                           const std::string& name) {
  const auto out = static_cast<std::int64_t>(bias.size());
  return add(
      "Conv",
      {x.name, constant(name + ".weight", {out, x.channels, 1, 1}, std::move(weight), x.precision),
       constant(name + ".bias", {out}, std::move(bias), x.precision)},
      {name, out, x.height, x.width, x.precision},
      {{"kernel_shape", Sides{1, 1}}, {"strides", Sides{1, 1}}, {"pads", Sides{0, 0, 0, 0}}});
}

Value GraphBuilder::batch_norm(const Value& x, const std::string& name) {
  const Sides sides = {x.channels};
  std::vector<float> weight = values(name + ".weight", sides);
  std::vector<float> bias = values(name + ".bias", sides);
  return batch_norm(x, name, std::move(weight), std::move(bias));
}

Value GraphBuilder::batch_norm(const Value& x, const std::string& name, std::vector<float> weight,
                               std::vector<float> bias) {
  const Sides sides = {x.channels};
  std::vector<float> mean = values(name + ".running_mean", sides);
  std::vector<float> variance = values(name + ".running_var", sides);
  leave(name + ".num_batches_tracked");
  if (x.precision == Precision::half) join_statistics(weight, bias, mean, variance);
  Value result = x;
  result.name = name;
  return add("BatchNormalization",
             {x.name, constant(name + ".weight", sides, std::move(weight), x.precision),
              constant(name + ".bias", sides, std::move(bias), x.precision),
              constant(name + ".running_mean", sides, std::move(mean), x.precision),
              constant(name + ".running_var", sides, std::move(variance), x.precision)},
             std::move(result), {{"epsilon", kBatchNormEpsilon}});
}

Value GraphBuilder::relu(const Value& x) {
  Value result = x;
  result.name = x.name + ".relu";
  return add("Relu", {x.name}, std::move(result));
}

Value GraphBuilder::max_pool(const Value& x, const std::string& name, std::int64_t kernel,
                             std::int64_t stride, std::int64_t padding) {
  return add("MaxPool", {x.name},
             {name, x.channels, side_after(x.height, name, kernel, stride, padding),
              side_after(x.width, name, kernel, stride, padding), x.precision},
             {{"kernel_shape", Sides{kernel, kernel}},
              {"strides", Sides{stride, stride}},
              {"pads", Sides{padding, padding, padding, padding}}});
}

Value GraphBuilder::average_pool(const Value& x, const std::string& name, std::int64_t size) {
  return add("AveragePool", {x.name},
             {name, x.channels, side_after(x.height, name, size, size, 0),
              side_after(x.width, name, size, size, 0), x.precision},
             {{"kernel_shape", Sides{size, size}}, {"strides", Sides{size, size}}});
}

Value GraphBuilder::concat(const std::vector<Value>& parts, const std::string& name) {
  Value result = parts.front();
  result.name = name;
  result.channels = 0;
  std::vector<std::string> names;
  for (const Value& part : parts) {
    result.channels += part.channels;
    names.push_back(part.name);
  }
  return add("Concat", std::move(names), std::move(result), {{"axis", std::int64_t{1}}});
}

Value GraphBuilder::cast(const Value& x, Precision precision) {
  if (x.precision == precision) return x;
  Value result = x;
  result.precision = precision;
  result.name = x.name + (precision == Precision::half ? ".half" : ".single");
  return add("Cast", {x.name}, std::move(result), {{"to", element_type(precision)}});
}

Value GraphBuilder::apply(const std::string& op, const Value& x, const std::string& name) {
  Value result = x;
  result.name = name;
  return add(op, {x.name}, std::move(result));
}

Value GraphBuilder::combine(const std::string& op, const Value& a, const Value& b,
                            const std::string& name) {
  Value result = a;
  result.name = name;
  return add(op, {a.name, b.name}, std::move(result));
}

Value GraphBuilder::combine(const std::string& op, const Value& a, std::vector<float> numbers,
                            const std::string& name) {
  Value result = a;
  result.name = name;
  Sides sides = {1, static_cast<std::int64_t>(numbers.size()), 1, 1};
  return add(
      op, {a.name, constant(name + ".number", std::move(sides), std::move(numbers), a.precision)},
      std::move(result));
}

Value GraphBuilder::spread(const Value& x, std::int64_t cells, const std::string& name) {
  // A map of one cell, interpolated: the matrix is a row of ones.
  return resampled_transposed(x, PlaneGrid{}, std::vector<double>(static_cast<std::size_t>(cells)),
                              name);
}

Value GraphBuilder::over_map(const std::string& op, const Value& x, const std::string& name) {
  return add(op, {x.name}, {name, x.channels, 1, 1, x.precision});
}

Value GraphBuilder::resampled_transposed(const Value& x, const PlaneGrid& from,
                                         const std::vector<double>& at, const std::string& name) {
  const auto points = static_cast<std::int64_t>(at.size());
  const std::string across =
      interpolation_constant(name + ".matrix", from.x, x.width, at, x.precision);
  // A grid that is the same on both axes needs one matrix.
  const bool same = from.x.offset == from.y.offset && from.x.stride == from.y.stride;
  const std::string down =
      same ? across
           : interpolation_constant(name + ".matrix_down", from.y, x.height, at, x.precision);
  const Value wide = add("MatMul", {x.name, across},
                         {name + ".columns", x.channels, x.height, points, x.precision});
  const Value turned = transposed(wide, name + ".turned");
  return add("MatMul", {turned.name, down}, {name, x.channels, points, points, x.precision});
}

std::string GraphBuilder::interpolation_constant(const std::string& name, const Grid& from,
                                                 std::int64_t cells, const std::vector<double>& at,
                                                 Precision precision) {
  const auto points = static_cast<std::int64_t>(at.size());
  const std::vector<float> rows = interpolation_matrix(from, static_cast<std::size_t>(cells), at);
  std::vector<float> columns(rows.size());  // U^T: cells x points
  for (std::int64_t p = 0; p < points; ++p)
    for (std::int64_t c = 0; c < cells; ++c)
      columns[static_cast<std::size_t>(c * points + p)] =
          rows[static_cast<std::size_t>(p * cells + c)];
  return constant(name, {cells, points}, std::move(columns), precision);
}

Value GraphBuilder::transposed(const Value& x, const std::string& name) {
  return add("Transpose", {x.name}, {name, x.channels, x.width, x.height, x.precision},
             {{"perm", Sides{0, 1, 3, 2}}});
}

Graph GraphBuilder::finish() && {
  const auto rename = [this](std::string& name) {
    if (const auto renamed = outputs_.find(name); renamed != outputs_.end()) name = renamed->second;
  };
  for (Node& node : graph_.nodes) {
    for (std::string& input : node.inputs) rename(input);
    rename(node.output);
  }
  // What no output needs, such as a backbone's stages behind the last one used, is left out.
  std::set<std::string> needed;
  for (const Port& output : graph_.outputs) needed.insert(output.name);
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node)
    if (needed.contains(node->output)) needed.insert(node->inputs.begin(), node->inputs.end());
  std::erase_if(graph_.nodes, [&](const Node& node) { return !needed.contains(node.output); });
  std::erase_if(graph_.constants,
                [&](const Constant& constant) { return !needed.contains(constant.name); });
  return std::move(graph_);
}

}  // namespace chestmap
