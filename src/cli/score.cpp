#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/cores.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/data_option.h"
#include "cli/provenance_file.h"
#include "cli/shared_images.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "data/split.h"
#include "evaluate/controls.h"
#include "evaluate/evaluation.h"
#include "evaluate/evaluation_csv.h"
#include "evaluate/evaluation_json.h"
#include "evaluate/evaluation_table.h"
#include "evaluate/scored_predictions.h"
#include "predictions/read_predictions.h"

namespace chestmap {

namespace {

// Maps are many small files: a disk that is asked for one at a time is idle most of the time.
constexpr std::size_t kReadersPerCore = 8;

struct Arguments {
  std::filesystem::path predictions;
  std::vector<std::filesystem::path> data;
  std::filesystem::path against;
  std::filesystem::path out;
  std::string split = "test";
  std::vector<std::string> names;
  std::string box_rule = "median_peak";
  double box_fraction = 0.5;
  std::optional<double> level;
  double threshold = 0.5;
  std::size_t resamples = 1000;
  std::uint64_t seed = 0;
  bool oracle = false;
  bool json = false;
};

struct SplitRecords {
  std::string name;
  std::vector<std::size_t> records;
};

/// A data set without official lists is scored whole.
SplitRecords records_of(const Arguments& arguments, const Dataset& dataset) {
  SplitRecords split{arguments.split, {}};
  if (arguments.split == "test") split.records = dataset.test;
  if (arguments.split == "train_val") split.records = dataset.train_val;
  if (arguments.split == "test" && dataset.test.empty() && dataset.train_val.empty()) {
    note("{} has no test list; all of its images are scored", dataset.folder.string());
    split.name = "all";
  }
  if (split.name == "all") {
    split.records.resize(dataset.records.size());
    std::iota(split.records.begin(), split.records.end(), std::size_t{0});
  }
  if (split.records.empty())
    throw UserError(
        fmt::format("the split \"{}\" of {} holds no image", split.name, dataset.folder.string()),
        "--split all scores every image of the data set");
  return split;
}

std::string file_name(const std::filesystem::path& path) {
  const std::filesystem::path normal = path.lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

std::vector<std::string> names_of(const Arguments& arguments) {
  std::vector<std::string> names = arguments.names;
  const std::size_t files = arguments.against.empty() ? 1 : 2;
  if (names.empty()) {
    names.push_back(file_name(arguments.predictions));
    if (files == 2) names.push_back(file_name(arguments.against));
    if (files == 2 && names[0] == names[1]) {
      names[0] = arguments.predictions.lexically_normal().string();
      names[1] = arguments.against.lexically_normal().string();
    }
  }
  if (names.size() != files)
    throw UserError(fmt::format("{} names for {} prediction files", names.size(), files),
                    "give --name once for each, in their order, or leave it out");
  if (files == 2 && names[0] == names[1])
    throw UserError(fmt::format("both files are named \"{}\"", names[0]),
                    "give each a name of its own with --name");
  return names;
}

/// A prediction file and what goes with it.
struct Source {
  PredictionSet file;
  PredictionProvenance provenance;
};

Source read_source(const std::filesystem::path& path, const std::string& name,
                   const Dataset& dataset) {
  Source source{read_predictions(path, dataset), read_provenance(path)};
  if (!source.file.skipped.empty())
    warn("{}: {} rows or files were set aside, the first {}: {}", path.string(),
         source.file.skipped.size(), source.file.skipped[0].item, source.file.skipped[0].reason);
  source.file.name = name;
  return source;
}

/// Of the classifier's findings: the file's fitted ones, else that of the command line.
std::vector<double> thresholds_of(const Classifier& classifier, const Source& source,
                                  double otherwise) {
  const FindingList named(source.provenance.findings);
  std::vector<double> thresholds;
  for (const std::string& finding : classifier.predictions.findings.names()) {
    const std::optional<std::size_t> place = named.find(finding);
    const bool fitted = place && source.provenance.thresholds;
    thresholds.push_back(
        fitted ? source.provenance.thresholds->probabilities[*place].value_or(otherwise)
               : otherwise);
  }
  return thresholds;
}

void add_controls(Subjects& subjects, const Dataset& dataset, const BoxRule& rule,
                  std::uint64_t seed) {
  const std::vector<BoxRule> rules(subjects.findings.size(), rule);
  subjects.methods.push_back(random_map_control(dataset, subjects.localized, rules, seed));
  subjects.methods.push_back(
      centre_box_control(dataset, subjects.localized, subjects.findings.size()));
  subjects.methods.push_back(median_box_control(dataset, subjects.localized, subjects.findings));
}

MapReading reading_of(const Arguments& arguments) {
  MapReading reading;
  reading.rule.kind =
      arguments.box_rule == "wang" ? BoxRule::Kind::wang : BoxRule::Kind::median_peak;
  reading.rule.fraction = arguments.box_fraction;
  reading.level = arguments.level;
  return reading;
}

void write_results(const Arguments& arguments, const Dataset& dataset, const Evaluation& evaluation,
                   const std::string& json, const std::vector<PredictionSet>& files) {
  if (arguments.out.empty()) return;
  write_file(arguments.out / "evaluation.json", json);
  write_file(arguments.out / "summary.csv", summary_csv(evaluation));
  write_file(arguments.out / "per_image.csv", per_image_csv(dataset, evaluation));
  write_file(arguments.out / "per_resample.csv", per_resample_csv(evaluation));
  std::vector<Skipped> skipped;
  for (const PredictionSet& file : files)
    skipped.insert(skipped.end(), file.skipped.begin(), file.skipped.end());
  if (!skipped.empty()) write_skipped(arguments.out / "skipped.csv", skipped);
  note("written to {}; `chestmap report {} --out report.html` draws it", arguments.out.string(),
       arguments.out.string());
}

int score_command(const Arguments& arguments) {
  const std::vector<std::string> names = names_of(arguments);
  const Dataset dataset = read_datasets(arguments.data);
  const SplitRecords split = records_of(arguments, dataset);
  EvaluationOptions options;
  options.fingerprint = fingerprint(dataset, split.records);
  std::vector<Source> sources = {read_source(arguments.predictions, names[0], dataset)};
  if (!arguments.against.empty())
    sources.push_back(read_source(arguments.against, names[1], dataset));
  std::vector<PredictionSet> files;
  for (Source& source : sources) {
    const std::vector<std::string> sentences =
        fitted_on(source.provenance, source.file.name, options.fingerprint);
    options.oracle.insert(options.oracle.end(), sentences.begin(), sentences.end());
    warn_of_shared_images(source.file.name, fits_of(source.provenance),
                          {dataset.name, split.name, options.fingerprint});
    files.push_back(std::move(source.file));
  }
  check_not_fitted_here(options.oracle, arguments.oracle);

  const MapReading reading = reading_of(arguments);
  ScoredPredictions scored = scored_predictions(files, dataset, split.records, reading,
                                                kReadersPerCore * available_cores());
  for (PredictionSet& file : files) file.items = {};  // held in another form from here on
  for (Classifier& classifier : scored.subjects.classifiers)
    for (std::size_t i = 0; i < files.size(); ++i)
      if (files[i].name == classifier.name)
        classifier.thresholds = thresholds_of(classifier, sources[i], arguments.threshold);
  if (!scored.subjects.methods.empty())
    add_controls(scored.subjects, dataset, reading.rule, arguments.seed);

  options.split = split.name;
  options.program = "chestmap " CHESTMAP_VERSION;
  options.bootstrap.resamples = arguments.resamples;
  options.bootstrap.seed = arguments.seed;
  options.not_computed = std::move(scored.not_computed);
  options.compare_everything = true;
  options.per_image = options.keep_resamples = !arguments.out.empty();
  const Evaluation evaluation = evaluate(dataset, scored.subjects, options);
  const std::string json = to_json(evaluation).dump(1) + "\n";
  write_results(arguments, dataset, evaluation, json, files);
  fmt::print("{}", arguments.json ? json : to_table(evaluation));
  return 0;
}

}  // namespace

void add_score_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "score",
      "Score anybody's predictions: probabilities, boxes, maps or masks, from any program");
  command->footer(
      "Formats: docs/formats.md. Example:\n  chestmap score boxes.json --data nih --against "
      "other.json --out scores");
  command->add_option("predictions", arguments->predictions, "File or folder of predictions")
      ->required();
  add_data_option(*command, arguments->data, "Data set folder, images are not needed")->required();
  command->add_option("--against", arguments->against, "Other predictions to compare with, paired");
  command->add_option("--out", arguments->out,
                      "Folder for evaluation.json, summary.csv, per_image.csv, per_resample.csv");
  command->add_option("--split", arguments->split, "test, train_val or all images")
      ->check(CLI::IsMember({"test", "train_val", "all"}))
      ->capture_default_str();
  command
      ->add_option("--name", arguments->names,
                   "Name of the predictions, in their order (file name)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--box-rule", arguments->box_rule, "How maps without boxes are boxed")
      ->check(CLI::IsMember({"median_peak", "wang"}))
      ->capture_default_str();
  command
      ->add_option("--box-fraction", arguments->box_fraction,
                   "Of median_peak: how far from the map's median to its peak the level lies")
      ->check(CLI::Range(0.001, 0.999))
      ->capture_default_str();
  command->add_option("--level", arguments->level,
                      "Level of the maps for boxes and masks (the box rule, and Otsu's for masks)");
  command
      ->add_option("--threshold", arguments->threshold,
                   "Probability from which a finding counts as seen, where the predictions bring "
                   "none")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--resamples", arguments->resamples, "Bootstrap resamples of the patients")
      ->check(CLI::Range(2, 1000000))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the resamples and the random map")
      ->capture_default_str();
  command->add_flag("--oracle", arguments->oracle,
                    "Score although something was fitted on these images; tables say ORACLE");
  command->add_flag("--json", arguments->json, "Print evaluation.json instead of tables");
  command->callback(
      [arguments, &action] { action = [arguments] { return score_command(*arguments); }; });
}

}  // namespace chestmap
