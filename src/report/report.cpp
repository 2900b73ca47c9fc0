#include "report/report.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "report/page_head.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Section {
  const char* id;
  const char* title;
  std::string (*content)(std::span<const ParsedRun> runs);
};

constexpr std::array<Section, 12> kSections = {{
    {"summary", "Summary", summary_section},
    {"training", "Training", training_section},
    {"classification", "Classification", classification_section},
    {"localization", "Localization", forest_section},
    {"localization-tables", "Localization tables", localization_section},
    {"masks", "Masks", mask_section},
    {"free-response", "Free response", free_response_section},
    {"comparisons", "Comparisons", comparison_section},
    {"strata", "Strata", strata_section},
    {"relevance", "Layer relevance", relevance_section},
    {"gallery", "Gallery", gallery_section},
    {"provenance", "Provenance", provenance_section},
}};

std::string header(const ReportInput& input) {
  const std::string notice =
      input.notice.empty() ? "" : "<p class=\"notice\">" + escaped(input.notice) + "</p>\n";
  return fmt::format(
      "<header><div class=\"page\">\n<div class=\"brand\"><b>chestmap</b><span class=\"ruo\">"
      "Research use only</span></div>\n<h1>{}</h1>\n{}</div></header>\n",
      escaped(input.title), notice);
}

/// Stands over every section of figures where something was fitted on what is scored.
std::string oracle_warning(std::span<const ParsedRun> runs) {
  std::string reasons;
  for (const ParsedRun& run : runs)
    for (const std::string& reason : run.scores.oracle)
      reasons += fmt::format("<br>{}{}", runs.size() > 1 ? escaped(run.run->name) + ": " : "",
                             escaped(reason));
  if (reasons.empty()) return {};
  return "<p class=\"warning\"><b>ORACLE.</b> These figures are no measure of how the model does "
         "on "
         "new images." +
         reasons + "</p>\n";
}

bool holds_figures(std::string_view id) {
  return id != "training" && id != "relevance" && id != "gallery" && id != "provenance";
}

std::string footer(const ReportInput& input) {
  return fmt::format(
      "<footer><div class=\"page\"><b>Research use only.</b> Not a medical device; not for "
      "diagnosis.{}</div></footer>\n",
      input.program.empty() ? "" : " Written by " + escaped(input.program) + ".");
}

}  // namespace

std::string report_html(const ReportInput& input) {
  const std::vector<ParsedRun> runs = parse_runs(input);
  const std::string warning = oracle_warning(runs);
  std::string links;
  std::string body;
  for (const Section& section : kSections) {
    std::string content = section.content(runs);
    if (content.empty()) continue;
    if (holds_figures(section.id)) content = warning + content;
    links += fmt::format("<a href=\"#{}\">{}</a>", section.id, section.title);
    const bool boxed = &section == &kSections.front();
    body += fmt::format("<section id=\"{}\"{}>\n<h2>{}</h2>\n{}</section>\n", section.id,
                        boxed ? " class=\"lead\"" : "", section.title,
                        boxed ? "<div class=\"box\">\n" + content + "</div>\n" : content);
  }
  return fmt::format(
      "{}<body>\n{}<nav><div class=\"page\">{}</div>"
      "</nav>\n<main class=\"page\">\n{}</main>\n{}</body>\n</html>\n",
      page_head(input.title), header(input), links, body, footer(input));
}

}  // namespace chestmap
