#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/data_commands.h"
#include "data/loader.h"
#include "data/prepared/image_pack.h"
#include "data/readers.h"
#include "data/record_image.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path data;
  std::size_t size = 0;
  std::size_t images = 2000;
  std::size_t batch = 32;
  std::size_t threads = 2;
  bool json = false;
};

/// The defaults of `chestmap config`.
constexpr Augmentation kAugmentation{0.05, 0.1, 5.0, 0.0, 0.05, 0.1, 0.1};

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Something to time: `run` handles so many images on so many threads.
struct Stage {
  std::string name;
  std::function<void(std::size_t images, std::size_t threads)> run;
};

/// A stage that handles each image on its own; the image is named by a number that may be larger
/// than the data set.
Stage single(std::string name, std::function<void(std::size_t)> handle) {
  return {std::move(name), [handle = std::move(handle)](std::size_t images, std::size_t threads) {
            parallel_for(images, threads, handle);
          }};
}

void run_loader(const Dataset& dataset, std::size_t size, std::size_t batch, bool augment,
                std::size_t images, std::size_t threads) {
  std::vector<std::size_t> all(dataset.records.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  LoaderOptions options;
  options.size = size;
  options.batch = batch;
  options.threads = threads;
  options.shuffle = true;
  options.cache_mib = 0;
  options.most_skipped = 1.0;
  if (augment) options.augmentation = kAugmentation;
  Loader loader(dataset, all, options);
  std::size_t done = 0;
  for (std::uint64_t epoch = 0; done < images; ++epoch) {
    const std::size_t before = done;
    loader.start(epoch);
    while (done < images) {
      const auto made = loader.next();
      if (!made) break;
      done += made->records.size();
    }
    if (done == before)
      throw UserError("no image can be read", "`chestmap data check --decode` names the reasons");
  }
}

/// What an image in a batch needs at least: its floats written, through more memory than caches
/// hold.
void write_image(std::size_t size) {
  constexpr std::size_t kImages = 256;
  thread_local const std::vector<float> from(size * size);
  thread_local std::vector<float> batch(kImages * size * size);
  thread_local std::size_t turn = 0;
  std::memcpy(batch.data() + (turn++ % kImages) * from.size(), from.data(),
              from.size() * sizeof(float));
}

std::vector<Stage> stages_of(const Dataset& dataset, const Arguments& arguments) {
  const auto& records = dataset.records;
  const auto record = [&records](std::size_t i) -> const Record& {
    return records[i % records.size()];
  };
  const std::size_t size = arguments.size;
  std::vector<Stage> stages;
  const std::shared_ptr<const ImagePack> pack = records.front().pack;
  if (pack) {
    stages.push_back(single("read from the pack, checksum included", [record](std::size_t i) {
      thread_local std::vector<std::byte> scratch;
      static_cast<void>(record(i).pack->pixels(record(i).pack_index, scratch));
    }));
  } else {
    stages.push_back(single(
        "decode", [record](std::size_t i) { static_cast<void>(read_record_image(record(i))); }));
    stages.push_back(single("decode and shrink", [record, size](std::size_t i) {
      static_cast<void>(read_record_square(record(i), size));
    }));
  }
  auto image = std::make_shared<ImageF>(read_record_square(records.front(), size));
  stages.push_back(single("augment", [image, size](std::size_t i) {
    thread_local std::vector<float> result(size * size);
    RandomStream stream{i};
    augment(*image, draw(kAugmentation, stream), result);
  }));
  for (const bool with : {false, true})
    stages.push_back({with ? "batches of all of this" : "batches without augmentation",
                      [&dataset, &arguments, with](std::size_t images, std::size_t threads) {
                        run_loader(dataset, arguments.size, arguments.batch, with, images, threads);
                      }});
  stages.push_back(
      single("floor: write an image's floats", [size](std::size_t) { write_image(size); }));
  return stages;
}

int bench_command(Arguments arguments) {
  keep_freed_memory();  // as training does
  Dataset dataset = read_dataset(arguments.data);
  std::erase_if(dataset.records, [](const Record& record) { return record.file.empty(); });
  if (dataset.records.empty())
    throw UserError(arguments.data.string() + " holds no images", "are the images there?");
  const std::shared_ptr<const ImagePack> pack = dataset.records.front().pack;
  if (arguments.size == 0) arguments.size = pack ? pack->settings().side : 256;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  if (!arguments.json)
    fmt::print("{} images of {} at {} pixels; images a second\n\n{:<42}{:>10}{:>12}\n",
               arguments.images, dataset.name, arguments.size, "", "1 thread",
               fmt::format("{} threads", arguments.threads));
  for (const Stage& stage : stages_of(dataset, arguments)) {
    const auto rate = [&](std::size_t threads) {
      stage.run(std::min<std::size_t>(arguments.images, 64), threads);
      const auto images = static_cast<double>(arguments.images);
      return images / seconds([&] { stage.run(arguments.images, threads); });
    };
    const double one = rate(1);
    const double all = rate(arguments.threads);
    json.push_back({{"stage", stage.name}, {"one_thread", one}, {"threads", all}});
    if (!arguments.json) fmt::print("{:<42}{:>10.0f}{:>12.0f}\n", stage.name, one, all);
  }
  if (arguments.json) fmt::print("{}\n", json.dump(1));
  return 0;
}

}  // namespace

void add_bench_loader_command(CLI::App& data, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      data.add_subcommand("bench", "Images a second of each stage on the way to the network");
  command->footer("Example:\n  chestmap data bench nih-256");
  command->add_option("data", arguments->data, "Data set folder, prepared or not")->required();
  command
      ->add_option("--size", arguments->size,
                   "Side of the network's input; 0: as prepared, else 256")
      ->check(CLI::Range(0, 4096));
  command->add_option("--images", arguments->images, "Images a stage")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_option("--batch", arguments->batch, "Images a batch")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Threads of the second column")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback(
      [arguments, &action] { action = [arguments] { return bench_command(*arguments); }; });
}

}  // namespace chestmap
