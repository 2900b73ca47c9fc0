#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Column {
  const char* measure;
  const char* title;
};
constexpr std::array<Column, 8> kColumns = {{{"auroc", "Mean AUROC"},
                                             {"pointing", "Pointing"},
                                             {"mean_iou", "Mean IoU"},
                                             {"iou.0.1", "T(IoU) .1"},
                                             {"iou.0.3", "T(IoU) .3"},
                                             {"iou.0.5", "T(IoU) .5"},
                                             {"mask_iou", "mIoU"},
                                             {"hit_rate", "Hit rate"}}};

/// By size the findings differ between the strata, so that only all boxes together compare.
const ScoreRow& row_of(const StratumRows& stratum) {
  return stratum.by == "size" ? stratum.pooled : stratum.mean;
}

std::size_t count_of(const StratumRows& stratum) {
  std::size_t count = 0;
  for (const ScoreRow& row : stratum.findings) count += row.count;
  return count;
}

std::string title_of(const StratumRows& stratum, const std::string& before) {
  if (stratum.by == before) return {};
  if (stratum.by == "size") return "Size";
  if (stratum.by == "view") return "View";
  return stratum.by == "sex" ? "Sex" : "Age, years";
}

/// A classifier and a method of one file have the same name.
struct Subject {
  std::string name;
  std::string of;
  friend bool operator==(const Subject&, const Subject&) = default;
};

bool is_of(const StratumRows& stratum, const Subject& subject) {
  return stratum.subject == subject.name && stratum.of == subject.of;
}

std::vector<Column> columns_of(const RunScores& scores, const Subject& subject) {
  std::vector<Column> columns;
  for (const Column& column : kColumns)
    if (std::any_of(scores.strata.begin(), scores.strata.end(), [&](const StratumRows& stratum) {
          return is_of(stratum, subject) && row_of(stratum).get(column.measure);
        }))
      columns.push_back(column);
  return columns;
}

std::string subject_table(const ParsedRun& run, const Subject& subject) {
  const std::vector<Column> columns = columns_of(run.scores, subject);
  if (columns.empty()) return {};
  const bool control = run.scores.is_control(subject.name);
  const bool classifier = subject.of == "classification";
  std::string table = fmt::format(
      "<table class=\"figures\">\n<thead><tr><th></th><th></th><th>Images</th><th>{}</th>",
      classifier ? "Positive labels" : "Boxes or masks");
  for (const Column& column : columns) table += fmt::format("<th>{}</th>", column.title);
  table += "</tr></thead>\n<tbody>\n";
  std::string before;
  for (const StratumRows& stratum : run.scores.strata) {
    if (!is_of(stratum, subject)) continue;
    const std::string title = title_of(stratum, before);
    table += fmt::format("<tr{}><th>{}</th><td>{}</td><td>{}</td><td>{}</td>",
                         title.empty() || before.empty() ? "" : " class=\"mean\"", title,
                         escaped(stratum.stratum),
                         stratum.by == "size" ? std::string() : fmt::format("{}", stratum.images),
                         count_of(stratum));
    before = stratum.by;
    for (const Column& column : columns)
      table += measured_cell(row_of(stratum).get(column.measure));
    table += "</tr>\n";
  }
  table += "</tbody></table>\n";
  return fmt::format("<details{} class=\"method{}\"><summary>{}{}{}</summary>\n{}</details>\n",
                     control ? "" : " open", control ? " is-control" : "", escaped(subject.name),
                     classifier ? ", classification" : ", localization",
                     control ? " <span class=\"mark control\">control</span>" : oracle_mark(run),
                     scrolling(table));
}

std::string limits(const RunScores& scores) {
  if (scores.size_limits.size() != 2) return {};
  return fmt::format(
      " Small: boxes of up to {:.2g}% of the frame, medium: up to {:.2g}%, terciles over the boxes "
      "of all findings.",
      100.0 * scores.size_limits[0], 100.0 * scores.size_limits[1]);
}

}  // namespace

std::string strata_section(std::span<const ParsedRun> runs) {
  std::string tables;
  for (const ParsedRun& run : runs) {
    std::vector<Subject> subjects;
    for (const StratumRows& stratum : run.scores.strata) {
      const Subject subject{stratum.subject, stratum.of};
      if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end())
        subjects.push_back(subject);
    }
    if (subjects.empty()) continue;
    tables += run_heading(runs, run);
    for (const Subject& subject : subjects) tables += subject_table(run, subject);
  }
  if (tables.empty()) return {};
  return "<p class=\"note\">By view, sex and age: means over the findings that the part can show, "
         "so that parts without some finding compare with care. By size: all boxes of a size "
         "together." +
         limits(runs[0].scores) + "</p>\n" + tables;
}

}  // namespace chestmap
