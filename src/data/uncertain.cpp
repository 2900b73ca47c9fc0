#include "data/uncertain.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/table.h"
#include "data/name_index.h"

namespace chestmap {

namespace {

std::optional<Uncertain> parse_rule(std::string_view text) {
  if (text == "ignore") return Uncertain::ignore;
  if (text == "ones") return Uncertain::ones;
  if (text == "zeros") return Uncertain::zeros;
  return std::nullopt;
}

/// One a finding of the list.
std::vector<Uncertain> parse_policy(const std::vector<std::string>& policy,
                                    const FindingList& findings) {
  std::vector<Uncertain> rules(findings.size(), Uncertain::ignore);
  const FindingIndex index(findings);
  std::set<std::string> named;
  std::vector<std::pair<std::size_t, Uncertain>> single;
  for (const std::string& entry : policy) {
    const std::size_t equals = entry.find('=');
    const std::string name(trimmed(entry.substr(0, equals == std::string::npos ? 0 : equals)));
    const auto rule = parse_rule(
        trimmed(std::string_view(entry).substr(equals == std::string::npos ? 0 : equals + 1)));
    if (!rule || (equals != std::string::npos && name.empty()))
      throw UserError(fmt::format("data.uncertain: \"{}\" is no rule for uncertain labels", entry),
                      "for example [\"ignore\", \"Atelectasis=ones\", \"Edema=zeros\"]");
    if (!named.insert(name_key(name)).second)
      throw UserError(fmt::format("data.uncertain: {} is there a second time",
                                  name.empty() ? "the rule for all findings" : name),
                      "one rule for all, and one for each finding that differs");
    if (name.empty())
      rules.assign(findings.size(), *rule);
    else if (const auto finding = index.find(name))
      single.emplace_back(*finding, *rule);
  }
  for (const auto& [finding, rule] : single) rules[finding] = rule;
  return rules;
}

}  // namespace

Dataset with_uncertain_labels(Dataset dataset, const std::vector<std::string>& policy) {
  const std::vector<Uncertain> rules = parse_policy(policy, dataset.findings);
  for (Record& record : dataset.records) {
    for (const std::size_t finding : record.uncertain) {
      if (rules[finding] == Uncertain::ones) record.labels[finding] = Label::positive;
      if (rules[finding] == Uncertain::zeros) record.labels[finding] = Label::negative;
    }
  }
  return dataset;
}

}  // namespace chestmap
