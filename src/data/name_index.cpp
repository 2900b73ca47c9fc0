#include "data/name_index.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/table.h"

namespace chestmap {

namespace {

using Synonyms = std::array<std::string_view, 2>;
constexpr std::array<Synonyms, 3> kSynonyms = {{{"infiltrate", "infiltration"},
                                                {"effusion", "pleuraleffusion"},
                                                {"airspaceopacity", "lungopacity"}}};

std::optional<std::string_view> synonym_of(std::string_view key) {
  for (const Synonyms& pair : kSynonyms) {
    if (key == pair[0]) return pair[1];
    if (key == pair[1]) return pair[0];
  }
  return std::nullopt;
}

std::string_view without_folders(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

/// The last three parts of a path, joined by "_"; empty where it has fewer.
std::string joined_parts(std::string_view name) {
  std::size_t from = name.size();
  for (int part = 0; part < 3; ++part) {
    if (from == 0) return {};
    const std::size_t slash = name.find_last_of("/\\", from - 1);
    if (slash == std::string_view::npos) {
      if (part < 2) return {};
      from = 0;
      break;
    }
    from = part < 2 ? slash : slash + 1;
  }
  std::string joined(name.substr(from));
  std::replace_if(
      joined.begin(), joined.end(), [](char c) { return c == '/' || c == '\\'; }, '_');
  return joined;
}

}  // namespace

FindingIndex::FindingIndex(const FindingList& findings) {
  for (std::size_t i = 0; i < findings.size(); ++i) places_.emplace(name_key(findings[i]), i);
}

std::optional<std::size_t> FindingIndex::find(std::string_view name) const {
  const std::string key = name_key(name);
  if (const auto found = places_.find(key); found != places_.end()) return found->second;
  const auto other = synonym_of(key);
  if (!other) return std::nullopt;
  const auto found = places_.find(std::string(*other));
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

bool means_no_finding(std::string_view name) {
  const std::string key = name_key(name);
  return key == "nofinding" || key == "nofindings" || key == "none" || key == "normal";
}

std::string_view image_stem(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 5> endings = {".png", ".jpg", ".jpeg", ".dcm", ".dicom"};
  for (const std::string_view ending : endings) {
    if (name.size() <= ending.size()) continue;
    const std::string_view tail = name.substr(name.size() - ending.size());
    const bool same = std::equal(tail.begin(), tail.end(), ending.begin(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
    if (same) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

ImageNameIndex::ImageNameIndex(std::span<const Record> records) {
  const auto add = [](Places& places, std::string_view name, std::size_t record) {
    const auto [place, added] = places.emplace(name, record);
    if (!added && place->second != record) place->second = kAmbiguous;
  };
  names_.reserve(records.size());
  stems_.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    add(names_, records[i].image, i);
    if (!records[i].id.empty()) add(names_, records[i].id, i);
    const std::string_view file = without_folders(records[i].image);
    add(stems_, image_stem(file), i);
    if (file.size() < records[i].image.size()) add(stems_, image_stem(records[i].image), i);
    if (const std::string joined = joined_parts(image_stem(records[i].image)); !joined.empty())
      add(stems_, joined, i);
  }
}

std::optional<std::size_t> ImageNameIndex::look_up(const Places& places, std::string_view name) {
  const auto found = places.find(std::string(name));
  if (found == places.end() || found->second == kAmbiguous) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> ImageNameIndex::find(std::string_view name) const {
  name = trimmed(name);
  if (const auto record = look_up(names_, name)) return record;
  if (const auto record = look_up(stems_, image_stem(name))) return record;
  const std::string_view file = without_folders(name);
  if (const auto record = look_up(names_, file)) return record;
  if (const auto record = look_up(stems_, image_stem(file))) return record;
  const std::string joined = joined_parts(image_stem(name));
  return joined.empty() ? std::nullopt : look_up(stems_, joined);
}

}  // namespace chestmap
