#include "cli/box_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "backend_torch/torch_backend.h"
#include "base/log.h"
#include "data/split.h"
#include "localize/box_fit.h"
#include "localize/map_methods.h"
#include "localize/run_over.h"
#include "train/train_config.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

bool any_positive(const Record& record) {
  return std::find(record.labels.begin(), record.labels.end(), Label::positive) !=
         record.labels.end();
}

using Fits = std::map<std::string, std::vector<BoxFit>>;  // [method][finding]

Fits fit_levels(Backend& backend, const Dataset& dataset, std::vector<std::size_t> indices) {
  std::erase_if(indices, [&](std::size_t i) { return !any_positive(dataset.records[i]); });
  const std::size_t findings = dataset.findings.size();
  const std::vector<MapMethod> methods = map_methods(backend);
  Fits fits;
  for (const MapMethod& method : methods) fits[method.name].resize(findings);
  const auto resolution = static_cast<std::size_t>(backend.spec().input_size);
  // Training has judged the share of unreadable images; of these few, any share will do.
  run_over(backend, dataset, indices, "fitting box levels", /*most_skipped=*/1.0,
           [&](std::size_t record, const ImageF& image, const Inference& inference) {
             for (const MapMethod& method : methods) {
               const std::vector<ImageF> maps = method.maps(backend, image, inference, resolution);
               for (std::size_t f = 0; f < findings; ++f)
                 if (dataset.records[record].labels[f] == Label::positive)
                   fits[method.name][f].add(maps[f]);
             }
           });
  return fits;
}

void warn_of_unfitted(const std::vector<BoxFit>& fits, const std::vector<std::string>& findings) {
  std::vector<std::string> unfitted;
  for (std::size_t f = 0; f < findings.size(); ++f)
    if (fits[f].maps() == 0) unfitted.push_back(findings[f]);
  if (!unfitted.empty())
    warn("on no validation image, so that their box levels stay in the middle: {}",
         fmt::join(unfitted, ", "));
}

}  // namespace

void write_model_with_box_rules(const std::filesystem::path& folder, const Dataset& dataset,
                                const std::vector<std::size_t>& valid, const Config& config,
                                const std::string& device) {
  const std::filesystem::path best = folder / "best.safetensors";
  const auto backend = make_torch_backend(best, device, config.whole("train.threads"));
  const Fits fits = fit_levels(*backend, dataset, valid);

  ModelSpec spec = backend->spec();
  warn_of_unfitted(fits.at(own_map_name(spec)), spec.findings);
  const auto prior = area_prior(config, spec.findings);
  for (const auto& [method, by_finding] : fits) {
    std::vector<BoxRuleSpec>& rules = spec.box_rules[method];
    for (std::size_t f = 0; f < by_finding.size(); ++f) {
      const auto fraction = by_finding[f].fraction(prior.at(spec.findings[f]));
      rules.push_back({config.text("boxes.rule"), fraction.value_or(BoxRuleSpec{}.fraction),
                       fraction.has_value(), prior.at(spec.findings[f])});
    }
  }
  spec.box_rule_provenance = fmt::format(
      "levels fitted to expected box areas (boxes.area_prior) on the {} validation images {} of "
      "{}, by image-level "
      "labels; no box was used",
      valid.size(), fingerprint(dataset, valid), dataset.name);
  const SafetensorsFile weights(best);
  write_safetensors(folder / "model.safetensors", weights.tensors(), spec.to_metadata());
}

}  // namespace chestmap
