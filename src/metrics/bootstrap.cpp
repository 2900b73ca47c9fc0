#include "metrics/bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/cores.h"
#include "base/parallel.h"
#include "base/random.h"
#include "metrics/bca_interval.h"
#include "metrics/quantile.h"

namespace chestmap {

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
// Keys the draw of the jackknife's groups apart from those of the resamples.
constexpr std::uint64_t kJackknife = 0x6a61636b6b6e6966;

std::vector<double> added(std::vector<double> a, const std::vector<double>& b, double factor) {
  a.resize(b.size(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  return a;
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
  group_of_patient_.resize(patients_);
  std::iota(group_of_patient_.begin(), group_of_patient_.end(), std::size_t{0});
  if (const std::size_t groups = jackknife_size(); groups < patients_) {
    RandomStream stream{options_.seed, kJackknife, 0};
    shuffle(group_of_patient_, stream);
    for (std::size_t& group : group_of_patient_) group %= std::max<std::size_t>(groups, 1);
  }
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

std::size_t PatientResamples::jackknife_size() const noexcept {
  return std::min(options_.jackknife_groups, patients_);
}

std::vector<double> PatientResamples::jackknife_weights(std::size_t number) const {
  std::vector<double> weights;
  weights.reserve(patient_of_image_.size());
  for (const std::size_t patient : patient_of_image_)
    weights.push_back(group_of_patient_[patient] == number ? 0.0 : 1.0);
  return weights;
}

std::vector<Bootstrapped> bootstrap(const PatientResamples& resamples,
                                    std::span<const Statistics> groups) {
  std::vector<Bootstrapped> results;
  for (const Statistics& group : groups)
    for (const std::optional<double>& value : group({}))
      results.push_back({value, std::vector<double>(resamples.size()),
                         std::vector<double>(resamples.jackknife_size())});
  const std::size_t rounds = resamples.size() + resamples.jackknife_size();
  parallel_for(rounds, std::min(available_cores(), rounds), [&](std::size_t round) {
    const bool resample = round < resamples.size();
    const std::size_t number = resample ? round : round - resamples.size();
    const std::vector<double> weights =
        resample ? resamples.weights(number) : resamples.jackknife_weights(number);
    auto result = results.begin();
    for (const Statistics& group : groups)
      for (const std::optional<double>& value : group(weights)) {
        (resample ? result->resampled : result->left_out)[number] = value.value_or(kUndefined);
        ++result;
      }
  });
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
    mean.resampled = added(std::move(mean.resampled), statistic.resampled, 1.0);
    mean.left_out = added(std::move(mean.left_out), statistic.left_out, 1.0);
  }
  if (count == 0.0) return {};
  mean.value = sum / count;
  for (double& value : mean.resampled) value /= count;
  for (double& value : mean.left_out) value /= count;
  return mean;
}

Bootstrapped difference_of(const Bootstrapped& a, const Bootstrapped& b) {
  if (!a.value || !b.value) return {};
  assert(a.resampled.size() == b.resampled.size());
  return {*a.value - *b.value, added(a.resampled, b.resampled, -1.0),
          added(a.left_out, b.left_out, -1.0)};
}

std::optional<Interval> percentile_interval(std::vector<double> resampled, double coverage) {
  std::erase_if(resampled, [](double value) { return std::isnan(value); });
  if (resampled.size() < 2) return std::nullopt;
  std::sort(resampled.begin(), resampled.end());
  const double tail = (1.0 - coverage) / 2.0;
  return Interval{quantile_of_sorted(resampled, tail), quantile_of_sorted(resampled, 1.0 - tail)};
}

std::optional<Estimate> estimate_of(const Bootstrapped& statistic) {
  if (!statistic.value) return std::nullopt;
  return Estimate{*statistic.value, percentile_interval(statistic.resampled),
                  bca_interval(statistic)};
}

}  // namespace chestmap
