#include "weights/torch_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file_walk.h"
#include "weights/byte_reader.h"
#include "weights/pickle.h"
#include "weights/zip_directory.h"

namespace chestmap {

namespace {

// The legacy format's first pickle, behind its protocol: LONG1 of ten bytes, STOP.
constexpr std::array<unsigned char, 13> kMagic = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                                  0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
constexpr std::int64_t kLegacyProtocol = 1001;
constexpr std::size_t kLargestPickle = 64 << 20;
constexpr std::size_t kMostSearched = 16;  // dictionaries in which the state dict is looked for
/// Tied weights and views share storages; a file whose tensors are many times its size is a bomb.
constexpr std::size_t kMostBytesOverFile = 8;
constexpr std::size_t kDeepestModule = 64;
constexpr std::size_t kMostModules = 20'000;
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kHeadersAtOnce = 64;

// Where training scripts put the state dict, the likeliest first.
constexpr std::array<std::string_view, 14> kStateKeys = {
    "state_dict", "model_state_dict", "model_state",   "model",   "net",
    "network",    "net_state_dict",   "model_weights", "weights", "state",
    "module",     "params",           "backbone",      "encoder"};

/// The length of the first pickle of a legacy file, or 0 where the bytes are none's: PROTO, from
/// protocol 4 on FRAME, and the magic number.
std::size_t magic_length(std::span<const std::byte> bytes) noexcept {
  if (number_at<std::uint8_t>(bytes, 0) != std::uint8_t{0x80}) return 0;
  const std::size_t start = number_at<std::uint8_t>(bytes, 2) == std::uint8_t{0x95} ? 11 : 2;
  const auto magic = bytes_at(bytes, start, kMagic.size());
  return magic && std::memcmp(magic->data(), kMagic.data(), kMagic.size()) == 0
             ? start + kMagic.size()
             : 0;
}

using Storages = std::map<std::string_view, std::span<const std::byte>>;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what,
                       const std::string& hint = "was the download or the copy cut short?") {
  throw UserError(fmt::format("{}: {}", file.string(), what), hint);
}

bool is_network(const Pickle& pickle, PickleId id) {
  return pickle.get<PickleObject>(id) != nullptr;
}

bool has_tensor(const Pickle& pickle, PickleId id) {
  const auto* dict = pickle.get<PickleDict>(id);
  return dict != nullptr && std::any_of(dict->items.begin(), dict->items.end(), [&](auto& item) {
           return pickle.get<PickledTensor>(item.second) != nullptr;
         });
}

/// The state dict at or below `id`, and the keys that lead to it. `seen` keeps a dictionary that
/// holds itself from being searched again and again.
std::optional<std::pair<PickleId, std::string>> find_state(const Pickle& pickle, PickleId id,
                                                           std::set<PickleId>& seen) {
  if (seen.size() < kMostSearched && seen.insert(id).second)
    for (const std::string_view key : kStateKeys)
      if (const auto inner = pickle.find(id, key);
          inner && (pickle.get<PickleDict>(*inner) != nullptr || is_network(pickle, *inner)))
        if (auto found = find_state(pickle, *inner, seen)) {
          found->second =
              found->second.empty() ? std::string(key) : fmt::format("{}.{}", key, found->second);
          return found;
        }
  if (is_network(pickle, id) || has_tensor(pickle, id)) return std::pair(id, std::string());
  return std::nullopt;
}

/// A tensor, or what stands in its place, under its name in a state dict.
struct Entry {
  std::string name;
  PickleId value = 0;
};

/// What `state_dict()` of a network that was saved whole would list: its parameters and buffers,
/// then those of its modules under their names.
class NetworkWalk {
 public:
  NetworkWalk(const Pickle& pickle, const std::filesystem::path& file)
      : pickle_(pickle), file_(file) {}

  std::vector<Entry> entries(PickleId network) {
    walk(network, "", 0);
    return std::move(entries_);
  }

 private:
  void walk(PickleId network, const std::string& prefix, std::size_t depth) {
    if (depth > kDeepestModule || ++visited_ > kMostModules)
      fail(file_, "its modules hold each other without an end", "is it a checkpoint of a network?");
    const PickleId attributes = pickle_.get<PickleObject>(network)->attributes;
    for (const char* kind : {"_parameters", "_buffers"})
      for (const auto& [name, value] : items_of(attributes, kind))
        if (!std::holds_alternative<std::monostate>(pickle_.at(value)))
          entries_.push_back({prefix + name, value});
    for (const auto& [name, value] : items_of(attributes, "_modules"))
      if (is_network(pickle_, value)) walk(value, prefix + name + ".", depth + 1);
  }

