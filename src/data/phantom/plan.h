#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "data/phantom/phantom.h"

namespace chestmap::phantom {

/// The findings by their index in phantom_findings().
enum Finding : std::size_t {
  atelectasis,
  cardiomegaly,
  effusion,
  infiltration,
  mass,
  nodule,
  pneumonia,
  pneumothorax,
  finding_count
};

/// What a random stream is for: streams of different purposes never share a number.
enum class Purpose : std::uint64_t {
  patient = 1,
  visits,
  split,
  findings,
  labels,
  anatomy,
  lesions,
  skeleton,
  vessels,
  distractors,
  devices,
  detector,
  noise,
};

/// Who is imaged, how, and with which findings.
struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t patient = 0;
  std::uint64_t image = 0;
  Sex sex = Sex::female;
  int age_years = 50;
  ViewPosition view = ViewPosition::pa;
  bool test = false;
  double conspicuity = 1.0;  ///< factor on the density of solid and cloudy lesions
  std::array<bool, finding_count> truth{};
  std::array<bool, finding_count> labels{};
};

/// Share of images that have the finding.
[[nodiscard]] double prevalence(Finding finding) noexcept;

[[nodiscard]] Plan make_plan(const PhantomOptions& options, std::uint64_t patient,
                             std::uint64_t image);

}  // namespace chestmap::phantom
