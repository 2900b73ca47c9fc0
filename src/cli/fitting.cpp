#include "cli/fitting.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "cli/data_option.h"
#include "data/readers.h"
#include "localize/run_over.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

/// Share of unreadable images above which the split would be another.
constexpr double kMostSkipped = 0.05;

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

/// Whether the text has the form, in which 'd' stands for a digit and all else for itself.
bool has_form(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char wanted) {
    return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
  });
}

/// Of two digits.
unsigned number_at(std::string_view text, std::size_t place) {
  return static_cast<unsigned>(10 * (text[place] - '0') + text[place + 1] - '0');
}

bool is_day(std::string_view text) {
  if (!has_form(text, "dddd-dd-dd")) return false;
  const auto year = static_cast<int>(100 * number_at(text, 0) + number_at(text, 2));
  return std::chrono::year_month_day(std::chrono::year(year),
                                     std::chrono::month(number_at(text, 5)),
                                     std::chrono::day(number_at(text, 8)))
      .ok();
}

/// With the zone behind it: "T10:00:00Z", "T10:00:00+01:00".
bool is_time(std::string_view text) {
  constexpr std::size_t kZone = 9;
  if (!has_form(text.substr(0, kZone), "Tdd:dd:dd")) return false;
  const std::string_view zone = text.substr(kZone);
  return number_at(text, 1) < 24 && number_at(text, 4) < 60 && number_at(text, 7) < 60 &&
         (zone == "Z" || has_form(zone, "+dd:dd") || has_form(zone, "-dd:dd"));
}

std::string checked_date(const std::string& text) {
  constexpr std::size_t kDay = 10;
  const std::string_view whole = text;
  if (is_day(whole.substr(0, kDay)) && (text.size() <= kDay || is_time(whole.substr(kDay))))
    return text;
  throw UserError(fmt::format("--date: \"{}\" is no date", text),
                  "ISO 8601 was expected, e.g. 2026-01-31 or 2026-01-31T10:00:00Z");
}

/// The data set as the model sees it: its findings alone, in its order, and no boxes.
Dataset labels_for(const ModelSpec& spec, Dataset dataset) {
  std::vector<std::optional<std::size_t>> labelled;
  for (const std::string& finding : spec.findings)
    labelled.push_back(dataset.findings.find(finding));
  if (std::none_of(labelled.begin(), labelled.end(), [](const auto& f) { return f.has_value(); }))
    throw UserError(
        fmt::format("the model and the data set {} share no finding: {} against {}", dataset.name,
                    fmt::join(spec.findings, ", "), fmt::join(dataset.findings.names(), ", ")),
        "findings are joined by their names");
  for (Record& record : dataset.records) {
    std::vector<Label> labels;
    for (const auto& finding : labelled)
      labels.push_back(finding ? record.labels[*finding] : Label::unknown);
    record.labels = std::move(labels);
    record.boxes.clear();
  }
  dataset.findings = FindingList(spec.findings);
  return dataset;
}

}  // namespace

void add_fit_options(CLI::App& command, FitArguments& arguments) {
  command.add_option("run", arguments.run, "Run folder of `chestmap train`")->required();
  add_data_option(command, arguments.data, "Data set folder")->required();
  command
      .add_option("--split", arguments.split,
                  "Images to fit on: the run's valid or train, or test. What is scored on them "
                  "afterwards is an oracle")
      ->check(CLI::IsMember(run_split_names()))
      ->capture_default_str();
  command.add_option("--date", arguments.date,
                     "What the metadata give as the date (now), for the same bytes every time");
  add_backend_options(command, arguments.backend);
}

std::filesystem::path model_file(const FitArguments& arguments) {
  return arguments.run / "model.safetensors";
}

FitJob start_fit(const FitArguments& arguments) {
  const std::string date = arguments.date.empty() ? now() : checked_date(arguments.date);
  FitJob job;
  job.file = model_file(arguments);
  Dataset dataset = read_datasets(arguments.data);
  job.split = read_run_split(arguments.run, arguments.split, dataset);
  job.backend = make_backend(job.file, arguments.backend);
  job.dataset = labels_for(job.backend->spec(), std::move(dataset));
  job.fit = {arguments.method,      job.dataset.name,         job.split.name,
             job.split.fingerprint, job.split.records.size(), date};
  return job;
}

std::vector<std::vector<ScoredLabel>> scored_logits(FitJob& job) {
  std::vector<std::vector<ScoredLabel>> logits(job.backend->spec().findings.size());
  std::size_t images = 0;
  const auto visit = [&](std::size_t record, const ImageF& /*image*/, const Inference& inference) {
    for (std::size_t f = 0; f < logits.size(); ++f) {
      const Label label = job.dataset.records[record].labels[f];
      if (label != Label::unknown)
        logits[f].push_back(
            {images, static_cast<double>(inference.logits[f]), label == Label::positive});
    }
    ++images;
  };
  const std::vector<Skipped> skipped =
      run_over(*job.backend, job.dataset, job.split.records, "scoring", kMostSkipped, visit);
  for (const Skipped& one : skipped) warn("set aside: {}: {}", one.item, one.reason);
  job.fit.images = images;
  return logits;
}

LabelNumbers count_labels(const std::vector<ScoredLabel>& images) {
  const auto positives = static_cast<std::size_t>(
      std::count_if(images.begin(), images.end(), [](const ScoredLabel& i) { return i.positive; }));
  return {positives, images.size() - positives};
}

void check_labels(const FitJob& job, const std::vector<std::vector<ScoredLabel>>& logits) {
  std::vector<std::string> without;
  for (std::size_t f = 0; f < logits.size(); ++f) {
    const LabelNumbers numbers = count_labels(logits[f]);
    if (numbers.positives == 0 || numbers.negatives == 0)
      without.push_back(job.backend->spec().findings[f]);
  }
  if (without.empty()) return;
  if (without.size() == logits.size())
    throw UserError(
        fmt::format("the split \"{}\" of {} has no finding of the model with positive and negative "
                    "images, {} images in all",
                    job.split.name, job.dataset.name, job.fit.images),
        "a fit needs both; name another --split");
  warn("without positive and negative images on the split, and left as they are: {}",
       fmt::join(without, ", "));
}

void rewrite_model(const std::filesystem::path& file, const ModelSpec& spec) {
  const SafetensorsFile weights(file);
  write_safetensors(file, weights.tensors(), spec.to_metadata());
}

}  // namespace chestmap
