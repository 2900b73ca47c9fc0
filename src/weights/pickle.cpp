#include "weights/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <string>
#include <unordered_map>

#include "weights/pickle_opcodes.h"
#include "weights/pickle_stream.h"

namespace chestmap {

namespace {

constexpr std::size_t kMostValues = 2'000'000;
constexpr std::size_t kMostArguments = 16;
constexpr const char* kNotRun =
    "chestmap builds tensors, numbers, texts and containers from a checkpoint and never runs what "
    "it names; in Python, torch.save(model.state_dict(), FILE) writes weights alone";

/// A stack machine: values are pushed, gathered into containers and remembered by number.
class PickleReader : PickleStream {
 public:
  using PickleStream::PickleStream;

  Pickle read() {
    for (;;) {
      const auto code = static_cast<PickleOpcode>(take_opcode());
      if (code == PickleOpcode::stop) break;
      step(code);
    }
    out_.root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("leaves values behind");
    out_.length = place();
    return std::move(out_);
  }

 private:
  /// A whole number of `length` little-endian bytes in two's complement.
  void push_long(std::uint64_t length) {
    const std::string_view digits = take_text(length);
    if (length > sizeof(std::int64_t)) return push(PickleInert{});
    std::uint64_t value = 0;
    for (std::size_t i = digits.size(); i-- > 0;)
      value = value << 8U | static_cast<unsigned char>(digits[i]);
    const auto unused = static_cast<unsigned>(64 - 8 * digits.size());
    if (length == 0 || unused == 0) return push(std::bit_cast<std::int64_t>(value));
    push(std::bit_cast<std::int64_t>(value << unused) >> unused);
  }

  // --- Stack.

  void push(PickleValue value) {
    if (out_.values.size() >= kMostValues)
      refuse(fmt::format("describes more than {} values", kMostValues),
             "is it a checkpoint of a network?");
    stack_.push_back(static_cast<PickleId>(out_.values.size()));
    out_.values.push_back(std::move(value));
  }

  /// Values below the last mark cannot be taken.
  PickleId pop() {
    if (stack_.size() <= floor()) fail("takes a value that is not there");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }

  PickleId top() const {
    if (stack_.size() <= floor()) fail("takes a value that is not there");
    return stack_.back();
  }

  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) fail("takes a mark that is not there");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  std::vector<PickleId> pop_many(std::size_t count) {
    std::vector<PickleId> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  // --- Containers.

  void add_to_sequence(const std::vector<PickleId>& items) {
    PickleValue& target = out_.values[top()];
    if (auto* sequence = std::get_if<PickleSequence>(&target))
      sequence->items.insert(sequence->items.end(), items.begin(), items.end());
    else if (!std::holds_alternative<PickleInert>(target))
      fail("adds items to a value that is no list");
  }

  void add_to_dict(const std::vector<PickleId>& items) {
    if (items.size() % 2 != 0) fail("sets a key without a value");
    PickleValue& target = out_.values[top()];
    if (auto* dict = std::get_if<PickleDict>(&target)) {
      for (std::size_t i = 0; i < items.size(); i += 2)
        dict->items.emplace_back(items[i], items[i + 1]);
    } else if (!std::holds_alternative<PickleInert>(target)) {
      fail("sets keys of a value that is no dictionary");
    }
  }

  void push_dict(const std::vector<PickleId>& items) {
    push(PickleDict{});
    add_to_dict(items);
  }

  // --- Memory of values.

  void remember(std::uint32_t number) {
    memo_[number] = top();
    if (memo_.size() > kMostValues) fail("remembers too many values");
  }

  void recall(std::uint32_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) fail(fmt::format("recalls value {}, which it never stored", number));
    // The stack grows by references that cost a byte or two each.
    if (stack_.size() > 4 * kMostValues) fail("fills its stack");
    stack_.push_back(found->second);
  }

  // --- Globals.

  void push_global(std::string_view module, std::string_view name) {
    const PickleGlobal* global = find_pickle_global(module, name);
    if (global == nullptr)
      refuse(fmt::format("names \"{}.{}\", which is refused", printable(module), printable(name)),
             kNotRun);
    push(PickleMention{global});
  }

