#include "evaluate/comparisons.h"

#include <algorithm>
#include <limits>

#include "metrics/holm.h"
#include "metrics/paired_test.h"

namespace chestmap {

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

bool is_mean(const std::string& finding) {
  return finding == "mean" || finding == "mean_without_cardiomegaly";
}

const FigureRow* row_of(const SubjectRows& subject, const std::string& finding) {
  const auto found = std::find_if(subject.rows.begin(), subject.rows.end(),
                                  [&](const FigureRow& row) { return row.finding == finding; });
  return found == subject.rows.end() ? nullptr : &*found;
}

std::vector<std::string> measures_of(const SubjectRows& subject) {
  std::vector<std::string> measures;
  for (const FigureRow& row : subject.rows)
    for (const std::string& measure : row.measures)
      if (std::find(measures.begin(), measures.end(), measure) == measures.end())
        measures.push_back(measure);
  return measures;
}

using Field = std::optional<double> Comparison::*;

/// Adjusts the findings' values of `from`, not those of the means, into `to`.
void adjust(std::span<Comparison> of_measure, Field from, Field to) {
  std::vector<double> values;
  for (const Comparison& comparison : of_measure)
    values.push_back(is_mean(comparison.finding) ? kUndefined
                                                 : (comparison.*from).value_or(kUndefined));
  const std::vector<double> adjusted = holm_adjusted(values);
  for (std::size_t i = 0; i < adjusted.size(); ++i)
    if (adjusted[i] == adjusted[i]) of_measure[i].*to = adjusted[i];
}

}  // namespace

std::vector<Comparison> compared(const SubjectRows& a, const SubjectRows& b,
                                 const std::function<bool(const std::string&)>& compares) {
  std::vector<Comparison> all;
  for (const std::string& measure : measures_of(a)) {
    if (!compares(measure)) continue;
    const std::size_t first = all.size();
    for (const FigureRow& row : a.rows) {
      const FigureRow* other = row_of(b, row.finding);
      const Bootstrapped* left = row.find(measure);
      const Bootstrapped* right = other == nullptr ? nullptr : other->find(measure);
      if (left == nullptr || right == nullptr) continue;
      const Bootstrapped difference = difference_of(*left, *right);
      Comparison comparison{a.name, b.name, row.finding, measure, estimate_of(difference),
                            {},     {},     {},          {}};
      if (!difference.resampled.empty()) comparison.p = paired_bootstrap_p(difference);
      all.push_back(std::move(comparison));
    }
    adjust(std::span(all).subspan(first), &Comparison::p, &Comparison::p_holm);
  }
  return all;
}

void add_delong(std::vector<Comparison>& comparisons,
                const std::function<std::optional<double>(const std::string&)>& p_of) {
  const auto is_auroc = [](const Comparison& comparison) { return comparison.measure == "auroc"; };
  const auto first = std::find_if(comparisons.begin(), comparisons.end(), is_auroc);
  const auto last = std::find_if_not(first, comparisons.end(), is_auroc);
  for (auto comparison = first; comparison != last; ++comparison)
    if (!is_mean(comparison->finding)) comparison->p_delong = p_of(comparison->finding);
  adjust(std::span(first, last), &Comparison::p_delong, &Comparison::p_delong_holm);
}

}  // namespace chestmap
