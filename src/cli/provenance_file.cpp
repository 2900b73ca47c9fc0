#include "cli/provenance_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "weights/fitted_json.h"

namespace chestmap {

namespace {

constexpr const char* kFormat = "chestmap-provenance";

const nlohmann::json& member(const nlohmann::json& json, const char* key) {
  static const nlohmann::json null;
  const auto found = json.find(key);
  return found == json.end() ? null : *found;
}

PredictionProvenance parsed(const nlohmann::json& json) {
  if (json.at("format") != kFormat || json.at("format_version") != 1)
    throw std::invalid_argument(fmt::format("format \"{}\" of version 1 was expected", kFormat));
  PredictionProvenance provenance;
  if (json.contains("findings"))
    provenance.findings = json.at("findings").get<std::vector<std::string>>();
  const std::size_t findings = provenance.findings.size();
  provenance.thresholds = thresholds_from_json(member(json, "thresholds"), findings);
  provenance.calibration = calibration_from_json(member(json, "calibration"), findings);
  provenance.box_levels = fit_from_json(member(json, "box_levels"));
  provenance.map_alignment = fit_from_json(member(json, "map_alignment"));
  return provenance;
}

}  // namespace

std::filesystem::path provenance_file(const std::filesystem::path& predictions) {
  std::filesystem::path file = predictions.lexically_normal();
  if (!file.has_filename()) file = file.parent_path();
  file += ".provenance.json";
  return file;
}

PredictionProvenance read_provenance(const std::filesystem::path& predictions) {
  const std::filesystem::path file = provenance_file(predictions);
  if (!std::filesystem::exists(file)) return {};
  constexpr const char* kHint =
      "docs/evaluation-json.md describes the file; without it, nothing is said to be fitted";
  try {
    return parsed(nlohmann::json::parse(read_file(file)));
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{}: {}", file.string(), error.what()), kHint);
  } catch (const std::invalid_argument& error) {
    throw UserError(fmt::format("{}: {}", file.string(), error.what()), kHint);
  }
}

void write_provenance(const std::filesystem::path& predictions,
                      const PredictionProvenance& provenance) {
  const nlohmann::ordered_json json = {{"format", kFormat},
                                       {"format_version", 1},
                                       {"findings", provenance.findings},
                                       {"thresholds", to_json(provenance.thresholds)},
                                       {"calibration", to_json(provenance.calibration)},
                                       {"box_levels", to_json(provenance.box_levels)},
                                       {"map_alignment", to_json(provenance.map_alignment)}};
  write_file(provenance_file(predictions), json.dump(1) + "\n");
}

std::vector<NamedFit> fits_of(const PredictionProvenance& provenance) {
  std::vector<NamedFit> fits;
  if (provenance.thresholds) fits.push_back({"the thresholds", provenance.thresholds->fit});
  if (provenance.calibration)
    fits.push_back({"the calibrated probabilities", provenance.calibration->fit});
  if (provenance.box_levels) fits.push_back({"the box levels", *provenance.box_levels});
  if (provenance.map_alignment) fits.push_back({"the map alignment", *provenance.map_alignment});
  return fits;
}

std::vector<std::string> fitted_on(const PredictionProvenance& provenance, const std::string& name,
                                   const std::string& fingerprint) {
  std::vector<std::string> sentences;
  for (const NamedFit& fitted : fits_of(provenance))
    if (fitted.fit.fingerprint == fingerprint)
      sentences.push_back(
          fmt::format("{} of {} ({}) were fitted on the very images that are scored", fitted.what,
                      name, fitted.fit.method));
  return sentences;
}

void check_not_fitted_here(const std::vector<std::string>& sentences, bool oracle) {
  if (sentences.empty() || oracle) return;
  throw UserError(fmt::format("{}", fmt::join(sentences, "; ")),
                  "score another split, or give --oracle: every table then says ORACLE");
}

}  // namespace chestmap
