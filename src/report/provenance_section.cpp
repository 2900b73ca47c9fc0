#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

using Get = std::function<std::string(const ParsedRun&)>;

std::string row(std::span<const ParsedRun> runs, const std::string& title, const Get& get) {
  std::string html = "<tr><th>" + escaped(title) + "</th>";
  for (const ParsedRun& run : runs) {
    const std::string text = get(run);
    html += "<td>" + (text.empty() ? kUndefined : escaped(text)) + "</td>";
  }
  return html + "</tr>\n";
}

std::string found(const ParsedRun& run, const std::string& name) {
  for (const auto& [key, value] : run.run->provenance)
    if (key == name) return value;
  return {};
}

std::vector<std::string> provenance_names(std::span<const ParsedRun> runs) {
  std::vector<std::string> names;
  for (const ParsedRun& run : runs)
    for (const auto& [key, value] : run.run->provenance)
      if (std::find(names.begin(), names.end(), key) == names.end()) names.push_back(key);
  return names;
}

std::string table(std::span<const ParsedRun> runs) {
  std::string html = "<table class=\"facts-table\">\n<thead><tr><th></th>";
  for (const ParsedRun& run : runs) html += "<th>" + run_label(run) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  html += row(runs, "evaluated by", [](const auto& r) { return r.scores.program; });
  html += row(runs, "data set", [](const auto& r) {
    return fmt::format("{}, split {}", r.scores.data, r.scores.split);
  });
  html += row(runs, "split fingerprint", [](const auto& r) { return r.scores.fingerprint; });
  html += row(runs, "images", [](const auto& r) {
    return fmt::format("{} of {} patients", r.scores.images, r.scores.patients);
  });
  html += row(runs, "boxes", [](const auto& r) {
    return fmt::format("{} on {} images", r.scores.boxes, r.scores.boxed_images);
  });
  html += row(runs, "bootstrap", [](const auto& r) {
    return fmt::format("{} resamples by {}, seed {}, {}", r.scores.resamples, r.scores.unit,
                       r.scores.seed, r.scores.interval);
  });
  html += row(runs, "best epoch", [](const auto& r) {
    return r.best_epoch ? fmt::format("{} of {}", *r.best_epoch, r.log.size()) : std::string();
  });
  for (const std::string& name : provenance_names(runs))
    html += row(runs, readable(name), [&](const auto& r) { return found(r, name); });
  return html + "</tbody></table>\n";
}

}  // namespace

std::string provenance_section(std::span<const ParsedRun> runs) {
  std::string html = scrolling(table(runs));
  for (const ParsedRun& run : runs)
    if (run.run->config)
      html += fmt::format(
          "<details class=\"config\"><summary>Configuration{}</summary>\n<pre>{}</pre></details>\n",
          runs.size() > 1 ? " of " + escaped(run.run->name) : "", escaped(*run.run->config));
  return html;
}

}  // namespace chestmap
