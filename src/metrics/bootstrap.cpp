#include "metrics/bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace chestmap {

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double percentile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - std::floor(position));
}

}  // namespace

PatientResamples::PatientResamples(std::span<const std::string> patients,
                                   const BootstrapOptions& options)
    : options_(options) {
  std::vector<std::string> names(patients.begin(), patients.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  patients_ = names.size();
  patient_of_image_.reserve(patients.size());
  for (const std::string& patient : patients)
    patient_of_image_.push_back(static_cast<std::size_t>(
        std::lower_bound(names.begin(), names.end(), patient) - names.begin()));
}

std::vector<double> PatientResamples::weights(std::size_t number) const {
  RandomStream stream{options_.seed, number};
  std::vector<double> drawn(patients_, 0.0);
  for (std::size_t i = 0; i < patients_; ++i) drawn[stream.below(patients_)] += 1.0;
  std::vector<double> weights;
  weights.reserve(patient_of_image_.size());
  for (const std::size_t patient : patient_of_image_) weights.push_back(drawn[patient]);
  return weights;
}

std::vector<Bootstrapped> bootstrap(const PatientResamples& resamples,
                                    std::span<const Statistic> statistics) {
  std::vector<Bootstrapped> results(statistics.size());
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    results[s].value = statistics[s]({});
    results[s].resampled.reserve(resamples.size());
  }
  for (std::size_t number = 0; number < resamples.size(); ++number) {
    const std::vector<double> weights = resamples.weights(number);
    for (std::size_t s = 0; s < statistics.size(); ++s)
      results[s].resampled.push_back(statistics[s](weights).value_or(kUndefined));
  }
  return results;
}

Bootstrapped mean_of(std::span<const Bootstrapped> statistics) {
  Bootstrapped mean;
  double count = 0.0;
  double sum = 0.0;
  for (const Bootstrapped& statistic : statistics) {
    if (!statistic.value) continue;
    count += 1.0;
    sum += *statistic.value;
    mean.resampled.resize(statistic.resampled.size(), 0.0);
    for (std::size_t i = 0; i < mean.resampled.size(); ++i)
      mean.resampled[i] += statistic.resampled[i];
  }
  if (count == 0.0) return {};
  mean.value = sum / count;
  for (double& value : mean.resampled) value /= count;
  return mean;
}

Bootstrapped difference_of(const Bootstrapped& a, const Bootstrapped& b) {
  if (!a.value || !b.value) return {};
  assert(a.resampled.size() == b.resampled.size());
  Bootstrapped difference{*a.value - *b.value, a.resampled};
  for (std::size_t i = 0; i < difference.resampled.size(); ++i)
    difference.resampled[i] -= b.resampled[i];
  return difference;
}

std::optional<Interval> percentile_interval(std::vector<double> resampled, double coverage) {
  std::erase_if(resampled, [](double value) { return std::isnan(value); });
  if (resampled.size() < 2) return std::nullopt;
  std::sort(resampled.begin(), resampled.end());
  const double tail = (1.0 - coverage) / 2.0;
  return Interval{percentile(resampled, tail), percentile(resampled, 1.0 - tail)};
}

std::optional<Estimate> estimate_of(const Bootstrapped& statistic) {
  if (!statistic.value) return std::nullopt;
  return Estimate{*statistic.value, percentile_interval(statistic.resampled)};
}

}  // namespace chestmap