  [[nodiscard]] std::vector<std::pair<std::string, PickleId>> items_of(PickleId attributes,
                                                                       const char* kind) const {
    std::vector<std::pair<std::string, PickleId>> items;
    const auto found = pickle_.find(attributes, kind);
    const auto* dict = found ? pickle_.get<PickleDict>(*found) : nullptr;
    if (dict == nullptr) return items;
    if (dict->items.size() > kMostModules) fail(file_, "a module of it has too many parts");
    for (const auto& [key, value] : dict->items)
      if (const auto text = pickle_.text(key); text && text->size() <= kLongestName)
        items.emplace_back(*text, value);
    return items;
  }

  const Pickle& pickle_;
  const std::filesystem::path& file_;
  std::vector<Entry> entries_;
  std::size_t visited_ = 0;
};

std::string printable_key(const Pickle& pickle, PickleId id) {
  const auto text = pickle.text(id);
  return text ? std::string(*text) : std::string("(no text)");
}

/// The entries of a dictionary, or of a network that was saved whole.
std::vector<Entry> entries_of(const Pickle& pickle, PickleId id,
                              const std::filesystem::path& file) {
  if (is_network(pickle, id)) return NetworkWalk(pickle, file).entries(id);
  std::vector<Entry> entries;
  for (const auto& [key, value] : pickle.get<PickleDict>(id)->items)
    entries.push_back({printable_key(pickle, key), value});
  return entries;
}

std::vector<std::string> top_level_keys(const Pickle& pickle) {
  std::vector<std::string> keys;
  if (const auto* dict = pickle.get<PickleDict>(pickle.root))
    for (const auto& [key, value] : dict->items) keys.push_back(printable_key(pickle, key));
  return keys;
}

/// Checks a tensor against its storage.
class TensorPlacer {
 public:
  TensorPlacer(const Pickle& pickle, const Storages& storages, const std::filesystem::path& file,
               bool big_endian)
      : pickle_(pickle), storages_(storages), file_(file), big_endian_(big_endian) {}

  [[nodiscard]] StoredTensor place(std::string_view name, const PickledTensor& tensor) const {
    const auto bad = [&](const std::string& what) {
      fail(file_, fmt::format("tensor \"{}\" {}", name, what));
    };
    const std::size_t item = bits_of_dtype(tensor.dtype).value_or(8) / 8;
    const std::span<const std::byte> storage = storage_of(name, tensor);
    if (tensor.shape.size() != tensor.strides.size())
      bad(fmt::format("has {} sides and {} strides", tensor.shape.size(), tensor.strides.size()));
    const auto elements = elements_of(tensor.shape);
    if (!elements || tensor.offset < 0) bad("claims an impossible shape");
    if (*elements > storage.size() / item)
      bad(fmt::format("has {} elements, its storage {}", *elements, storage.size() / item));
    StoredTensor out{std::string(name), std::string(tensor.dtype), tensor.shape, tensor.strides, {},
                     big_endian_};
    if (*elements == 0) return out;
    std::int64_t last = tensor.offset;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      std::int64_t reach = 0;
      if (tensor.strides[d] < 0 ||
          __builtin_mul_overflow(tensor.shape[d] - 1, tensor.strides[d], &reach) ||
          __builtin_add_overflow(last, reach, &last))
        bad("has impossible strides");
    }
    if (static_cast<std::uint64_t>(last) >= storage.size() / item)
      bad(fmt::format("reaches to element {}, its storage has {}", last, storage.size() / item));
    const auto first = static_cast<std::size_t>(tensor.offset);
    out.data = storage.subspan(first * item, (static_cast<std::size_t>(last) - first + 1) * item);
    return out;
  }

 private:
  [[nodiscard]] std::span<const std::byte> storage_of(std::string_view name,
                                                      const PickledTensor& tensor) const {
    const auto& wanted = *pickle_.get<PickledStorage>(tensor.storage);
    const auto found = storages_.find(wanted.key);
    if (found == storages_.end())
      fail(file_,
           fmt::format("tensor \"{}\" lies in storage \"{}\", which is missing", name, wanted.key));
    const std::size_t item = wanted.dtype.empty() ? 1 : bits_of_dtype(wanted.dtype).value_or(8) / 8;
    const std::size_t available = found->second.size() / item;
    if (wanted.first > available || available - wanted.first < wanted.elements)
      fail(file_, fmt::format("tensor \"{}\" lies in storage \"{}\" of {} elements, of which {} "
                              "from {} were expected",
                              name, wanted.key, available, wanted.elements, wanted.first));
    return found->second.subspan(wanted.first * item, wanted.elements * item);
  }

