#include "data/phantom/plan.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

/// The findings are drawn from normal variables: finding f is present where its variable passes
/// `cut`. A variable is the sum of shared factors (so that findings come together) and an own part.
struct Tendency {
  double prevalence;
  double cut;      ///< the normal quantile of 1 - prevalence
  double illness;  ///< loading of the factor that all findings share
  double fluid;    ///< of the factor of heart failure: effusion, atelectasis, cardiomegaly
  double airway;   ///< of the factor of infection: pneumonia, infiltration
  double bed;      ///< shift of the mean between AP and PA views
};

constexpr std::array<Tendency, finding_count> kTendencies{{
    {0.140, 1.0803, 0.35, 0.50, 0.00, 0.10},  // atelectasis
    {0.135, 1.1031, 0.25, 0.50, 0.00, 0.00},  // cardiomegaly
    {0.140, 1.0803, 0.35, 0.65, 0.00, 0.20},  // effusion
    {0.150, 1.0364, 0.40, 0.15, 0.60, 0.10},  // infiltration
    {0.130, 1.1264, 0.20, 0.00, 0.00, 0.00},  // mass
    {0.130, 1.1264, 0.20, 0.00, 0.00, 0.00},  // nodule
    {0.135, 1.1031, 0.40, 0.10, 0.60, 0.10},  // pneumonia
    {0.130, 1.1264, 0.25, 0.00, 0.00, 0.05},  // pneumothorax
}};

constexpr double kBedridden = 0.4;    // share of AP views
constexpr double kPatientPart = 0.3;  // of a factor's variance that a patient keeps

double factor(RandomStream& patient, RandomStream& image) {
  return std::sqrt(kPatientPart) * patient.normal() +
         std::sqrt(1.0 - kPatientPart) * image.normal();
}

std::array<bool, finding_count> draw_findings(RandomStream& patient, RandomStream& image,
                                              bool bedridden) {
  const double illness = factor(patient, image);
  const double fluid = factor(patient, image);
  const double airway = factor(patient, image);
  std::array<bool, finding_count> present{};
  for (std::size_t f = 0; f < finding_count; ++f) {
    const Tendency& t = kTendencies[f];
    const double shared = t.illness * t.illness + t.fluid * t.fluid + t.airway * t.airway;
    const double bed = t.bed * ((bedridden ? 1.0 : 0.0) - kBedridden);
    const double value = t.illness * illness + t.fluid * fluid + t.airway * airway +
                         std::sqrt(1.0 - shared) * factor(patient, image) + bed;
    present[f] = value > t.cut;
  }
  return present;
}

}  // namespace

double prevalence(Finding finding) noexcept { return kTendencies[finding].prevalence; }

Plan make_plan(const PhantomOptions& options, std::uint64_t patient, std::uint64_t image) {
  Plan plan;
  plan.seed = options.seed;
  plan.conspicuity = options.conspicuity;
  plan.patient = patient;
  plan.image = image;
  const auto stream = [&](Purpose purpose) {
    return RandomStream{options.seed, patient, image, static_cast<std::uint64_t>(purpose)};
  };
  RandomStream person{options.seed, patient, static_cast<std::uint64_t>(Purpose::patient)};
  plan.sex = person.chance(0.45) ? Sex::female : Sex::male;
  const double age = std::clamp(person.normal(50.0, 16.0), 18.0, 90.0);
  const double bed_tendency = person.uniform();
  plan.age_years = static_cast<int>(age) + static_cast<int>(std::min<std::uint64_t>(image, 5) / 2);
  RandomStream split{options.seed, patient, static_cast<std::uint64_t>(Purpose::split)};
  plan.test = split.chance(options.test_fraction);
  RandomStream visit = stream(Purpose::findings);
  const bool bedridden = visit.chance(0.5) ? bed_tendency < kBedridden : visit.chance(kBedridden);
  plan.view = bedridden ? ViewPosition::ap : ViewPosition::pa;
  plan.truth = draw_findings(person, visit, bedridden);
  plan.labels = plan.truth;
  if (plan.test) return plan;
  RandomStream noise = stream(Purpose::labels);
  for (std::size_t f = 0; f < finding_count; ++f) {
    const double p = kTendencies[f].prevalence;
    const double rate = plan.truth[f] ? options.label_noise : options.label_noise * p / (1.0 - p);
    if (noise.chance(rate)) plan.labels[f] = !plan.labels[f];
  }
  return plan;
}

}  // namespace chestmap::phantom
