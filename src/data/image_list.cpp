#include "data/image_list.h"

#include <fmt/format.h>

#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"

namespace chestmap {

ImageIndex image_index(std::span<const Record> records) {
  ImageIndex index;
  index.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) index.emplace(records[i].image, i);
  return index;
}

std::vector<std::size_t> read_image_list(const std::filesystem::path& file,
                                         const ImageIndex& index) {
  const std::string text = read_file(file);
  std::vector<std::size_t> places;
  std::unordered_map<std::size_t, std::size_t> first_rows;
  std::size_t row = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string name = text.substr(at, end - at);
    at = end + 1;
    ++row;
    while (!name.empty() && (name.back() == '\r' || name.back() == ' ')) name.pop_back();
    if (name.empty()) continue;
    const auto found = index.find(name);
    if (found == index.end())
      throw UserError(
          at_row(file, row, fmt::format("the image {} is not in the label table", name)),
          "do the list and the table belong to the same data set?");
    const auto [first, added] = first_rows.emplace(found->second, row);
    if (!added)
      throw UserError(at_row(file, row,
                             fmt::format("the image {} is there a second time; its first row is {}",
                                         name, first->second)),
                      "remove one of the two rows");
    places.push_back(found->second);
  }
  return places;
}

void write_image_list(const std::filesystem::path& file, const Dataset& dataset,
                      std::span<const std::size_t> indices) {
  std::string text;
  for (const std::size_t index : indices) text += dataset.records[index].image + '\n';
  write_file(file, text);
}

}  // namespace chestmap