  const Pickle& pickle_;
  const Storages& storages_;
  const std::filesystem::path& file_;
  bool big_endian_;
};

TorchFile take_state(const Pickle& pickle, const Storages& storages, const MappedFile& file,
                     bool big_endian) {
  std::set<PickleId> seen;
  const auto state = find_state(pickle, pickle.root, seen);
  if (!state) {
    std::vector<std::string> keys = top_level_keys(pickle);
    if (keys.size() > 20) keys.resize(20);
    fail(file.path(),
         keys.empty() ? "it holds no dictionary of tensors"
                      : fmt::format("it holds no dictionary of tensors; its entries are {}",
                                    fmt::join(keys, ", ")),
         "torch.save(model.state_dict(), FILE) writes one");
  }
  TorchFile out;
  out.key = state->second;
  if (!out.key.empty()) {
    out.beside = top_level_keys(pickle);
    std::erase(out.beside, out.key.substr(0, out.key.find('.')));
  }
  const TensorPlacer placer(pickle, storages, file.path(), big_endian);
  std::set<std::string> names;
  std::size_t total = 0;
  for (const auto& [name, value] : entries_of(pickle, state->first, file.path())) {
    const auto* tensor = pickle.get<PickledTensor>(value);
    if (tensor == nullptr) {
      out.other.push_back(name);
      continue;
    }
    if (!names.insert(name).second)
      fail(file.path(), fmt::format("tensor \"{}\" is listed twice", name));
    out.tensors.push_back(placer.place(name, *tensor));
    total += out.tensors.back().bytes();
    if (total / kMostBytesOverFile > file.bytes().size())
      fail(file.path(), fmt::format("its tensors have more than {} times as many bytes as the file",
                                    kMostBytesOverFile));
  }
  return out;
}

TorchFile read_zip(const MappedFile& file) {
  const std::vector<ZipEntry> entries = read_zip_directory(file);
  constexpr std::string_view kPickle = "/data.pkl";
  const auto pickled = std::find_if(entries.begin(), entries.end(), [&](const ZipEntry& entry) {
    return entry.name.ends_with(kPickle) &&
           entry.name.find('/') == entry.name.size() - kPickle.size();
  });
  if (pickled == entries.end())
    fail(file.path(), "it is a zip archive without data.pkl, and so none of torch.save's",
         "name the checkpoint itself; an archive of files must be unpacked first");
  const std::string folder = pickled->name.substr(0, pickled->name.size() - kPickle.size() + 1);
  if (std::any_of(entries.begin(), entries.end(),
                  [&](const ZipEntry& entry) { return entry.name.starts_with(folder + "code/"); }))
    fail(file.path(), "it is a TorchScript archive, a program with its weights",
         "in Python, torch.save(torch.jit.load(FILE).state_dict(), OUT) writes weights alone");
  Storages storages;
  bool big_endian = false;
  for (const ZipEntry& entry : entries) {
    if (!entry.name.starts_with(folder)) continue;
    if (entry.compression != 0)
      fail(file.path(),
           fmt::format("entry \"{}\" is compressed (method {}); torch.save stores entries as they "
                       "are",
                       entry.name, entry.compression),
           "it was packed by another program: unpack that archive, or write the file again with "
           "torch.save");
    const std::string_view name = std::string_view(entry.name).substr(folder.size());
    if (name.starts_with("data/")) storages[name.substr(5)] = entry.data;
    if (name == "byteorder")
      big_endian = std::string_view(reinterpret_cast<const char*>(entry.data.data()),
                                    entry.data.size()) == "big";
  }
  if (pickled->data.size() > kLargestPickle)
    fail(file.path(), fmt::format("its data.pkl has {} bytes", pickled->data.size()),
         "is it a checkpoint of a network?");
  const auto offset = static_cast<std::size_t>(pickled->data.data() - file.bytes().data());
  const Pickle pickle = read_pickle(pickled->data, file.path(), offset);
  TorchFile out = take_state(pickle, storages, file, big_endian);
  out.format = "PyTorch (zip)";
  return out;
}

/// Walks through a legacy file.
class LegacyReader {
 public:
  explicit LegacyReader(const MappedFile& file) : file_(file), at_(magic_length(file.bytes())) {}

  TorchFile read() {
    const Pickle protocol = next();
    const auto* version = protocol.get<std::int64_t>(protocol.root);
    if (version == nullptr || *version != kLegacyProtocol)
      fail(file_.path(),
           fmt::format("it is of an unknown legacy protocol; {} was expected", kLegacyProtocol));
    check_machine(next());
    const Pickle state = next();
    const Pickle keys = next();
    const Storages storages = read_storages(state, keys);
    // The elements are little-endian whatever machine wrote them (torch/csrc/serialization.cpp).
    TorchFile out = take_state(state, storages, file_, /*big_endian=*/false);
    out.format = "PyTorch (legacy)";
    return out;
  }

