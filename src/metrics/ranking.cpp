#include "metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace chestmap {

Ranking::Ranking(std::span<const ScoredLabel> images) {
  std::vector<ScoredLabel> sorted(images.begin(), images.end());
  if (std::any_of(sorted.begin(), sorted.end(),
                  [](const ScoredLabel& image) { return std::isnan(image.score); }))
    throw std::invalid_argument("a score to be ranked is no number");
  std::sort(sorted.begin(), sorted.end(), [](const ScoredLabel& a, const ScoredLabel& b) {
    return a.score != b.score ? a.score > b.score : a.image < b.image;
  });
  entries_.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool last = i + 1 == sorted.size() || sorted[i + 1].score != sorted[i].score;
    entries_.push_back({static_cast<std::uint32_t>(sorted[i].image),
                        static_cast<std::uint8_t>(sorted[i].positive ? 1 : 0), last});
    if (last) scores_.push_back(sorted[i].score);
    if (sorted[i].positive) ++positives_;
  }
}

}  // namespace chestmap
