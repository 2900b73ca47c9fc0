#include <fmt/format.h>

#include "report/card_sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

std::string threshold_of(const ModelSpec& spec, std::size_t finding) {
  if (!spec.thresholds || !spec.thresholds->probabilities[finding]) return "0.5 (not fitted)";
  return fmt::format("{:.4g}", *spec.thresholds->probabilities[finding]);
}

std::string calibration_of(const ModelSpec& spec, std::size_t finding) {
  if (!spec.calibration || !spec.calibration->findings[finding]) return "none";
  const FindingCalibration& calibration = *spec.calibration->findings[finding];
  if (!calibration.knots.empty())
    return fmt::format("curve of {} points", calibration.knots.size());
  return fmt::format("sigmoid({:.4g} z + {:.4g})", calibration.slope, calibration.intercept);
}

std::string box_rule_of(const std::vector<BoxRuleSpec>* rules, std::size_t finding) {
  if (rules == nullptr || finding >= rules->size()) return kNotKnown;
  const BoxRuleSpec& rule = (*rules)[finding];
  if (rule.rule == "expected_area") return fmt::format("expected area {:.3g}", rule.area);
  return fmt::format("{} of {:.3g}{}", readable(rule.rule), rule.fraction,
                     rule.fitted ? ", fitted" : ", not fitted");
}

/// The rules of the model's own kind of map: the multiscale one, else that of a single stage.
const std::vector<BoxRuleSpec>* own_rules(const ModelSpec& spec) {
  for (const char* method : {"multiscale attention map", "class activation map"})
    if (const auto found = spec.box_rules.find(method); found != spec.box_rules.end())
      return &found->second;
  return nullptr;
}

}  // namespace

CardSection card_thresholds(const ModelCardInput& input) {
  const ModelSpec& spec = input.spec;
  CardSection section{"Thresholds", {}};
  const std::vector<BoxRuleSpec>* rules = own_rules(spec);
  CardTable table{{"Finding", "Seen from probability", "Calibration of the logit z", "Box rule"},
                  {}};
  for (std::size_t f = 0; f < spec.findings.size(); ++f)
    table.rows.push_back({readable(spec.findings[f]), threshold_of(spec, f),
                          calibration_of(spec, f), box_rule_of(rules, f)});
  section.blocks.emplace_back(std::move(table));
  CardTable provenance{{"What", "Method", "Data set", "Split", "Fingerprint", "Images", "Date"},
                       {}};
  for (const NamedFit& named : fits_of(spec)) {
    const Fit& fit = named.fit;
    provenance.rows.push_back({named.what, fit.method, fit.data, fit.split, fit.fingerprint,
                               std::to_string(fit.images),
                               fit.date.empty() ? "in training" : fit.date});
  }
  if (!provenance.rows.empty()) {
    section.blocks.emplace_back(CardParagraph{"What they were fitted on:"});
    section.blocks.emplace_back(std::move(provenance));
  }
  if (!spec.thresholds)
    section.blocks.emplace_back(CardParagraph{
        "No threshold was fitted: what sensitivity and specificity 0.5 gives on other data is not "
        "known."});
  if (!spec.calibration)
    section.blocks.emplace_back(CardParagraph{
        "The probabilities are not calibrated: how often a finding is there at a given one is not "
        "known."});
  section.blocks.emplace_back(CardParagraph{
      "Box rules: " +
      (spec.box_rule_provenance.empty() ? std::string(kNotKnown) : spec.box_rule_provenance) +
      "."});
  return section;
}

}  // namespace chestmap
