#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chestmap {

struct BootstrapOptions {
  std::size_t resamples = 1000;
  std::uint64_t seed = 0;
  /// Groups of patients left out in turn for the acceleration of the BCa interval; 0 for none.
  std::size_t jackknife_groups = 256;
};

/// Resamples of the patients with replacement (Efron 1979, the patient as the unit): each draws as
/// many patients as there are, and an image weighs as often as its patient was drawn. A resample is
/// a function of (seed, its number, the set of patient names) alone, so that every measure and
/// every method sees the same ones and differences between methods are paired; the order of the
/// images plays no part.
class PatientResamples {
 public:
  /// `patients[i]` names the patient of image i.
  PatientResamples(std::span<const std::string> patients, const BootstrapOptions& options);

  [[nodiscard]] std::size_t size() const noexcept { return options_.resamples; }
  [[nodiscard]] std::size_t patients() const noexcept { return patients_; }
  /// The images' weights in resample `number`.
  [[nodiscard]] std::vector<double> weights(std::size_t number) const;

  /// How often patients are left out: once each where there are at most `jackknife_groups` of them.
  /// Otherwise that many groups, drawn at random, of sizes that differ by at most one, which
  /// estimate the same acceleration: the skewness of a sum of g patients is 1/sqrt(g) of one's.
  [[nodiscard]] std::size_t jackknife_size() const noexcept;
  /// Weights 0 for the images of the patients that are left out in round `number`, 1 for others.
  [[nodiscard]] std::vector<double> jackknife_weights(std::size_t number) const;

 private:
  BootstrapOptions options_;
  std::vector<std::size_t> patient_of_image_;
  std::vector<std::size_t> group_of_patient_;
  std::size_t patients_ = 0;
};

/// Measures of weighted images that share their work, always as many; an empty span means a weight
/// of 1 for each. Nothing for one that is undefined, e.g. without positives. Called from several
/// threads at once.
using Statistics =
    std::function<std::vector<std::optional<double>>(std::span<const double> weights)>;

/// A statistic of the whole set, of each resample and of each round of the jackknife, NaN where one
/// leaves it undefined.
struct Bootstrapped {
  std::optional<double> value;
  std::vector<double> resampled;
  std::vector<double> left_out{};
};

/// All statistics over the same resamples, one behind another, by all cores; the result does not
/// depend on their number.
[[nodiscard]] std::vector<Bootstrapped> bootstrap(const PatientResamples& resamples,
                                                  std::span<const Statistics> groups);

/// The mean of statistics over the same resamples. Those undefined on the whole set are left out;
/// a resample that leaves one of the others undefined is undefined, since a mean over fewer is
/// another quantity.
[[nodiscard]] Bootstrapped mean_of(std::span<const Bootstrapped> statistics);
/// a - b, paired by resample.
[[nodiscard]] Bootstrapped difference_of(const Bootstrapped& a, const Bootstrapped& b);

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// Percentile interval of the `coverage`'s share of the resamples, percentiles interpolated
/// linearly (definition 7 of Hyndman and Fan 1996). NaN is left out; nothing where fewer than two
/// values remain.
[[nodiscard]] std::optional<Interval> percentile_interval(std::vector<double> resampled,
                                                          double coverage = 0.95);

/// A measure's value on the whole set and its 95% intervals.
struct Estimate {
  double value = 0.0;
  std::optional<Interval> interval;            ///< of percentiles
  std::optional<Interval> bca = std::nullopt;  ///< see bca_interval.h
};
/// Nothing where the measure is undefined on the whole set.
[[nodiscard]] std::optional<Estimate> estimate_of(const Bootstrapped& statistic);

}  // namespace chestmap
