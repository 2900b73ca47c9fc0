#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Title {
  const char* measure;
  const char* title;
};

/// The measures that stand in the table, in its order; evaluation.json may hold more.
constexpr std::array<Title, 9> kMeasures = {{{"auroc", "AUROC"},
                                             {"average_precision", "AP"},
                                             {"brier", "Brier"},
                                             {"pointing", "Pointing"},
                                             {"iou.0.1", "T(IoU) = .1"},
                                             {"iou.0.3", "T(IoU) = .3"},
                                             {"iou.0.5", "T(IoU) = .5"},
                                             {"wafroc", "wAFROC"},
                                             {"mask_iou", "mIoU"}}};

/// One block of the table: the differences of two subjects.
struct Pair {
  std::string a;
  std::string b;
  std::vector<Title> measures;
  std::vector<std::string> findings;
};

template <typename T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

std::vector<Pair> pairs_of(const RunScores& scores) {
  std::vector<Pair> pairs;
  for (const DifferenceRow& row : scores.comparisons) {
    const auto title = std::find_if(kMeasures.begin(), kMeasures.end(),
                                    [&](const Title& t) { return row.measure == t.measure; });
    if (title == kMeasures.end()) continue;
    // Classification and localization of the same two files are one pair of names each.
    auto pair = std::find_if(pairs.begin(), pairs.end(),
                             [&](const Pair& p) { return p.a == row.a && p.b == row.b; });
    if (pair == pairs.end()) pair = pairs.insert(pairs.end(), {row.a, row.b, {}, {}});
    if (std::none_of(pair->measures.begin(), pair->measures.end(),
                     [&](const Title& t) { return row.measure == t.measure; }))
      pair->measures.push_back(*title);
    add_once(pair->findings, row.finding);
  }
  return pairs;
}

const DifferenceRow* row_of(const RunScores& scores, const Pair& pair, const std::string& finding,
                            const std::string& measure) {
  for (const DifferenceRow& row : scores.comparisons)
    if (row.a == pair.a && row.b == pair.b && row.finding == finding && row.measure == measure)
      return &row;
  return nullptr;
}

std::string p_text(double p) { return p < 0.001 ? "&lt; .001" : "= " + short_number(p); }

/// The p value that holds for the cell: adjusted over the findings, or a mean's own.
std::string p_line(const DifferenceRow& row) {
  std::string text;
  if (row.p_holm)
    text = "p " + p_text(*row.p_holm);
  else if (row.p)
    text = "p " + p_text(*row.p);
  if (row.p_delong_holm) text += "; DeLong " + p_text(*row.p_delong_holm);
  return text.empty() ? text : "<small>" + text + "</small>";
}

std::string cell(const DifferenceRow* row, bool first) {
  std::string css_class = first ? "first" : "";
  if (row == nullptr || !row->difference) return measured_cell(std::nullopt, css_class);
  const Measured& difference = *row->difference;
  if (difference.low && *difference.low > 0) css_class += " above";
  if (difference.high && *difference.high < 0) css_class += " below";
  std::string html = measured_cell(difference, css_class);
  html.insert(html.size() - std::string_view("</td>").size(), p_line(*row));
  return html;
}

std::string finding_title(const std::string& finding) {
  if (finding == "mean") return "Mean";
  if (finding == "mean_without_cardiomegaly") return "Mean without Cardiomegaly";
  return escaped(readable(finding));
}

std::string pair_table(const ParsedRun& run, const Pair& pair) {
  std::string table = "<table class=\"figures\">\n<thead><tr><th>Finding</th>";
  for (const Title& title : pair.measures)
    table += fmt::format("<th class=\"first\">{}</th>", title.title);
  table += "</tr></thead>\n<tbody>\n";
  for (const std::string& finding : pair.findings) {
    table += fmt::format("<tr{}><th>{}</th>", finding == "mean" ? " class=\"mean\"" : "",
                         finding_title(finding));
    for (const Title& title : pair.measures)
      table += cell(row_of(run.scores, pair, finding, title.measure), true);
    table += "</tr>\n";
  }
  table += "</tbody></table>\n";
  return fmt::format(
      "<details open class=\"method\"><summary>{}{} minus {}</summary>\n{}</details>\n",
      escaped(pair.a), oracle_mark(run), escaped(pair.b), scrolling(table));
}

}  // namespace

std::string comparison_section(std::span<const ParsedRun> runs) {
  std::string tables;
  for (const ParsedRun& run : runs) {
    const std::vector<Pair> pairs = pairs_of(run.scores);
    if (pairs.empty()) continue;
    tables += run_heading(runs, run);
    for (const Pair& pair : pairs) tables += pair_table(run, pair);
  }
  if (tables.empty()) return {};
  return "<p class=\"note\">Differences are paired: both are scored on the same resamples of the "
         "patients. Small type: 95% interval, then the two-sided p value of no difference, for a "
         "finding adjusted by Holm's method over the findings of its column. <b class=\"above\">"
         "Blue</b> has its interval above 0 and <b class=\"below\">red</b> below. DeLong's test "
         "takes images as independent, which images of one patient are not.</p>\n" +
         tables;
}

}  // namespace chestmap
