#include "evaluate/strata.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace chestmap {

namespace {

using Holds = std::function<bool(const Record&)>;

struct Property {
  const char* by;
  const char* name;
  Holds holds;
};

Holds aged(double from, double below) {
  return [from, below](const Record& record) {
    return record.age_years && *record.age_years >= from && *record.age_years < below;
  };
}

std::vector<Property> properties() {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  return {
      {"view", "PA", [](const Record& record) { return record.view == ViewPosition::pa; }},
      {"view", "AP", [](const Record& record) { return record.view == ViewPosition::ap; }},
      {"sex", "female", [](const Record& record) { return record.sex == Sex::female; }},
      {"sex", "male", [](const Record& record) { return record.sex == Sex::male; }},
      {"age", "0-19", aged(0.0, 20.0)},
      {"age", "20-39", aged(20.0, 40.0)},
      {"age", "40-59", aged(40.0, 60.0)},
      {"age", "60+", aged(60.0, kNoLimit)},
  };
}

}  // namespace

std::vector<ImageStratum> image_strata(const Dataset& dataset,
                                       std::span<const std::size_t> indices) {
  std::vector<ImageStratum> strata;
  for (const Property& property : properties()) {
    ImageStratum stratum{property.by, property.name, {}, 0};
    stratum.holds.reserve(indices.size());
    for (const std::size_t index : indices) {
      const bool holds = property.holds(dataset.records[index]);
      stratum.holds.push_back(holds ? 1 : 0);
      stratum.images += holds ? 1 : 0;
    }
    if (stratum.images > 0) strata.push_back(std::move(stratum));
  }
  const auto of = [&strata](const std::string& by) {
    return std::count_if(strata.begin(), strata.end(),
                         [&by](const ImageStratum& stratum) { return stratum.by == by; });
  };
  std::vector<std::string> alone;
  for (const ImageStratum& stratum : strata)
    if (of(stratum.by) == 1) alone.push_back(stratum.by);
  std::erase_if(strata, [&alone](const ImageStratum& stratum) {
    return std::find(alone.begin(), alone.end(), stratum.by) != alone.end();
  });
  return strata;
}

}  // namespace chestmap
