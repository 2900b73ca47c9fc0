#include "weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace chestmap {

static_assert(std::endian::native == std::endian::little,
              "safetensors data is little-endian and is used in place");

namespace {

using Json = nlohmann::json;  // sorted: the ordered one looks names up one after the other

constexpr std::size_t kLargestHeader = 100'000'000;  // the limit of the reference implementation

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw UserError(file.string() + " is no valid safetensors file: " + what,
                  "was the download or the copy cut short?");
}

const Json& list(const std::filesystem::path& file, const std::string& name, const Json& entry,
                 const char* key) {
  const Json& value = entry.at(key);
  if (!value.is_array())
    fail(file, fmt::format("tensor \"{}\": its {} is no list of numbers", name, key));
  return value;
}

/// nlohmann::json would turn fractions and negative numbers into other ones.
std::uint64_t whole(const std::filesystem::path& file, const std::string& name,
                    const Json& number) {
  if (!number.is_number_unsigned())
    fail(file, fmt::format("tensor \"{}\": {} is no whole number", name, number.dump()));
  return number.get<std::uint64_t>();
}

/// Refuses names that are listed twice, of which the parser would keep the last without a word.
class NameCheck : public nlohmann::json_sax<Json> {
 public:
  explicit NameCheck(const std::filesystem::path& file) : file_(file) {}

  bool key(string_t& name) override {
    if (depth_ == 1 && !names_.insert(name).second)
      fail(file_, fmt::format("\"{}\" is listed twice", name));
    return true;
  }
  bool start_object(std::size_t /*elements*/) override { return ++depth_ > 0; }
  bool end_object() override { return depth_-- > 0; }
  bool start_array(std::size_t /*elements*/) override { return ++depth_ > 0; }
  bool end_array() override { return depth_-- > 0; }
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;  // which the parser reports
  }

 private:
  const std::filesystem::path& file_;
  std::unordered_set<std::string> names_;
  int depth_ = 0;
};

/// With a callback the parser would look through all names after each tensor.
Json parse_header(const std::filesystem::path& file, std::string_view text) {
  NameCheck check(file);
  Json::sax_parse(text, &check);
  return Json::parse(text);
}

TensorView parse_tensor(const std::filesystem::path& file, const std::string& name,
                        const Json& entry, std::span<const std::byte> data) {
  TensorView tensor{name, entry.at("dtype").get<std::string>(), {}, {}};
  if (!bits_of_dtype(tensor.dtype))
    fail(file, fmt::format("tensor \"{}\" has the unknown type \"{}\"", name, tensor.dtype));
  for (const Json& side : list(file, name, entry, "shape")) {
    const std::uint64_t length = whole(file, name, side);
    if (length > std::numeric_limits<std::int64_t>::max())
      fail(file, fmt::format("tensor \"{}\" claims an impossible shape", name));
    tensor.shape.push_back(static_cast<std::int64_t>(length));
  }
  const auto bytes = bytes_of_array(tensor.dtype, tensor.shape);
  if (!bytes) fail(file, fmt::format("tensor \"{}\" claims an impossible shape", name));
  const Json& offsets = list(file, name, entry, "data_offsets");
  if (offsets.size() != 2) fail(file, fmt::format("tensor \"{}\" has no two offsets", name));
  const std::uint64_t begin = whole(file, name, offsets[0]);
  const std::uint64_t end = whole(file, name, offsets[1]);
  if (begin > end || end > data.size())
    fail(file, fmt::format("tensor \"{}\" lies at {} to {}, the data has {} bytes", name, begin,
                           end, data.size()));
  if (end - begin != *bytes)
    fail(file,
         fmt::format("tensor \"{}\" has {} bytes, its shape needs {}", name, end - begin, *bytes));
  tensor.data = data.subspan(begin, *bytes);
  return tensor;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file)
    : mapping_(std::make_shared<MappedFile>(
          file, "a model is the model.safetensors that `chestmap train` writes at its end")) {
  const std::span<const std::byte> bytes = mapping_->bytes();
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) fail(file, "it is shorter than its length field");
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  const auto rest = bytes.subspan(sizeof header_size);
  if (header_size > rest.size() || header_size > kLargestHeader)
    fail(file, fmt::format("it claims a header of {} bytes", header_size));
  const auto* text = reinterpret_cast<const char*>(rest.data());
  try {
    const Json header = parse_header(file, {text, header_size});
    if (!header.is_object()) fail(file, "its header is no JSON object");
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        metadata_ = entry.get<std::map<std::string, std::string>>();
      } else {
        tensors_.push_back(parse_tensor(file, name, entry, rest.subspan(header_size)));
      }
    }
  } catch (const nlohmann::json::exception& error) {
    fail(file, fmt::format("its header cannot be read ({})", error.what()));
  }
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorView& a, const TensorView& b) {
    return a.data.data() < b.data.data();
  });
  std::vector<const TensorView*> by_place;
  for (const TensorView& tensor : tensors_)
    if (!tensor.data.empty()) by_place.push_back(&tensor);
  for (std::size_t i = 1; i < by_place.size(); ++i)
    if (by_place[i - 1]->data.data() + by_place[i - 1]->data.size() > by_place[i]->data.data())
      fail(file, fmt::format("tensors \"{}\" and \"{}\" overlap", by_place[i - 1]->name,
                             by_place[i]->name));
}

void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const TensorView& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.data.size()}}};
    offset += tensor.data.size();
  }
  // A file's name on Linux may be no UTF-8, and stands in the metadata of what was made from it.
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the data aligned to 8 bytes
  const std::uint64_t size = text.size();
  std::string content(sizeof size, '\0');
  std::memcpy(content.data(), &size, sizeof size);
  content += text;
  // Read in the order in which they lie in the file that they come from, if they do: torch.save
  // sorts them by the text of a number, 0, 1, 10, 100, and a disk reads best from front to end.
  std::vector<std::pair<const TensorView*, std::size_t>> by_place;
  std::size_t place = content.size();
  for (const TensorView& tensor : tensors) {
    by_place.emplace_back(&tensor, place);
    place += tensor.data.size();
  }
  std::sort(by_place.begin(), by_place.end(), [](const auto& a, const auto& b) {
    return std::less<>()(a.first->data.data(), b.first->data.data());
  });
  content.resize(place);
  for (const auto& [tensor, at] : by_place)
    if (!tensor->data.empty())
      std::memcpy(content.data() + at, tensor->data.data(), tensor->data.size());
  write_file(file, content);
}

}  // namespace chestmap
