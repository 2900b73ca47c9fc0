#include "metrics/delong.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "metrics/normal_distribution.h"

namespace chestmap {

namespace {

/// Ranks from 1, equal values sharing the mean of theirs.
std::vector<double> mid_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t i = first; i < last; ++i)
      ranks[order[i]] = static_cast<double>(first + 1 + last) / 2.0;
    first = last;
  }
  return ranks;
}

/// V10 and V01 of the header.
struct Components {
  std::vector<double> positives;
  std::vector<double> negatives;
};

Components components_of(const std::vector<double>& positives,
                         const std::vector<double>& negatives) {
  std::vector<double> all = positives;
  all.insert(all.end(), negatives.begin(), negatives.end());
  if (std::any_of(all.begin(), all.end(), [](double score) { return std::isnan(score); }))
    throw std::invalid_argument("a score to be compared is no number");
  const std::vector<double> among_all = mid_ranks(all);
  // A score's rank among all less its rank in its own class is the number of the other class that
  // it beats, ties one half.
  Components components{mid_ranks(positives), mid_ranks(negatives)};
  const auto m = static_cast<double>(positives.size());
  const auto n = static_cast<double>(negatives.size());
  for (std::size_t i = 0; i < positives.size(); ++i)
    components.positives[i] = (among_all[i] - components.positives[i]) / n;
  for (std::size_t j = 0; j < negatives.size(); ++j)
    components.negatives[j] = 1.0 - (among_all[positives.size() + j] - components.negatives[j]) / m;
  return components;
}

double mean_of_values(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The variance of the mean of `values`.
double variance_of_mean(const std::vector<double>& values) {
  const double mean = mean_of_values(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size());
  return squares / (count - 1.0) / count;
}

DeLong delong_of(const Components& components) {
  return {mean_of_values(components.positives),
          variance_of_mean(components.positives) + variance_of_mean(components.negatives)};
}

std::vector<double> less(std::vector<double> a, const std::vector<double>& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::minus<>());
  return a;
}

}  // namespace

std::optional<DeLong> delong(std::span<const ScoredLabel> images) {
  std::vector<double> positives;
  std::vector<double> negatives;
  for (const ScoredLabel& image : images)
    (image.positive ? positives : negatives).push_back(image.score);
  if (positives.size() < 2 || negatives.size() < 2) return std::nullopt;
  return delong_of(components_of(positives, negatives));
}

Interval delong_interval(const DeLong& estimate, double coverage) {
  const double half = normal_quantile((1.0 + coverage) / 2.0) * std::sqrt(estimate.variance);
  return {std::max(0.0, estimate.auroc - half), std::min(1.0, estimate.auroc + half)};
}

std::optional<DeLongTest> delong_test(std::span<const PairedScore> images) {
  std::vector<double> a_positives;
  std::vector<double> a_negatives;
  std::vector<double> b_positives;
  std::vector<double> b_negatives;
  for (const PairedScore& image : images) {
    (image.positive ? a_positives : a_negatives).push_back(image.a);
    (image.positive ? b_positives : b_negatives).push_back(image.b);
  }
  if (a_positives.size() < 2 || a_negatives.size() < 2) return std::nullopt;
  const Components a = components_of(a_positives, a_negatives);
  const Components b = components_of(b_positives, b_negatives);
  DeLongTest test{delong_of(a), delong_of(b)};
  // The variance of the difference comes from the components' differences, so that no cancellation
  // leaves a rest of it where there is none.
  const DeLong difference =
      delong_of({less(a.positives, b.positives), less(a.negatives, b.negatives)});
  test.covariance = (test.a.variance + test.b.variance - difference.variance) / 2.0;
  const double gap = test.a.auroc - test.b.auroc;
  if (difference.variance > 0.0) {
    test.z = gap / std::sqrt(difference.variance);
  } else if (gap != 0.0) {
    test.z = std::copysign(std::numeric_limits<double>::infinity(), gap);
  }
  test.p = two_sided_p(test.z);
  return test;
}

}  // namespace chestmap
