#include "weights/model_spec.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "weights/fitted_json.h"

namespace chestmap {

namespace {
// 2 added what is fitted once a model is trained, 3 the alignment of maps, 4 the ranges of 8 bits.
constexpr int kFormatVersion = 4;
constexpr std::int64_t kLargestInput = 4096;
constexpr const char* kEntry = "chestmap";
constexpr const char* kDamaged = "the file was damaged or changed by another program";

/// Values that no network or image can be made of.
void check(const ModelSpec& spec, const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& what) {
    throw UserError(file.string() + ": its metadata gives " + what, kDamaged);
  };
  if (spec.findings.empty()) fail("no finding");
  if (spec.input_size < 1 || spec.input_size > kLargestInput)
    fail("an input size of " + std::to_string(spec.input_size) + " pixels");
  if (spec.input_channels != 1 && spec.input_channels != 3)
    fail(std::to_string(spec.input_channels) + " input channels; 1 or 3 were expected");
  if (!(spec.pixel_deviation > 0.0)) fail("a pixel deviation that is not above 0");
}

}  // namespace

std::map<std::string, std::string> ModelSpec::to_metadata() const {
  nlohmann::ordered_json rules = nlohmann::ordered_json::object();
  for (const auto& [method, list] : box_rules)
    for (const BoxRuleSpec& rule : list)
      rules[method].push_back({{"rule", rule.rule},
                               {"fraction", rule.fraction},
                               {"fitted", rule.fitted},
                               {"area", rule.area}});
  const nlohmann::ordered_json json = {
      {"format_version", kFormatVersion},
      {"notice", "Research use only. Not for diagnosis."},
      {"program_version", program_version},
      {"findings", findings},
      {"architecture",
       {{"backbone", backbone},
        {"head", head},
        {"stages", stages},
        {"relevance", relevance},
        {"normalise_maps", normalise_maps},
        {"fusion", fusion},
        {"pooling", pooling},
        {"lse_r", lse_r}}},
      {"preprocessing",
       {{"size", input_size},
        {"channels", input_channels},
        {"resize", "area"},
        {"mean", pixel_mean},
        {"deviation", pixel_deviation}}},
      {"boxes",
       {{"rules", rules}, {"provenance", box_rule_provenance}, {"levels", to_json(box_levels)}}},
      {"alignment", to_json(alignment)},
      {"calibration", to_json(calibration)},
      {"thresholds", to_json(thresholds)},
      {"input_ranges", to_json(input_ranges)},
      {"provenance", provenance}};
  return {{kEntry, json.dump()}};
}

ModelSpec ModelSpec::from_metadata(const std::map<std::string, std::string>& metadata,
                                   const std::filesystem::path& file) {
  const auto entry = metadata.find(kEntry);
  if (entry == metadata.end())
    throw UserError(file.string() + " holds no chestmap model: its metadata has no \"chestmap\"",
                    "a model is the model.safetensors that `chestmap train` writes");
  try {
    const auto json = nlohmann::json::parse(entry->second);
    const int version = json.at("format_version");
    if (version > kFormatVersion)
      throw UserError(file.string() + " was written by a newer chestmap (model format " +
                          std::to_string(version) + ")",
                      "update chestmap");
    ModelSpec spec;
    spec.program_version = json.at("program_version");
    spec.findings = json.at("findings").get<std::vector<std::string>>();
    const auto& architecture = json.at("architecture");
    spec.backbone = architecture.at("backbone");
    spec.head = architecture.at("head");
    spec.stages = architecture.at("stages").get<std::vector<std::int64_t>>();
    spec.relevance = architecture.at("relevance");
    spec.normalise_maps = architecture.at("normalise_maps");
    spec.fusion = architecture.at("fusion");
    spec.pooling = architecture.at("pooling");
    spec.lse_r = architecture.at("lse_r");
    const auto& preprocessing = json.at("preprocessing");
    spec.input_size = preprocessing.at("size");
    spec.input_channels = preprocessing.at("channels");
    spec.pixel_mean = preprocessing.at("mean");
    spec.pixel_deviation = preprocessing.at("deviation");
    for (const auto& [method, rules] : json.at("boxes").at("rules").items()) {
      for (const auto& rule : rules)
        spec.box_rules[method].push_back(
            {rule.at("rule"), rule.at("fraction"), rule.at("fitted"), rule.at("area")});
      if (rules.size() != spec.findings.size())
        throw UserError(file.string() + ": its metadata has " + std::to_string(rules.size()) +
                            " box rules of \"" + method + "\" for " +
                            std::to_string(spec.findings.size()) + " findings",
                        kDamaged);
    }
    spec.box_rule_provenance = json.at("boxes").at("provenance");
    if (version > 1) {
      spec.box_levels = fit_from_json(json.at("boxes").at("levels"));
      spec.calibration = calibration_from_json(json.at("calibration"), spec.findings.size());
      spec.thresholds = thresholds_from_json(json.at("thresholds"), spec.findings.size());
    }
    if (version > 2)
      spec.alignment =
          alignment_from_json(json.at("alignment"), spec.findings.size(), spec.stages.size());
    if (version > 3) spec.input_ranges = input_ranges_from_json(json.at("input_ranges"));
    spec.provenance = json.at("provenance").get<std::map<std::string, std::string>>();
    check(spec, file);
    return spec;
  } catch (const nlohmann::json::exception& error) {
    throw UserError(file.string() + ": its metadata cannot be read: " + error.what(),
                    "was the file written by another program?");
  } catch (const std::invalid_argument& error) {
    throw UserError(file.string() + ": its metadata gives " + error.what(), kDamaged);
  }
}

std::vector<NamedFit> fits_of(const ModelSpec& spec) {
  std::vector<NamedFit> fits;
  if (spec.alignment) fits.push_back({"map alignment", spec.alignment->fit});
  if (spec.calibration) fits.push_back({"calibration", spec.calibration->fit});
  if (spec.thresholds) fits.push_back({"thresholds", spec.thresholds->fit});
  if (spec.box_levels) fits.push_back({"box levels", *spec.box_levels});
  if (spec.input_ranges) fits.push_back({"input ranges", spec.input_ranges->fit});
  return fits;
}

}  // namespace chestmap
