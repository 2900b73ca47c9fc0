#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/fitting.h"
#include "data/record_image.h"
#include "engine/input_ranges.h"

namespace chestmap {

namespace {

struct Arguments {
  FitArguments fit;
  std::size_t images = 256;
};

/// At most so many of them, evenly spread.
std::vector<std::size_t> spread_over(const std::vector<std::size_t>& records, std::size_t most) {
  if (records.size() <= most) return records;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(records[i * records.size() / most]);
  return chosen;
}

int quantize_command(const Arguments& arguments) {
  FitJob job = start_fit(arguments.fit);
  ModelSpec spec = job.backend->spec();
  const auto side = static_cast<std::size_t>(spec.input_size);
  InputRangeObserver observer(job.file, arguments.fit.backend.threads);
  const std::vector<std::size_t> records = spread_over(job.split.records, arguments.images);
  Progress bar("watching", records.size(), "images");
  job.fit.images = 0;
  for (const std::size_t record : records) {
    try {
      observer.see(read_record_square(job.dataset.records[record], side));
      bar.update(++job.fit.images);
    } catch (const ImageError& error) {
      warn("set aside: {}: {}", job.dataset.records[record].image, error.what());
    }
  }
  if (job.fit.images == 0)
    throw UserError(fmt::format("none of {} images of the split \"{}\" could be read",
                                records.size(), job.split.name),
                    "`chestmap data check` says what is wrong with them");
  spec.input_ranges = InputRanges{job.fit, observer.largest()};
  rewrite_model(job.file, spec);
  note(
      "{} convolutions can run in 8 bits (--engine int8), ranges from {} images of the {} split: "
      "{}",
      spec.input_ranges->largest.size(), job.fit.images, job.fit.split, job.file.string());
  return 0;
}

}  // namespace

void add_quantize_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  arguments->fit.split = "train";
  arguments->fit.method = "largest input";
  CLI::App* command = app.add_subcommand(
      "quantize", "Find the ranges that --engine int8 needs, on a few images without their labels");
  command->footer("Example:\n  chestmap quantize runs/first --data nih");
  add_fit_options(*command, arguments->fit);
  command
      ->add_option("--images", arguments->images, "Images to look at, evenly spread over the split")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->callback(
      [arguments, &action] { action = [arguments] { return quantize_command(*arguments); }; });
}

}  // namespace chestmap