 private:
  Pickle next() {
    const auto rest = file_.bytes().subspan(at_);
    Pickle pickle =
        read_pickle(rest.subspan(0, std::min(rest.size(), kLargestPickle)), file_.path(), at_);
    at_ += pickle.length;
    return pickle;
  }

  void check_machine(const Pickle& machine) const {
    const auto sizes = machine.find(machine.root, "type_sizes");
    if (!machine.find(machine.root, "little_endian") || !sizes)
      fail(file_.path(), "it does not say on what machine it was written");
  }

  /// What the state dict says of a storage.
  struct Mentioned {
    std::size_t item = 0;   ///< bytes of an element
    std::size_t bytes = 0;  ///< in all: where the next one lies is guessed from it
  };
  using Mentions = std::map<std::string_view, Mentioned>;

  [[nodiscard]] Mentions mentions_in(const Pickle& state) const {
    Mentions mentions;
    for (const PickleValue& value : state.values)
      if (const auto* storage = std::get_if<PickledStorage>(&value)) {
        const std::size_t item =
            storage->dtype.empty() ? 1 : bits_of_dtype(storage->dtype).value_or(8) / 8;
        Mentioned& known = mentions.try_emplace(storage->key, Mentioned{item, 0}).first->second;
        if (known.item != item)
          fail(file_.path(), fmt::format("storage \"{}\" has two types", storage->key));
        known.bytes = std::max(known.bytes, (storage->first + storage->elements) * item);
      }
    return mentions;
  }

  /// Where the counts of these storages should lie.
  [[nodiscard]] std::vector<std::size_t> expected_places(const Pickle& keys,
                                                         std::span<const PickleId> ids,
                                                         const Mentions& mentions) const {
    std::vector<std::size_t> places;
    std::size_t at = at_;
    for (const PickleId id : ids) {
      places.push_back(at);
      const auto mention = mentions.find(keys.text(id).value_or(std::string_view()));
      if (mention == mentions.end()) break;
      at += sizeof(std::int64_t) + mention->second.bytes;
    }
    return places;
  }

  [[nodiscard]] Storages read_storages(const Pickle& state, const Pickle& keys) {
    const Mentions mentions = mentions_in(state);
    const auto* list = keys.get<PickleSequence>(keys.root);
    if (list == nullptr) fail(file_.path(), "its list of storages is no list");
    const std::span<const PickleId> ids(list->items);
    FileWalk walk(file_, ids.size());
    Storages storages;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i % kHeadersAtOnce == 0)
        walk.fetch(expected_places(keys, ids.subspan(i, std::min(kHeadersAtOnce, ids.size() - i)),
                                   mentions),
                   sizeof(std::int64_t));
      const auto key = keys.text(ids[i]);
      const auto mention = key ? mentions.find(*key) : mentions.end();
      if (mention == mentions.end())
        fail(file_.path(), fmt::format("it lists a storage \"{}\" that no tensor has",
                                       key ? std::string(*key) : "?"));
      if (!storages.emplace(mention->first, read_storage(*key, mention->second.item)).second)
        fail(file_.path(), fmt::format("storage \"{}\" is listed twice", *key));
    }
    return storages;
  }

  std::span<const std::byte> read_storage(std::string_view key, std::size_t item) {
    const auto count = number_at<std::int64_t>(file_.bytes(), at_);
    std::size_t bytes = 0;
    if (!count || *count < 0 ||
        __builtin_mul_overflow(static_cast<std::size_t>(*count), item, &bytes))
      fail(file_.path(), fmt::format("storage \"{}\" at offset {} has no size", key, at_));
    const auto data = bytes_at(file_.bytes(), at_ + sizeof *count, bytes);
    if (!data)
      fail(file_.path(), fmt::format("storage \"{}\" at offset {} claims {} elements, more than "
                                     "the file has left",
                                     key, at_, *count));
    at_ += sizeof *count + bytes;
    return *data;
  }

  const MappedFile& file_;
  std::size_t at_;
};

}  // namespace

bool is_torch_file(std::span<const std::byte> bytes) noexcept {
  return is_zip(bytes) || magic_length(bytes) > 0;
}

TorchFile read_torch_file(const MappedFile& file) {
  return is_zip(file.bytes()) ? read_zip(file) : LegacyReader(file).read();
}

}  // namespace chestmap
