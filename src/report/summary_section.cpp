#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

/// Two small findings and a large one: where the depth of the stages should matter, and where not.
constexpr std::array<const char*, 3> kKeyFindings = {"Nodule", "Mass", "Cardiomegaly"};
constexpr std::array<std::pair<const char*, const char*>, 2> kKeyMeasures = {
    {{"pointing", "Pointing game"}, {"iou.0.3", "Accuracy at T(IoU) = .3"}}};

struct Column {
  std::string finding;
  std::string measure;
};

std::vector<std::string> key_findings(std::span<const ParsedRun> runs) {
  std::vector<std::string> findings = {"mean"};
  for (const char* finding : kKeyFindings)
    if (std::any_of(runs.begin(), runs.end(), [&](const ParsedRun& run) {
          const MethodRows* method = run.scores.first_method();
          return method != nullptr && method->row(finding) != nullptr;
        }))
      findings.emplace_back(finding);
  return findings;
}

std::optional<Measured> value_of(const MethodRows* method, const Column& column) {
  const ScoreRow* row = method == nullptr ? nullptr : method->row(column.finding);
  return row == nullptr ? std::nullopt : row->get(column.measure);
}

/// The largest of the runs' values; null where there is nothing to win against: a single run, or
/// equal values.
std::optional<double> best_of(std::span<const ParsedRun> runs,
                              const std::function<std::optional<Measured>(const ParsedRun&)>& get) {
  std::vector<double> values;
  for (const ParsedRun& run : runs)
    if (const std::optional<Measured> measured = get(run)) values.push_back(measured->value);
  if (values.empty()) return std::nullopt;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *least < *most ? std::optional(*most) : std::nullopt;
}

std::string cell(const std::optional<Measured>& value, const std::optional<double>& best) {
  return measured_cell(value, value && best && value->value == *best ? "best" : "");
}

std::string header(const std::vector<std::string>& findings) {
  std::string html = "<thead><tr><th rowspan=\"2\">Run</th><th rowspan=\"2\">Mean AUROC</th>";
  for (const auto& [name, title] : kKeyMeasures)
    html += fmt::format("<th class=\"group\" colspan=\"{}\">{}</th>", findings.size(), title);
  html += "</tr>\n<tr>";
  for (std::size_t m = 0; m < kKeyMeasures.size(); ++m)
    for (const std::string& finding : findings)
      html += fmt::format("<th{}>{}</th>", finding == "mean" ? " class=\"first\"" : "",
                          escaped(readable(finding)));
  return html + "</tr></thead>\n";
}

std::string control_rows(const ParsedRun& run, const std::vector<Column>& columns) {
  std::string html;
  for (const MethodRows& method : run.scores.localization) {
    if (!method.control) continue;
    html += fmt::format("<tr class=\"muted\"><th>{}{}</th><td></td>", escaped(method.method),
                        method_marks(run, method));
    for (const Column& column : columns) html += measured_cell(value_of(&method, column));
    html += "</tr>\n";
  }
  return html;
}

std::string set_of(const RunScores& s) {
  return fmt::format("{}|{}|{}|{}|{}|{}", s.data, s.split, s.images, s.patients, s.boxed_images,
                     s.boxes);
}

std::string not_computed(std::span<const ParsedRun> runs, const ParsedRun& run) {
  if (run.scores.not_computed.empty()) return {};
  std::string html = fmt::format("<p class=\"note\"><b>Not computed{}</b></p><ul class=\"note\">",
                                 runs.size() > 1 ? " of " + escaped(run.run->name) : "");
  for (const std::string& what : run.scores.not_computed) html += "<li>" + escaped(what) + "</li>";
  return html + "</ul>\n";
}

std::string facts(const RunScores& s) {
  return fmt::format(
      "<ul class=\"facts\"><li><b>{}</b> {} set</li><li><b>{}</b> images</li><li><b>{}</b> "
      "patients</li><li><b>{}</b> boxes on <b>{}</b> images</li><li>intervals: <b>{}</b>, {} "
      "resamples by {}</li></ul>\n",
      escaped(s.data), escaped(s.split), s.images, s.patients, s.boxes, s.boxed_images,
      escaped(s.interval), s.resamples, escaped(s.unit));
}

}  // namespace

std::string summary_section(std::span<const ParsedRun> runs) {
  const bool same_set = std::all_of(runs.begin(), runs.end(), [&](const ParsedRun& run) {
    return set_of(run.scores) == set_of(runs[0].scores);
  });
  std::string html = facts(runs[0].scores);
  if (!same_set)
    html +=
        "<p class=\"warning\">The runs were evaluated on different sets (see Provenance): their "
        "figures do not compare. The line above is the first run's.</p>\n";
  const std::vector<std::string> findings = key_findings(runs);
  std::vector<Column> columns;
  for (const auto& [measure, title] : kKeyMeasures)
    for (const std::string& finding : findings) columns.push_back({finding, measure});

  std::string table = "<table class=\"figures summary\">\n" + header(findings) + "<tbody>\n";
  const auto auroc = [](const ParsedRun& run) { return run.scores.mean_auroc(); };
  for (const ParsedRun& run : runs) {
    const MethodRows* method = run.scores.first_method();
    table += fmt::format("<tr><th>{}<small>{}</small></th>{}", run_label(run),
                         method == nullptr ? "no localization"
                                           : escaped(method->method) + method_marks(run, *method),
                         cell(auroc(run), best_of(runs, auroc)));
    for (const Column& column : columns) {
      const auto get = [&](const ParsedRun& r) {
        return value_of(r.scores.first_method(), column);
      };
      table += cell(get(run), best_of(runs, get));
    }
    table += "</tr>\n";
  }
  table += control_rows(runs[0], columns) + "</tbody></table>\n";
  html += scrolling(table);
  html +=
      "<p class=\"note\">Small type: 95% interval. Controls never see the image; what they reach "
      "comes from the sizes and places of the boxes alone.";
  if (runs.size() > 1)
    html +=
        " Bold: the highest value of the runs, which need not be more than chance where intervals "
        "overlap.";
  html += "</p>\n";
  for (const ParsedRun& run : runs) html += not_computed(runs, run);
  return html;
}

}  // namespace chestmap
