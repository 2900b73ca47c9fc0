#include "cli/box_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "localize/box_fit.h"
#include "localize/map_methods.h"
#include "localize/run_over.h"

namespace chestmap {

namespace {

bool any_positive(const Record& record) {
  return std::find(record.labels.begin(), record.labels.end(), Label::positive) !=
         record.labels.end();
}

using Fits = std::map<std::string, std::vector<BoxFit>>;  // [method][finding]

Fits fit_levels(Backend& backend, const Dataset& dataset, std::vector<std::size_t> indices,
                const std::string& rule) {
  std::erase_if(indices, [&](std::size_t i) { return !any_positive(dataset.records[i]); });
  const std::size_t findings = dataset.findings.size();
  std::vector<MapMethod> methods = map_methods(backend);
  // A pass backwards an image is worth it where the rule needs the level.
  if (rule != kMedianPeak)
    std::erase_if(methods, [](const MapMethod& method) { return method.of_gradients; });
  Fits fits;
  for (const MapMethod& method : methods) fits[method.name].resize(findings);
  const auto resolution = static_cast<std::size_t>(backend.spec().input_size);
  // Training has judged the share of unreadable images; of these few, any share will do.
  run_over(backend, dataset, indices, "fitting box levels", /*most_skipped=*/1.0,
           [&](std::size_t record, const ImageF& image, const Inference& inference) {
             MapSource source(backend, image, inference);
             for (std::size_t f = 0; f < findings; ++f)
               if (dataset.records[record].labels[f] == Label::positive)
                 for (const MapMethod& method : methods)
                   fits[method.name][f].add(method.map(source, f, resolution));
           });
  return fits;
}

void warn_of_unfitted(const std::vector<BoxFit>& fits, const std::vector<std::string>& findings) {
  std::vector<std::string> unfitted;
  for (std::size_t f = 0; f < findings.size(); ++f)
    if (fits[f].maps() == 0) unfitted.push_back(findings[f]);
  if (!unfitted.empty())
    warn("on no image of the split, so that their box levels stay in the middle: {}",
         fmt::join(unfitted, ", "));
}

}  // namespace

std::map<std::string, std::vector<BoxRuleSpec>> fitted_box_rules(
    Backend& backend, const Dataset& dataset, const std::vector<std::size_t>& records,
    const std::string& rule, const std::vector<double>& areas) {
  const Fits fits = fit_levels(backend, dataset, records, rule);
  warn_of_unfitted(fits.at(own_map_name(backend.spec())), backend.spec().findings);
  std::map<std::string, std::vector<BoxRuleSpec>> rules;
  for (const auto& [method, by_finding] : fits)
    for (std::size_t f = 0; f < by_finding.size(); ++f) {
      const auto fraction = by_finding[f].fraction(areas[f]);
      rules[method].push_back(
          {rule, fraction.value_or(BoxRuleSpec{}.fraction), fraction.has_value(), areas[f]});
    }
  return rules;
}

std::string box_rule_provenance(const Fit& fit) {
  return fmt::format(
      "levels fitted to expected box areas (boxes.area_prior) on the {} images of the {} split {} "
      "of {}, by image-level labels; no box was used",
      fit.images, fit.split, fit.fingerprint, fit.data);
}

}  // namespace chestmap
