#include "data/prepared/prepare.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/cores.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "cli/data_commands.h"
#include "data/prepared/manifest.h"
#include "data/readers.h"
#include "data/skipped.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path data;
  std::filesystem::path out;
  PrepareOptions options;
};

int prepare_command(const Arguments& arguments) {
  keep_freed_memory();
  PrepareOptions options = arguments.options;
  const Dataset dataset = read_dataset(arguments.data);
  if (dataset.records.empty())
    throw UserError(arguments.data.string() + " holds no image", "is the data set complete?");
  const InterruptGuard interrupt;
  options.stop_requested = [&interrupt] { return interrupt.requested(); };
  PrepareResult result;
  {
    Progress bar("preparing", dataset.records.size(), "images");
    options.progress = [&bar](std::size_t done, std::size_t) { bar.update(done); };
    result = prepare(dataset, arguments.data, arguments.out, options);
  }
  if (result.lost > 0) warn("{} images were damaged, and were prepared again", result.lost);
  if (result.stopped) {
    note("stopped with {} of {} images; the same command goes on", result.stored, result.images);
    return kInterrupted;
  }
  for (const std::string& line : skipped_summary(result.skipped)) warn("set aside: {}", line);
  note("{} of {} images are in {}{}", result.stored, result.images, arguments.out.string(),
       result.before == result.stored ? ", nothing was to be done" : "");
  if (!result.skipped.empty())
    note("{} names what was set aside; --retry tries it again",
         (arguments.out / kSkippedFile).string());
  return 0;
}

}  // namespace

void add_prepare_command(CLI::App& data, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  PrepareOptions& options = arguments->options;
  options.threads = available_cores();
  CLI::App* command = data.add_subcommand(
      "prepare", "Decode and shrink the images once, into a folder that trains without decoding");
  command->footer(
      "Example:\n  chestmap data prepare nih --out nih-256 --size 256\n"
      "Archives (images_*.tar.gz) beside the tables are read as they are. The same command goes on "
      "where\none was stopped or killed. The folder is a data set: chestmap train --data nih-256");
  command->add_option("data", arguments->data, "Data set folder")->required();
  command->add_option("--out", arguments->out, "Folder to make, or to go on with")->required();
  command->add_option("--size", options.settings.side, "Side of the squares in pixels")
      ->check(CLI::Range(16, 4096))
      ->capture_default_str();
  command->add_option("--bits", options.settings.bits, "Bits a pixel: 8 or 16")
      ->check(CLI::IsMember({8, 16}))
      ->capture_default_str();
  command
      ->add_option("--zstd", options.settings.zstd_level,
                   "Compress each image at this level, 1 to 19; 0: not")
      ->check(CLI::Range(0, 19))
      ->capture_default_str();
  command->add_option("--images", options.images,
                      "Folder or archive that holds the images (those of the data set's folder); "
                      "may be repeated");
  command->add_option("--threads", options.threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag(
      "--retry", options.retry,
      "Go over a complete folder again: what could not be read or found, or is damaged");
  command->callback(
      [arguments, &action] { action = [arguments] { return prepare_command(*arguments); }; });
}

}  // namespace chestmap
