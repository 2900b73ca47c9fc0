#include "report/parsed_run.h"

#include <array>
#include <set>

#include "base/error.h"

namespace chestmap {

namespace {

// Told apart with any of the common colour-vision deficiencies, and dark enough for lines on white.
constexpr std::array<const char*, 7> kColours = {"#1f5fa8", "#c8590a", "#1b8a72", "#8b4ba3",
                                                 "#b3273d", "#6a7100", "#4a5563"};

ParsedRun parse_run(const ReportRun& run, std::size_t index) {
  ParsedRun parsed;
  parsed.run = &run;
  parsed.scores = parse_scores(run.evaluation, run.evaluation_file.empty()
                                                   ? "the evaluation of \"" + run.name + "\""
                                                   : run.evaluation_file);
  if (run.log) parsed.log = parse_log(*run.log);
  parsed.best_epoch = best_epoch(parsed.log);
  if (run.relevance) parsed.relevance = parse_relevance(*run.relevance, parsed.best_epoch);
  parsed.colour = kColours[index % kColours.size()];
  return parsed;
}

}  // namespace

std::vector<ParsedRun> parse_runs(const ReportInput& input) {
  if (input.runs.empty())
    throw UserError("a report needs at least one run", "name the folder of an evaluated run");
  std::set<std::string> names;
  std::vector<ParsedRun> runs;
  for (const ReportRun& run : input.runs) {
    if (!names.insert(run.name).second)
      throw UserError("two runs are named \"" + run.name + "\"",
                      "give each a name of its own with --name");
    runs.push_back(parse_run(run, runs.size()));
  }
  return runs;
}

}  // namespace chestmap
