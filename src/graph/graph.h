#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "graph/numbers.h"

namespace chestmap {

/// What numbers a value is kept and computed in.
enum class Precision { single, half };

/// A tensor that is part of the graph, row-major. Kept in single precision whatever it is written
/// in.
struct Constant {
  std::string name;
  std::vector<std::int64_t> shape;
  Numbers values;
  Precision precision = Precision::single;
};

/// "strides", "epsilon", ...: whole numbers, a real one, or a list.
using Attribute = std::variant<std::int64_t, float, std::vector<std::int64_t>>;

/// One operation. `op` and the attributes are those of ONNX (https://onnx.ai/onnx/operators), of
/// which graphs here use: Add, AveragePool, BatchNormalization, Cast, Concat, Conv, Div, Exp,
/// Flatten, GlobalAveragePool, GlobalMaxPool, Log, MatMul, MaxPool, Mul, Neg, Relu, Sigmoid,
/// Softplus, Sub, Transpose. Their inputs and attributes mean the same in operator sets 9 to 21.
struct Node {
  std::string op;
  std::vector<std::string> inputs;
  std::string output;
  std::map<std::string, Attribute> attributes;
};

/// A tensor that goes in or comes out, single precision, N x `shape`.
struct Port {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string description;
};

/// A network as a list of operations in an order in which they can be run.
struct Graph {
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<Node> nodes;
  std::vector<Constant> constants;
};

}  // namespace chestmap
