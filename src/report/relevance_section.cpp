#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

/// White at 0 to dark blue at 1, the same for every run; the number in it stays readable.
std::string shade(double value) {
  const double t = std::clamp(value, 0.0, 1.0);
  const auto mix = [&](double from, double to) {
    return static_cast<int>(std::lround(from + (to - from) * t));
  };
  return fmt::format("background:rgb({},{},{});color:{}", mix(247, 16), mix(250, 62), mix(253, 122),
                     t > 0.65 ? "#fff" : "#16212c");
}

std::string heat_map(const Relevance& relevance) {
  std::string html = "<table class=\"heat\">\n<thead><tr><th>Finding</th>";
  for (const std::int64_t stage : relevance.stages) html += fmt::format("<th>stage {}</th>", stage);
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t f = 0; f < relevance.findings.size(); ++f) {
    html += "<tr><th>" + escaped(readable(relevance.findings[f])) + "</th>";
    for (const std::optional<double>& value : relevance.values[f])
      html += value ? fmt::format("<td style=\"{}\">{}</td>", shade(*value), short_number(*value))
                    : fmt::format("<td>{}</td>", kUndefined);
    html += "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

}  // namespace

std::string relevance_section(std::span<const ParsedRun> runs) {
  std::string cards;
  for (const ParsedRun& run : runs) {
    if (!run.relevance) continue;
    const bool best = run.best_epoch == run.relevance->epoch;
    cards += fmt::format(
        "<figure class=\"card\"><figcaption>{} <small>epoch {}{}</small></figcaption>\n{}"
        "</figure>\n",
        run_label(run), run.relevance->epoch, best ? ", the best" : "",
        scrolling(heat_map(*run.relevance)));
  }
  if (cards.empty()) return {};
  return "<div class=\"pair\">\n" + cards +
         "</div>\n<p class=\"note\">Weight of each stage in the finding's attention map, shallow "
         "(fine) to deep (coarse); each row sums to 1.</p>\n";
}

}  // namespace chestmap
