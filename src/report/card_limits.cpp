#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "report/card_sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

// With fewer a figure says little whatever its interval.
constexpr std::size_t kFew = 20;

std::vector<std::string> few_positives(const RunScores& scores) {
  std::vector<std::string> names;
  if (const ClassifierRows* classifier = scores.first_classifier())
    for (const ClassificationRow& finding : classifier->findings)
      if (finding.positives < kFew)
        names.push_back(
            fmt::format("{} ({})", readable(finding.scores.finding), finding.positives));
  return names;
}

/// Findings of the model whose places nobody has compared with a box.
std::vector<std::string> without_boxes(const ModelSpec& spec, const RunScores& scores) {
  const MethodRows* method = scores.first_method();
  std::vector<std::string> names;
  for (const std::string& finding : spec.findings)
    if (method == nullptr || method->row(finding) == nullptr) names.push_back(readable(finding));
  return names;
}

std::vector<std::string> missing_subgroups(const RunScores& scores) {
  std::set<std::string> known;
  for (const StratumRows& stratum : scores.strata) known.insert(stratum.by);
  std::vector<std::string> missing;
  for (const char* by : {"sex", "age", "view", "size"})
    if (!known.contains(by)) missing.emplace_back(by);
  return missing;
}

}  // namespace

CardSection card_limits(const ModelCardInput& input) {
  CardList limits{
      {"It was trained from labels of whole images. Labels that were read from reports by a "
       "program "
       "are wrong in part, and a map can rest on what goes with a finding instead of the finding.",
       "A map shows where the evidence for a finding lies, not its outline; a box from it is an "
       "estimate."}};
  CardList unknown{
      {"How it does on images of other hospitals, scanners and populations than those "
       "above.",
       "Whether its use changes what readers find."}};
  if (input.scores) {
    const RunScores& scores = *input.scores;
    if (names_phantoms(scores.data))
      limits.items.emplace_back(
          "The figures are of simulated radiographs (phantoms), not of patients: they say nothing "
          "about how the model does on real ones.");
    if (const auto few = few_positives(scores); !few.empty())
      limits.items.push_back(
          fmt::format("Fewer than {} positive images stand behind the figures "
                      "of {}.",
                      kFew, fmt::join(few, ", ")));
    if (const auto names = without_boxes(input.spec, scores); !names.empty())
      unknown.items.push_back(
          fmt::format("How well it localizes {}: no box to compare with.", fmt::join(names, ", ")));
    if (const auto missing = missing_subgroups(scores); !missing.empty())
      unknown.items.push_back(
          fmt::format("How the figures differ by {}.", fmt::join(missing, ", ")));
  } else {
    unknown.items.emplace_back("Every figure: there is no evaluation.");
  }
  return {"Limits", {std::move(limits), CardParagraph{"Not known:"}, std::move(unknown)}};
}

}  // namespace chestmap
