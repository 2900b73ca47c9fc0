#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "weights/pickle_globals.h"

namespace chestmap {

/// A value of a pickle, by its place in Pickle::values. Values refer to each other by such numbers,
/// so that a stream of any depth, or one that refers to itself, is built and dropped without
/// recursion.
using PickleId = std::uint32_t;

struct PickleText {
  std::string_view text;  ///< lies in the stream
};
struct PickleSequence {
  std::vector<PickleId> items;  ///< of a tuple, list or set
};
struct PickleDict {
  std::vector<std::pair<PickleId, PickleId>> items;  ///< in the order of writing
};
struct PickleMention {
  const PickleGlobal* global = nullptr;
};
/// A named block of memory that the file holds elsewhere.
struct PickledStorage {
  std::string_view key;
  std::string_view dtype;      ///< safetensors' name; empty for bytes without a type
  std::uint64_t elements = 0;  ///< bytes where the type is empty
  std::uint64_t first = 0;     ///< of its elements in the block, where it is a part of one
};
/// A tensor over a storage; nothing of it has been checked against the storage.
struct PickledTensor {
  PickleId storage = 0;
  std::string_view dtype;   ///< safetensors' name
  std::int64_t offset = 0;  ///< elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< elements
};
/// An object of a class of networks.
struct PickleObject {
  PickleId attributes = 0;  ///< its own number where it has none
};
struct PickleInert {};  ///< a value that the weights are not made of

using PickleValue = std::variant<std::monostate /* None */, bool, std::int64_t, double, PickleText,
                                 PickleSequence, PickleDict, PickleMention, PickledStorage,
                                 PickledTensor, PickleObject, PickleInert>;

/// What a pickle stream describes. Read by a whitelist interpreter that makes plain values,
/// containers and descriptions of tensors, and never looks up or calls anything: a global that is
/// not in pickle_globals.cpp, and an opcode that torch.save does not write, are errors that name it
/// and its offset. Opcodes: CPython's Lib/pickletools.py.
struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;
  std::size_t length = 0;  ///< bytes up to and with STOP; a legacy file goes on behind them

  [[nodiscard]] const PickleValue& at(PickleId id) const { return values[id]; }
  template <typename T>
  [[nodiscard]] const T* get(PickleId id) const {
    return std::get_if<T>(&values[id]);
  }
  [[nodiscard]] std::optional<std::string_view> text(PickleId id) const;
  /// The value of a text key of a dictionary.
  [[nodiscard]] std::optional<PickleId> find(PickleId dict, std::string_view key) const;
};

/// Reads the stream that starts at `bytes`. Memory: at most some 200 bytes for each byte of the
/// stream, and no more than 2 million values. `at` is the stream's place in `file`, for errors.
/// Throws UserError.
[[nodiscard]] Pickle read_pickle(std::span<const std::byte> bytes,
                                 const std::filesystem::path& file, std::size_t at = 0);

}  // namespace chestmap
