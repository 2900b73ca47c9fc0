#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "geometry/grid.h"
#include "graph/graph.h"
#include "graph/model_tensors.h"

namespace chestmap {

/// A result of an operation: N x channels x height x width.
struct Value {
  std::string name;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  Precision precision = Precision::single;
};

struct ConvolutionShape {
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;  ///< the padding is kernel / 2
  bool bias = false;
};

/// Builds a graph operation by operation. Each is named after the layer that it belongs to, and
/// what it gives is called by that name. A value's precision is that of its operation and of the
/// constants that the operation takes.
class GraphBuilder {
 public:
  /// Weights are taken from `tensors`, which must outlive the builder.
  explicit GraphBuilder(ModelTensors& tensors) : tensors_(tensors) {}

  [[nodiscard]] Value input(const std::string& name, std::int64_t channels, std::int64_t side,
                            std::string description);
  /// Makes the value an output under another name.
  void output(const Value& value, const std::string& name, std::string description);
  /// The same for a value whose height and width are 1, as N x channels.
  void flat_output(const Value& value, const std::string& name, std::string description);

  /// A 1 x 1 convolution with numbers from elsewhere: `weight` is outputs x channels, `bias` one an
  /// output.
  [[nodiscard]] Value linear(const Value& x, std::vector<float> weight, std::vector<float> bias,
                             const std::string& name);

  // Layers whose tensors are NAME.weight, NAME.bias, NAME.running_mean, NAME.running_var. Throw
  // UserError naming the layer where the input is too small for it.
  [[nodiscard]] Value convolution(const Value& x, const std::string& name,
                                  const ConvolutionShape& shape);
  [[nodiscard]] Value batch_norm(const Value& x, const std::string& name);
  /// Batch normalisation with a weight and bias from elsewhere.
  [[nodiscard]] Value batch_norm(const Value& x, const std::string& name, std::vector<float> weight,
                                 std::vector<float> bias);

  [[nodiscard]] Value relu(const Value& x);
  [[nodiscard]] Value max_pool(const Value& x, const std::string& name, std::int64_t kernel,
                               std::int64_t stride, std::int64_t padding);
  [[nodiscard]] Value average_pool(const Value& x, const std::string& name, std::int64_t size);
  [[nodiscard]] Value concat(const std::vector<Value>& parts, const std::string& name);
  [[nodiscard]] Value cast(const Value& x, Precision precision);

  /// Element by element: "Exp", "Log", "Neg", "Sigmoid", "Softplus".
  [[nodiscard]] Value apply(const std::string& op, const Value& x, const std::string& name);
  /// "Add", "Sub", "Mul", "Div" of values of one shape.
  [[nodiscard]] Value combine(const std::string& op, const Value& a, const Value& b,
                              const std::string& name);
  /// With one number for all, or, of "Mul" and "Div", one a channel. (OpenCV 4.6 has neither the
  /// other two with a number a channel nor a 1 x 1 value with a map, for which `spread` is.)
  [[nodiscard]] Value combine(const std::string& op, const Value& a, std::vector<float> numbers,
                              const std::string& name);

  /// Over each map: "GlobalAveragePool", "GlobalMaxPool"; height and width become 1.
  [[nodiscard]] Value over_map(const std::string& op, const Value& x, const std::string& name);

  /// A 1 x 1 value as a map of `cells` x `cells` equal ones.
  [[nodiscard]] Value spread(const Value& x, std::int64_t cells, const std::string& name);

  /// Bilinear interpolation of a square map with its cells on `from` at the points of `at`, on both
  /// axes: U x U^T with a constant matrix U (geometry/grid.h). Gives the transposed map, since a
  /// product with a constant on the right is what every runtime has; `transposed` turns it.
  [[nodiscard]] Value resampled_transposed(const Value& x, const PlaneGrid& from,
                                           const std::vector<double>& at, const std::string& name);
  [[nodiscard]] Value transposed(const Value& x, const std::string& name);

  /// The tensor file's values, for what is computed before it becomes part of the graph.
  [[nodiscard]] std::vector<float> values(const std::string& name,
                                          std::span<const std::int64_t> shape) {
    return tensors_.values(name, shape);
  }
  void leave(const std::string& name) { tensors_.leave(name); }

  [[nodiscard]] Graph finish() &&;

 private:
  [[nodiscard]] std::string constant(const std::string& name, std::vector<std::int64_t> shape,
                                     Numbers values, Precision precision);
  [[nodiscard]] std::string interpolation_constant(const std::string& name, const Grid& from,
                                                   std::int64_t cells,
                                                   const std::vector<double>& at,
                                                   Precision precision);
  Value add(const std::string& op, std::vector<std::string> inputs, Value result,
            std::map<std::string, Attribute> attributes = {});

  ModelTensors& tensors_;
  Graph graph_;
  std::set<std::string> names_;                 // of results
  std::map<std::string, std::string> outputs_;  // names of values that leave the graph
};

}  // namespace chestmap
