#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chestmap {

/// An image's score for one finding, with what its label says. `image` indexes the weights that the
/// measures are given. Images of unknown label are left out by whoever builds the list.
struct ScoredLabel {
  std::size_t image = 0;
  double score = 0.0;
  bool positive = false;
};

/// Images in falling order of score, sorted once, so that every measure of a weighted copy costs
/// one pass. Weights are non-negative multiplicities, one an image; an empty span means 1 for each.
class Ranking {
 public:
  /// Throws std::invalid_argument where a score is NaN.
  explicit Ranking(std::span<const ScoredLabel> images);

  [[nodiscard]] std::size_t positives() const noexcept { return positives_; }
  [[nodiscard]] std::size_t negatives() const noexcept { return entries_.size() - positives_; }
  /// Whether every score lies in [0, 1].
  [[nodiscard]] bool holds_probabilities() const noexcept {
    return scores_.empty() || (scores_.front() <= 1.0 && scores_.back() >= 0.0);
  }
  /// The distinct scores, falling.
  [[nodiscard]] const std::vector<double>& scores() const noexcept { return scores_; }

  /// Calls `visit(positives, negatives)` with the weights of each group of equal score, the highest
  /// score first.
  template <typename Visit>
  void visit_ties(std::span<const double> weights, Visit&& visit) const {
    visit_scores(weights,
                 [&](double, double positives, double negatives) { visit(positives, negatives); });
  }

  /// As `visit_ties`, with the score: `visit(score, positives, negatives)`.
  template <typename Visit>
  void visit_scores(std::span<const double> weights, Visit&& visit) const {
    std::array<double, 2> group{};
    auto score = scores_.begin();
    for (const Entry& entry : entries_) {
      group[entry.positive] += weights.empty() ? 1.0 : weights[entry.image];
      if (!entry.ends_tie) continue;
      visit(*score++, group[1], group[0]);
      group = {};
    }
  }

 private:
  struct Entry {
    std::uint32_t image = 0;
    std::uint8_t positive = 0;
    bool ends_tie = false;
  };
  std::vector<Entry> entries_;
  std::vector<double> scores_;  ///< one a group of equal score
  std::size_t positives_ = 0;
};

}  // namespace chestmap
