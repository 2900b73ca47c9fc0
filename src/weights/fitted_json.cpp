#include "weights/fitted_json.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace chestmap {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

bool is_probability(double value) { return value >= 0.0 && value <= 1.0; }

void expect_count(std::size_t entries, std::size_t findings, const std::string& what) {
  expect(entries == findings,
         std::to_string(entries) + " " + what + " for " + std::to_string(findings) + " findings");
}

FindingCalibration finding_calibration(const Json& json) {
  FindingCalibration result;
  result.slope = json.at("slope");
  result.intercept = json.at("intercept");
  expect(std::isfinite(result.slope) && result.slope > 0.0,
         "a calibration whose slope is not above 0");
  expect(std::isfinite(result.intercept), "a calibration whose intercept is no number");
  for (const Json& knot : json.at("knots")) {
    const CalibrationKnot next{knot.at(0), knot.at(1)};
    expect(is_probability(next.probability), "a calibration that leads out of 0 to 1");
    if (!result.knots.empty())
      expect(next.logit > result.knots.back().logit &&
                 next.probability >= result.knots.back().probability,
             "a calibration that falls");
    result.knots.push_back(next);
  }
  return result;
}

}  // namespace

OrderedJson to_json(const std::optional<Fit>& fit) {
  if (!fit) return nullptr;
  return {{"method", fit->method},           {"data", fit->data},     {"split", fit->split},
          {"fingerprint", fit->fingerprint}, {"images", fit->images}, {"date", fit->date}};
}

OrderedJson to_json(const std::optional<Calibration>& calibration) {
  if (!calibration) return nullptr;
  OrderedJson findings = OrderedJson::array();
  for (const std::optional<FindingCalibration>& finding : calibration->findings) {
    if (!finding) {
      findings.push_back(nullptr);
      continue;
    }
    OrderedJson knots = OrderedJson::array();
    for (const CalibrationKnot& knot : finding->knots)
      knots.push_back({knot.logit, knot.probability});
    findings.push_back(
        {{"slope", finding->slope}, {"intercept", finding->intercept}, {"knots", knots}});
  }
  return {{"fit", to_json(std::optional(calibration->fit))}, {"findings", findings}};
}

OrderedJson to_json(const std::optional<Thresholds>& thresholds) {
  if (!thresholds) return nullptr;
  OrderedJson probabilities = OrderedJson::array();
  for (const std::optional<double>& probability : thresholds->probabilities)
    probabilities.push_back(probability ? OrderedJson(*probability) : OrderedJson(nullptr));
  return {{"fit", to_json(std::optional(thresholds->fit))}, {"probabilities", probabilities}};
}

OrderedJson to_json(const std::optional<Alignment>& alignment) {
  if (!alignment) return nullptr;
  OrderedJson shifts = OrderedJson::array();
  for (const std::vector<MapShift>& finding : alignment->shifts) {
    OrderedJson row = OrderedJson::array();
    for (const MapShift& shift : finding) row.push_back({shift.x, shift.y});
    shifts.push_back(std::move(row));
  }
  return {{"fit", to_json(std::optional(alignment->fit))}, {"shifts", shifts}};
}

OrderedJson to_json(const std::optional<InputRanges>& ranges) {
  if (!ranges) return nullptr;
  return {{"fit", to_json(std::optional(ranges->fit))}, {"largest", ranges->largest}};
}

std::optional<Fit> fit_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return Fit{json.at("method"),      json.at("data"),   json.at("split"),
             json.at("fingerprint"), json.at("images"), json.at("date")};
}

std::optional<Calibration> calibration_from_json(const Json& json, std::size_t findings) {
  if (json.is_null()) return std::nullopt;
  Calibration result{fit_from_json(json.at("fit")).value_or(Fit{}), {}};
  for (const Json& entry : json.at("findings"))
    result.findings.push_back(entry.is_null() ? std::nullopt
                                              : std::optional(finding_calibration(entry)));
  expect_count(result.findings.size(), findings, "calibrations");
  return result;
}

std::optional<Thresholds> thresholds_from_json(const Json& json, std::size_t findings) {
  if (json.is_null()) return std::nullopt;
  Thresholds result{fit_from_json(json.at("fit")).value_or(Fit{}), {}};
  for (const Json& entry : json.at("probabilities")) {
    result.probabilities.push_back(entry.is_null() ? std::nullopt
                                                   : std::optional(entry.get<double>()));
    if (result.probabilities.back())
      expect(is_probability(*result.probabilities.back()), "a threshold outside of 0 to 1");
  }
  expect_count(result.probabilities.size(), findings, "thresholds");
  return result;
}

std::optional<Alignment> alignment_from_json(const Json& json, std::size_t findings,
                                             std::size_t stages) {
  if (json.is_null()) return std::nullopt;
  Alignment result{fit_from_json(json.at("fit")).value_or(Fit{}), {}};
  for (const Json& row : json.at("shifts")) {
    result.shifts.emplace_back();
    for (const Json& shift : row) {
      const MapShift read{shift.at(0).get<double>(), shift.at(1).get<double>()};
      expect(std::isfinite(read.x) && std::isfinite(read.y), "a map's shift that is no number");
      result.shifts.back().push_back(read);
    }
    expect_count(result.shifts.back().size(), stages, "shifts of a finding's maps");
  }
  expect_count(result.shifts.size(), findings, "rows of map shifts");
  return result;
}

std::optional<InputRanges> input_ranges_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  InputRanges result{fit_from_json(json.at("fit")).value_or(Fit{}),
                     json.at("largest").get<std::map<std::string, double>>()};
  for (const auto& [layer, largest] : result.largest)
    expect(std::isfinite(largest) && largest > 0.0,
           "a largest input of " + layer + " that is not above 0");
  return result;
}

}  // namespace chestmap
