#include "report/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/card_sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

CardSection intended_use(const ModelSpec& spec) {
  return {
      "Intended use",
      {CardParagraph{fmt::format(
           "Research on the classification and weakly supervised localization of {} in frontal "
           "chest radiographs: training, comparison and publication of methods.",
           fmt::join(spec.findings, ", "))},
       CardParagraph{"Research use only. Not a medical device; not for diagnosis, triage or any "
                     "decision on a patient.",
                     true},
       CardList{{"In: one radiograph. Out: for each finding a probability and a map of the "
                 "places that it comes from.",
                 "Not meant for: lateral views, other modalities, other parts of the body, "
                 "findings that are not listed, and radiographs unlike those that it was "
                 "trained on. Nothing in the model refuses them."}}}};
}

CardSection architecture(const ModelCardInput& input) {
  const ModelSpec& spec = input.spec;
  const std::string pooling =
      spec.pooling == "lse" ? fmt::format("log-sum-exp, r = {}", spec.lse_r) : spec.pooling;
  return {
      "Model",
      {CardTable{
          {},
          {{"Findings", fmt::format("{}", fmt::join(spec.findings, ", "))},
           {"Backbone", spec.backbone},
           {"Head", spec.head},
           {"Stages", fmt::format("{}", fmt::join(spec.stages, ", "))},
           {"Layer relevance", spec.relevance},
           {"Maps normalised", spec.normalise_maps ? "yes" : "no"},
           {"Fusion", spec.fusion},
           {"Pooling", pooling},
           {"Parameters", fmt::format("{}", input.parameters)},
           {"Input", fmt::format("{0} x {0} pixels, {1} channel{2}", spec.input_size,
                                 spec.input_channels, spec.input_channels > 1 ? "s" : "")},
           {"Preprocessing", fmt::format("grey in [0, 1], resized by area, less {}, over {}",
                                         spec.pixel_mean, spec.pixel_deviation)},
           {"Trained by", spec.program_version.empty() ? std::string(kNotKnown)
                                                       : "chestmap " + spec.program_version}}}}};
}

CardSection training_data(const ModelSpec& spec) {
  CardSection section{"Training data", {}};
  if (spec.provenance.empty()) {
    section.blocks.emplace_back(
        CardParagraph{"The model file does not say what it was trained on: not known."});
    return section;
  }
  section.blocks.emplace_back(CardParagraph{
      "As the model file has it; a fingerprint is that of a split's image names. Labels are of "
      "images: no box and no outline was used in training."});
  CardTable table;
  for (const auto& [key, value] : spec.provenance) table.rows.push_back({readable(key), value});
  section.blocks.emplace_back(std::move(table));
  return section;
}

CardSection evaluation_data(const ModelCardInput& input) {
  CardSection section{"Evaluation data", {}};
  if (!input.scores) {
    section.blocks.emplace_back(CardParagraph{
        "No evaluation was found beside the model: how well it does is not known.", true});
    return section;
  }
  const RunScores& scores = *input.scores;
  section.blocks.emplace_back(
      CardTable{{},
                {{"Data set", scores.data},
                 {"Split", scores.split},
                 {"Fingerprint", scores.fingerprint.empty() ? kNotKnown : scores.fingerprint},
                 {"Images", fmt::format("{} of {} patients", scores.images, scores.patients)},
                 {"Boxes", fmt::format("{} on {} images", scores.boxes, scores.boxed_images)},
                 {"Intervals", fmt::format("{}, {} resamples by {}, seed {}", scores.interval,
                                           scores.resamples, scores.unit, scores.seed)},
                 {"Evaluated by", scores.program},
                 {"Read from", input.evaluation_file}}});
  return section;
}

}  // namespace

CardDocument model_card(const ModelCardInput& input) {
  CardDocument card;
  card.title = "Model card: " + input.name;
  card.notice = "Research use only. Not for diagnosis.";
  card.sections = {intended_use(input.spec), architecture(input), training_data(input.spec),
                   evaluation_data(input),   card_figures(input), card_thresholds(input),
                   card_limits(input)};
  card.footer = fmt::format("Written by {} from the model file and its evaluation.", input.program);
  return card;
}

}  // namespace chestmap
