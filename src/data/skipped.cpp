#include "data/skipped.h"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/csv.h"

namespace chestmap {

void write_skipped(const std::filesystem::path& file, std::span<const Skipped> skipped) {
  std::string text = "item,reason\n";
  for (const Skipped& entry : skipped) text += csv_line(std::array{entry.item, entry.reason});
  write_file(file, text);
}

std::vector<std::string> skipped_summary(std::span<const Skipped> skipped) {
  struct Group {
    const Skipped* first = nullptr;
    std::size_t count = 0;
  };
  std::vector<Group> groups;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Skipped& entry : skipped) {
    const auto [place, added] = places.emplace(entry.reason, groups.size());
    if (added) groups.push_back({&entry, 0});
    ++groups[place->second].count;
  }
  std::vector<std::string> lines;
  lines.reserve(groups.size());
  for (const Group& group : groups)
    lines.push_back(group.count == 1 ? fmt::format("{}: {}", group.first->item, group.first->reason)
                                     : fmt::format("{} x {} (first: {})", group.count,
                                                   group.first->reason, group.first->item));
  return lines;
}

}  // namespace chestmap