  static std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, kLongestLine)) shown += c >= ' ' && c <= '~' ? c : '?';
    return shown;
  }

  void push_stack_global() {
    const auto name = out_.text(pop());
    const auto module = out_.text(pop());
    if (!name || !module) fail("names a global by values that are no texts");
    push_global(*module, *name);
  }

  [[nodiscard]] const PickleGlobal& global_of(PickleId id) const {
    const auto* mention = out_.get<PickleMention>(id);
    if (mention == nullptr) refuse("calls a value that is no known global", kNotRun);
    return *mention->global;
  }

  /// A copy, since pushing a value may move the others.
  [[nodiscard]] std::vector<PickleId> arguments_of(PickleId id) const {
    const auto* arguments = out_.get<PickleSequence>(id);
    if (arguments == nullptr) fail("gives arguments that are no tuple");
    if (arguments->items.size() > kMostArguments)
      fail(fmt::format("gives {} arguments", arguments->items.size()));
    return arguments->items;
  }

  /// "Calls" the function below the arguments: each role has its rule.
  void reduce() {
    const PickleId given = pop();
    const PickleId callee = pop();
    if (out_.get<PickleInert>(callee) != nullptr) return push(PickleInert{});
    const PickleGlobal& global = global_of(callee);
    const std::vector<PickleId> arguments = arguments_of(given);
    switch (global.role) {
      case PickleRole::ordered_dict:
        return push_ordered_dict(arguments);
      case PickleRole::rebuild_tensor_v1:
        return push_tensor(global, arguments, 4, 4);
      case PickleRole::rebuild_tensor_v2:
        return push_tensor(global, arguments, 6, 7);
      case PickleRole::rebuild_tensor_v3:
        return push_tensor(global, arguments, 7, 8);
      case PickleRole::rebuild_parameter:
        if (arguments.size() < 3 || arguments.size() > 4 ||
            out_.get<PickledTensor>(arguments[0]) == nullptr)
          fail("makes a parameter of something else than a tensor");
        stack_.push_back(arguments[0]);
        return;
      case PickleRole::sequence: {
        const auto* items =
            arguments.empty() ? nullptr : out_.get<PickleSequence>(arguments.front());
        // A copy, since push may move what `items` points to.
        PickleSequence copy = items != nullptr ? *items : PickleSequence{};
        copied_ += copy.items.size();
        if (copied_ > kMostValues) fail("copies too many values");
        return push(std::move(copy));
      }
      case PickleRole::inert:
        return push(PickleInert{});
      case PickleRole::module_class:
      case PickleRole::storage:
      case PickleRole::untyped_storage:
      case PickleRole::element_type:
        refuse(fmt::format("calls {}.{}", global.module, global.name), kNotRun);
    }
  }

  /// OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
  void push_ordered_dict(const std::vector<PickleId>& arguments) {
    PickleDict dict;
    if (!arguments.empty()) {
      const auto* pairs = out_.get<PickleSequence>(arguments.front());
      if (pairs == nullptr) fail("makes a dictionary of something else than pairs");
      for (const PickleId item : pairs->items) {
        const auto* pair = out_.get<PickleSequence>(item);
        if (pair == nullptr || pair->items.size() != 2)
          fail("makes a dictionary of something else than pairs");
        dict.items.emplace_back(pair->items[0], pair->items[1]);
      }
      copied_ += dict.items.size();
      if (copied_ > kMostValues) fail("copies too many values");
    }
    push(std::move(dict));
  }

  // --- Tensors.

  [[nodiscard]] std::int64_t whole(PickleId id, const char* what) const {
    const auto* number = out_.get<std::int64_t>(id);
    if (number == nullptr) fail(fmt::format("gives a tensor {} that is no whole number", what));
    return *number;
  }

  [[nodiscard]] std::vector<std::int64_t> wholes(PickleId id, const char* what) {
    const auto* sequence = out_.get<PickleSequence>(id);
    if (sequence == nullptr) fail(fmt::format("gives a tensor {} that is no tuple", what));
    std::vector<std::int64_t> numbers;
    for (const PickleId item : sequence->items) numbers.push_back(whole(item, what));
    copied_ += numbers.size();
    if (copied_ > kMostValues) fail("copies too many values");
    return numbers;
  }

  void push_tensor(const PickleGlobal& global, const std::vector<PickleId>& arguments,
                   std::size_t least, std::size_t most) {
    if (arguments.size() < least || arguments.size() > most)
      fail(fmt::format("calls {} with {} arguments", global.name, arguments.size()));
    const auto* storage = out_.get<PickledStorage>(arguments[0]);
    if (storage == nullptr) fail("makes a tensor of something else than a storage");
    PickledTensor tensor;
    tensor.storage = arguments[0];
    tensor.dtype = storage->dtype;
    tensor.offset = whole(arguments[1], "offset");
    tensor.shape = wholes(arguments[2], "shape");
    tensor.strides = wholes(arguments[3], "stride");
    if (global.role == PickleRole::rebuild_tensor_v3) {
      const auto* mention = out_.get<PickleMention>(arguments[6]);
      if (mention == nullptr || mention->global->role != PickleRole::element_type)
        fail("gives a tensor no element type");
      tensor.dtype = mention->global->dtype;
    }
    if (tensor.dtype.empty()) fail("makes a tensor of a storage without an element type");
    push(std::move(tensor));
  }

  /// ("storage", class, key, location, elements[, view]); `view`, of files before PyTorch 0.4, is
  /// None or (key, first element, elements) and makes the storage a part of another one. Or, in
  /// the legacy format, ("module", class, file, program): the class.
  void push_storage() {
    const std::vector<PickleId> parts = arguments_of(pop());
    if (parts.size() == 4 && out_.text(parts[0]) == "module" &&
        out_.get<PickleMention>(parts[1]) != nullptr)
      return stack_.push_back(parts[1]);
    if (parts.size() < 5 || parts.size() > 6 || out_.text(parts[0]) != "storage")
      fail("refers to something else than a storage");
    const auto* mention = out_.get<PickleMention>(parts[1]);
    if (mention == nullptr || (mention->global->role != PickleRole::storage &&
                               mention->global->role != PickleRole::untyped_storage))
      fail("gives a storage of an unknown class");
    const auto key = out_.text(parts[2]);
    const std::int64_t elements = whole(parts[4], "size");
    if (!key || elements < 0) fail("gives a storage without a key or size");
    PickledStorage storage{*key, mention->global->dtype, static_cast<std::uint64_t>(elements), 0};
    // Old files give the view's own key, and the root's beside it: the bytes are the root's.
    if (parts.size() == 6 && !std::holds_alternative<std::monostate>(out_.at(parts[5]))) {
      const std::vector<PickleId> view = arguments_of(parts[5]);
      if (view.size() != 3) fail("gives a storage an unknown kind of view");
      const std::int64_t first = whole(view[1], "offset");
      const std::int64_t length = whole(view[2], "size");
      if (first < 0 || length < 0) fail("gives a storage a view that is not possible");
      storage.first = static_cast<std::uint64_t>(first);
      storage.elements = static_cast<std::uint64_t>(length);
    }
    push(storage);
  }

  // --- Objects.

  void new_object(bool with_keywords) {
    if (with_keywords) static_cast<void>(pop());
    const PickleId arguments = pop();
    const PickleId callee = pop();
    static_cast<void>(arguments_of(arguments));
    const PickleGlobal& global = global_of(callee);
    if (global.role == PickleRole::ordered_dict) return push(PickleDict{});
    if (global.role == PickleRole::module_class)
      return push(PickleObject{static_cast<PickleId>(out_.values.size())});
    if (global.role != PickleRole::inert)
      refuse(fmt::format("makes an object of {}.{}", global.module, global.name), kNotRun);
    push(PickleInert{});
  }

  /// Attributes of a dictionary (a state dict's `_metadata`) and of inert values say nothing here;
  /// those of networks are kept.
  void build() {
    const PickleId attributes = pop();
    PickleValue& target = out_.values[top()];
    if (auto* object = std::get_if<PickleObject>(&target)) {
      if (out_.get<PickleDict>(attributes) == nullptr)
        fail("gives a network attributes that are no dictionary");
      object->attributes = attributes;
    } else if (!std::holds_alternative<PickleDict>(target) &&
               !std::holds_alternative<PickleInert>(target)) {
      refuse("sets the attributes of a value", kNotRun);
    }
  }

  void step(PickleOpcode code);

  std::size_t copied_ = 0;
  Pickle out_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleId> memo_;
};

