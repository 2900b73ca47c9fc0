#include "data/consensus.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace chestmap {

namespace {

constexpr double kLeastIou = 0.5;

struct Group {
  std::set<std::size_t> readers;
  double left = 0.0;  ///< sums over the group's boxes
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;

  [[nodiscard]] Box mean() const {
    const auto n = static_cast<double>(readers.size());
    return {left / n, top / n, (right - left) / n, (bottom - top) / n};
  }
  [[nodiscard]] bool shares_reader(const Group& other) const {
    return std::any_of(readers.begin(), readers.end(),
                       [&](std::size_t reader) { return other.readers.contains(reader); });
  }
  void take(const Group& other) {
    readers.insert(other.readers.begin(), other.readers.end());
    left += other.left;
    top += other.top;
    right += other.right;
    bottom += other.bottom;
  }
};

auto order_of(const Box& box) { return std::tuple(box.x, box.y, box.width, box.height); }

std::optional<std::pair<std::size_t, std::size_t>> closest_pair(const std::vector<Group>& groups) {
  std::optional<std::pair<std::size_t, std::size_t>> closest;
  double best = kLeastIou;
  for (std::size_t a = 0; a < groups.size(); ++a)
    for (std::size_t b = a + 1; b < groups.size(); ++b) {
      const double overlap = iou(groups[a].mean(), groups[b].mean());
      if (overlap <= best || groups[a].shares_reader(groups[b])) continue;
      best = overlap;
      closest = {a, b};
    }
  return closest;
}

}  // namespace

std::vector<Box> consensus_boxes(std::span<const ReaderBox> boxes, std::size_t readers) {
  std::vector<ReaderBox> sorted(boxes.begin(), boxes.end());
  std::sort(sorted.begin(), sorted.end(), [](const ReaderBox& a, const ReaderBox& b) {
    return std::tuple(order_of(a.box), a.reader) < std::tuple(order_of(b.box), b.reader);
  });
  std::vector<Group> groups;
  for (const ReaderBox& box : sorted)
    groups.push_back({{box.reader}, box.box.x, box.box.y, box.box.right(), box.box.bottom()});
  while (const auto pair = closest_pair(groups)) {
    groups[pair->first].take(groups[pair->second]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(pair->second));
  }
  std::vector<Box> agreed;
  for (const Group& group : groups)
    if (is_majority(group.readers.size(), readers)) agreed.push_back(group.mean());
  std::sort(agreed.begin(), agreed.end(),
            [](const Box& a, const Box& b) { return order_of(a) < order_of(b); });
  return agreed;
}

}  // namespace chestmap
