#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/cores.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/torch_program.h"
#include "data/phantom/phantom.h"
#include "data/readers.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path out = "demo-out";
  PhantomOptions phantoms{.images = 2600, .size = 256, .seed = 1, .conspicuity = 1.5};
  std::size_t epochs = 18;
  std::uint64_t seed = 1;
  std::size_t gallery = 3;
};

/// One of the models that the demo trains and compares.
struct DemoRun {
  std::string folder;
  std::string title;
  std::vector<std::string> settings;
};

std::vector<DemoRun> demo_runs() {
  return {{"multiscale", "multiscale", {}},
          {"last-stage", "last stage only", {"model.stages=[4]"}}};
}

constexpr const char* kMarker = "made-by-chestmap-demo";

void clear_folder(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
    if (!std::filesystem::exists(folder / kMarker))
      throw UserError(folder.string() + " is there and was not made by the demo",
                      "name another folder with --out");
    std::filesystem::remove_all(folder);
  }
  make_folder(folder);
  write_file(folder / kMarker, std::string_view("This folder is replaced by the next demo.\n"));
}

void must_succeed(const std::vector<std::string>& arguments, const std::string& log_prefix = {}) {
  const int code = run_torch_program(arguments, log_prefix);
  if (code == kInterrupted) throw UserError("the demo was interrupted");
  if (code != 0)
    throw UserError(fmt::format("chestmap {} failed with exit code {}", arguments.front(), code));
}

void write_phantoms(const Arguments& arguments, const std::filesystem::path& folder) {
  note("1/4 simulating {} radiographs", arguments.phantoms.images);
  Progress bar("phantoms", arguments.phantoms.images, "images");
  write_phantom_dataset(folder, arguments.phantoms,
                        [&bar](std::size_t done, std::size_t) { bar.update(done); });
}

void train_run(const Arguments& arguments, const DemoRun& run, const std::filesystem::path& data) {
  std::vector<std::string> command = {"train",
                                      "--data",
                                      data.string(),
                                      "--out",
                                      (arguments.out / run.folder).string(),
                                      "--set",
                                      "model.backbone=densenet-compact",
                                      "--set",
                                      "model.size=128",
                                      "--set",
                                      fmt::format("seed={}", arguments.seed),
                                      "--set",
                                      fmt::format("train.epochs={}", arguments.epochs),
                                      "--set",
                                      "train.batch=16",
                                      "--set",
                                      "train.threads=1",
                                      "--set",
                                      "data.threads=1",
                                      "--set",
                                      "train.learning_rate=0.003"};
  for (const std::string& setting : run.settings) {
    command.emplace_back("--set");
    command.push_back(setting);
  }
  must_succeed(command, run.title + ": ");
}

/// The first boxed test images of each finding, by name: not picked for their looks.
struct DemoPicture {
  std::filesystem::path file;
  std::string image;
  std::string finding;
};

std::vector<DemoPicture> gallery_items(const Dataset& dataset, std::size_t each) {
  std::vector<DemoPicture> items;
  for (const char* finding : {"Nodule", "Mass", "Cardiomegaly", "Pneumothorax", "Effusion"}) {
    const auto index = dataset.findings.find(finding);
    std::size_t taken = 0;
    for (const std::size_t i : dataset.test) {
      const Record& record = dataset.records[i];
      const bool boxed =
          index && std::any_of(record.boxes.begin(), record.boxes.end(),
                               [&](const FindingBox& b) { return b.finding == *index; });
      if (!boxed || taken == each) continue;
      items.push_back({record.file, record.image, finding});
      ++taken;
    }
  }
  return items;
}

void draw_gallery(const Arguments& arguments, const DemoRun& run, const std::filesystem::path& data,
                  const std::vector<DemoPicture>& items) {
  const std::filesystem::path folder = arguments.out / run.folder;
  std::vector<std::string> command = {"localize", folder.string()};
  std::set<std::string> files;
  for (const DemoPicture& item : items)
    if (files.insert(item.file.string()).second) command.push_back(item.file.string());
  if (files.empty()) return;
  // At a least probability of 1 nothing is drawn but findings with a box.
  for (const std::string& option :
       {std::string("--data"), data.string(), std::string("--out"), (folder / "localized").string(),
        std::string("--least-probability"), std::string("1")})
    command.push_back(option);
  must_succeed(command);
  std::string captions = "file,caption\n";
  make_folder(folder / "gallery");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const DemoPicture& item = items[i];
    const std::string source =
        std::filesystem::path(item.image).stem().string() + "." + item.finding + ".png";
    const std::filesystem::path overlay = folder / "localized" / "overlays" / source;
    // Few images may leave a finding without a positive one, and the model without the finding.
    if (!std::filesystem::exists(overlay)) continue;
    const std::string target = fmt::format("{:02}-{}", i, source);
    write_file(folder / "gallery" / target, read_file(overlay));
    captions +=
        csv_line(std::vector<std::string>{target, item.finding + ", phantom " + item.image});
  }
  write_file(folder / "gallery" / "captions.csv", captions);
}

int demo_command(const Arguments& arguments) {
  clear_folder(arguments.out);
  const std::filesystem::path data = arguments.out / "phantoms";
  write_phantoms(arguments, data);
  const Dataset dataset = read_dataset(data);
  const std::vector<DemoRun> runs = demo_runs();
  // Side by side with one thread each: two threads on one small network are hardly faster than one.
  note("2/4 training {} models at a time", runs.size());
  parallel_for(runs.size(), runs.size(),
               [&](std::size_t i) { train_run(arguments, runs[i], data); });
  const auto items = gallery_items(dataset, arguments.gallery);
  for (const DemoRun& run : runs) {
    note("3/4 evaluating: {}", run.title);
    must_succeed({"evaluate", (arguments.out / run.folder).string(), "--data", data.string(),
                  "--baselines"});
    draw_gallery(arguments, run, data, items);
  }
  note("4/4 writing the report");
  ReportArguments report;
  for (const DemoRun& run : runs) {
    report.runs.push_back(arguments.out / run.folder);
    report.names.push_back(run.title);
  }
  report.out = arguments.out / "report.html";
  report.summary = arguments.out / "summary.json";
  report.title = "chestmap demo";
  report.notice =
      "All figures here were measured on phantoms: simulated radiographs, not patients. They say "
      "nothing about how "
      "a model does on real ones.";
  write_report(report);
  note("done: open {}", report.out.string());
  return 0;
}

}  // namespace

void add_demo_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  arguments->phantoms.threads = available_cores();
  CLI::App* command = app.add_subcommand(
      "demo", "Simulate radiographs, train two models, evaluate them, and write a report");
  command->footer("Example:\n  chestmap demo --out demo-out");
  command->add_option("--out", arguments->out, "Folder to make; a former demo's is replaced")
      ->capture_default_str();
  command->add_option("--images", arguments->phantoms.images, "Simulated radiographs")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_option("--epochs", arguments->epochs, "Training epochs of each model")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of training")->capture_default_str();
  command->callback(
      [arguments, &action] { action = [arguments] { return demo_command(*arguments); }; });
}

}  // namespace chestmap