void PickleReader::step(PickleOpcode code) {
  using enum PickleOpcode;
  switch (code) {
    case proto:
      if (const auto version = take<std::uint8_t>(); version < 2 || version > 5)
        fail(fmt::format("is of protocol {}; 2 to 5 are read", version));
      return;
    case frame:
      static_cast<void>(take<std::uint64_t>());
      return;
    case mark:
      if (marks_.size() > kMostValues) fail("sets too many marks");
      marks_.push_back(stack_.size());
      return;
    case pop_top:
      static_cast<void>(pop());
      return;
    case pop_mark:
      static_cast<void>(pop_to_mark());
      return;

    case none:
      return push(std::monostate{});
    case newtrue:
      return push(true);
    case newfalse:
      return push(false);
    case binint:
      return push(std::int64_t{take<std::int32_t>()});
    case binint1:
      return push(std::int64_t{take<std::uint8_t>()});
    case binint2:
      return push(std::int64_t{take<std::uint16_t>()});
    case long1:
      return push_long(take<std::uint8_t>());
    case long4:
      return push_long(take<std::uint32_t>());
    case binfloat:
      return push(take_big_endian_double());

    case short_binstring:
    case short_binunicode:
    case short_binbytes:
      return push(PickleText{take_text(take<std::uint8_t>())});
    case binstring:
    case binunicode:
    case binbytes:
      return push(PickleText{take_text(take<std::uint32_t>())});
    case binunicode8:
    case binbytes8:
    case bytearray8:
      return push(PickleText{take_text(take<std::uint64_t>())});

    case empty_tuple:
    case empty_list:
    case empty_set:
      return push(PickleSequence{});
    case tuple:
    case list:
    case frozenset:
      return push(PickleSequence{pop_to_mark()});
    case tuple1:
      return push(PickleSequence{pop_many(1)});
    case tuple2:
      return push(PickleSequence{pop_many(2)});
    case tuple3:
      return push(PickleSequence{pop_many(3)});
    case append:
      return add_to_sequence({pop()});
    case appends:
    case additems:
      return add_to_sequence(pop_to_mark());
    case empty_dict:
      return push(PickleDict{});
    case dict:
      return push_dict(pop_to_mark());
    case setitem:
      return add_to_dict(pop_many(2));
    case setitems:
      return add_to_dict(pop_to_mark());

    case binput:
      return remember(take<std::uint8_t>());
    case long_binput:
      return remember(take<std::uint32_t>());
    case memoize:
      return remember(static_cast<std::uint32_t>(memo_.size()));
    case binget:
      return recall(take<std::uint8_t>());
    case long_binget:
      return recall(take<std::uint32_t>());

    case global: {
      const std::string_view module = take_line();
      return push_global(module, take_line());
    }
    case stack_global:
      return push_stack_global();
    case reduce_call:
      return reduce();
    case newobj:
      return new_object(false);
    case newobj_ex:
      return new_object(true);
    case build_object:
      return build();
    case binpersid:
      return push_storage();
    case stop:
      return;
  }
  refuse(fmt::format("has the opcode {} (0x{:02x}), which is refused", name_of_opcode(code),
                     static_cast<unsigned>(code)),
         kNotRun);
}

}  // namespace

std::optional<std::string_view> Pickle::text(PickleId id) const {
  const auto* value = get<PickleText>(id);
  return value != nullptr ? std::optional(value->text) : std::nullopt;
}

std::optional<PickleId> Pickle::find(PickleId dict, std::string_view key) const {
  if (const auto* items = get<PickleDict>(dict))
    for (const auto& [name, value] : items->items)
      if (text(name) == key) return value;
  return std::nullopt;
}

Pickle read_pickle(std::span<const std::byte> bytes, const std::filesystem::path& file,
                   std::size_t at) {
  return PickleReader(bytes, file, at).read();
}

}  // namespace chestmap
