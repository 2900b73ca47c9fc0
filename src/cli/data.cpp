#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/cores.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/data_commands.h"
#include "data/check.h"
#include "data/phantom/phantom.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "report/data_report.h"

namespace chestmap {

namespace {

struct PhantomArguments {
  std::filesystem::path out;
  PhantomOptions options;
};

int phantom_command(const PhantomArguments& arguments) {
  if (std::filesystem::exists(arguments.out) &&
      !(std::filesystem::is_directory(arguments.out) && std::filesystem::is_empty(arguments.out)))
    throw UserError(arguments.out.string() + " is no empty folder",
                    "name a new folder: old images are never mixed with new ones");
  {
    Progress bar("phantoms", arguments.options.images, "images");
    write_phantom_dataset(arguments.out, arguments.options,
                          [&bar](std::size_t done, std::size_t) { bar.update(done); });
  }
  note("{} simulated radiographs written to {}", arguments.options.images, arguments.out.string());
  return 0;
}

void add_phantom(CLI::App& data, Action& action) {
  auto arguments = std::make_shared<PhantomArguments>();
  arguments->options.threads = available_cores();
  PhantomOptions& options = arguments->options;
  CLI::App* command = data.add_subcommand(
      "phantom", "Write simulated radiographs with planted findings, in ChestX-ray14's layout");
  command->footer("Example:\n  chestmap data phantom phantoms --images 3000 --size 256 --seed 1");
  command->add_option("folder", arguments->out, "New folder")->required();
  command->add_option("--images", options.images, "How many")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_option("--size", options.size, "Side in pixels")
      ->check(CLI::Range(32, 1024))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Same seed, same files")->capture_default_str();
  command->add_option("--test-fraction", options.test_fraction, "Share of the patients for testing")
      ->capture_default_str();
  command
      ->add_option(
          "--conspicuity", options.conspicuity,
          "Factor on the density of nodules, masses and opacities; 1 is as faint as in life")
      ->capture_default_str();
  command->add_option("--label-noise", options.label_noise, "Share of wrong training labels")
      ->capture_default_str();
  command->add_option("--threads", options.threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--all-boxes", options.boxes_for_all_splits,
                    "Also write BBox_List_all.csv, with the boxes of training images");
  command->callback(
      [arguments, &action] { action = [arguments] { return phantom_command(*arguments); }; });
}

struct CheckArguments {
  std::filesystem::path folder;
  bool decode = false;
  bool json = false;
  std::filesystem::path skipped;
  std::filesystem::path html;
};

int check_command(const CheckArguments& arguments) {
  const Dataset dataset = read_dataset(arguments.folder);
  CheckOptions options;
  options.decode = arguments.decode;
  options.threads = available_cores();
  DataCheck check;
  {
    Progress bar("checking", dataset.records.size(), "images");
    options.progress = [&bar](std::size_t done) { bar.update(done); };
    check = check_dataset(dataset, options);
  }
  if (!arguments.skipped.empty()) {
    std::vector<Skipped> all = dataset.skipped;
    all.insert(all.end(), check.unreadable.begin(), check.unreadable.end());
    write_skipped(arguments.skipped, all);
  }
  if (!arguments.html.empty()) {
    write_file(arguments.html, data_report(to_json(check)));
    note("written to {}", arguments.html.string());
  }
  if (arguments.json) {
    fmt::print("{}\n", to_json(check).dump(1));
  } else {
    fmt::print("{}", to_text(check));
  }
  return 0;
}

void add_check(CLI::App& data, Action& action) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = data.add_subcommand(
      "check",
      "Count labels, lists, boxes and images, verify a prepared data set, and name what is wrong");
  command->footer("Example:\n  chestmap data check nih --decode");
  command->add_option("folder", arguments->folder, "Data set folder")->required();
  command->add_flag("--decode", arguments->decode,
                    "Decode every image, not only its header, and look for duplicates");
  command->add_option("--html", arguments->html, "Write the statistics as a page");
  command->add_option("--skipped", arguments->skipped,
                      "Write what is unreadable or missing to a CSV");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback(
      [arguments, &action] { action = [arguments] { return check_command(*arguments); }; });
}

}  // namespace

void add_data_command(CLI::App& app, Action& action) {
  CLI::App* data =
      app.add_subcommand("data", "Check a data set, prepare it for training, or simulate one");
  data->require_subcommand(1);
  add_phantom(*data, action);
  add_check(*data, action);
  add_prepare_command(*data, action);
  add_bench_loader_command(*data, action);
}

}  // namespace chestmap
