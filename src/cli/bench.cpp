#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/median.h"
#include "cli/backend_arguments.h"
#include "cli/bench_training.h"
#include "cli/commands.h"
#include "cli/layer_table.h"
#include "cli/torch_program.h"
#include "weights/backbone_layout.h"
#include "weights/random_model.h"

namespace chestmap {

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

struct Arguments {
  std::string model;
  std::filesystem::path save;
  BackendArguments backend;
  std::int64_t size = 224;
  std::vector<std::size_t> batches = {1, 8};
  std::size_t repeats = 11;
  bool layers = false;
  bool training = false;
  TrainingBench train;
  bool json = false;
};

/// A model file that is there while the object lives, and then gone unless it was to be kept.
class ModelFile {
 public:
  explicit ModelFile(const Arguments& arguments) : path_(arguments.model) {
    if (std::filesystem::is_directory(path_)) path_ /= "model.safetensors";
    if (std::filesystem::exists(path_)) return;
    const std::vector<std::string> backbones = backbone_names();
    if (std::find(backbones.begin(), backbones.end(), arguments.model) == backbones.end())
      throw UserError(fmt::format("{} is neither a model nor a backbone", arguments.model),
                      fmt::format("a model.safetensors, a run folder, or one of {}",
                                  fmt::join(backbones, ", ")));
    temporary_ = arguments.save.empty();
    path_ = temporary_ ? std::filesystem::temp_directory_path() /
                             fmt::format("chestmap-bench-{}.safetensors", ::getpid())
                       : arguments.save;
    write_random_model(path_, arguments.model, arguments.size);
    make_ready_to_time(path_, arguments.backend);
  }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  ~ModelFile() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  bool temporary_ = false;
};

/// Seconds that `infer` takes for so many images at a time.
double seconds_of(Backend& backend, std::size_t batch, std::size_t repeats) {
  const auto side = static_cast<std::size_t>(backend.spec().input_size);
  const std::vector<ImageF> images(batch, ImageF(side, side, 0.5F));
  (void)backend.infer(images);  // memory and caches
  std::vector<double> taken;
  for (std::size_t i = 0; i < repeats; ++i) {
    const Clock::time_point start = Clock::now();
    (void)backend.infer(images);
    taken.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  return upper_median(std::move(taken));
}

/// The most memory that this process has had at a time.
std::size_t peak_memory_bytes() {
  constexpr std::size_t kKilo = 1024;  // Linux's unit
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * kKilo;
}

/// The steps of one batch size after the other.
int bench_training_command(const Arguments& arguments) {
  Json all;
  for (const std::size_t batch : arguments.batches) {
    TrainingBench bench = arguments.train;
    bench.backbone = arguments.model;
    bench.size = arguments.size;
    bench.batch = static_cast<std::int64_t>(batch);
    bench.repeats = arguments.repeats;
    all.push_back(bench_training(bench, arguments.backend));
  }
  if (arguments.json) {
    fmt::print("{}\n", all.dump(1));
    return 0;
  }
  fmt::print("training {} at {} pixels in {}\n", arguments.model, arguments.size,
             arguments.train.precision);
  for (const Json& one : all) {
    const double seconds = one["seconds"];
    const std::size_t images = one["images"];
    const double device_bytes = one["device_bytes"];
    fmt::print("{:>3} a step: {:9.2f} ms, {:8.2f} images a second{}\n", images, 1e3 * seconds,
               static_cast<double>(images) / seconds,
               device_bytes > 0 ? fmt::format(", {:.1f} GB of GPU memory", 1e-9 * device_bytes)
                                : std::string());
  }
  fmt::print("peak memory: {:.0f} MB\n", static_cast<double>(peak_memory_bytes()) / 1e6);
  return 0;
}

int bench_command(const Arguments& arguments) {
  if (needs_torch(arguments.backend, arguments.training)) return become_torch_program();
  if (arguments.training) return bench_training_command(arguments);
  const ModelFile model(arguments);
  const Clock::time_point start = Clock::now();
  const auto backend = make_backend(model.path(), arguments.backend);
  const std::chrono::duration<double> loading = Clock::now() - start;
  Json json = {{"backbone", backend->spec().backbone},
               {"input_size", backend->spec().input_size},
               {"loading_seconds", loading.count()}};
  for (const std::size_t batch : arguments.batches)
    json["batches"].push_back(
        {{"images", batch}, {"seconds", seconds_of(*backend, batch, arguments.repeats)}});
  json["peak_memory_bytes"] = peak_memory_bytes();
  const std::string table = arguments.layers
                                ? layer_table(model.path(), arguments.backend, arguments.repeats)
                                : std::string();
  if (arguments.json) {
    fmt::print("{}\n", json.dump(1));
    return 0;
  }
  fmt::print("{}", table);
  fmt::print("{} at {} pixels; loaded in {:.0f} ms\n", backend->spec().backbone,
             backend->spec().input_size, 1e3 * loading.count());
  for (const Json& batch : json["batches"]) {
    const double seconds = batch["seconds"];
    const std::size_t images = batch["images"];
    fmt::print("{:>3} at a time: {:8.2f} ms, {:7.2f} images a second\n", images, 1e3 * seconds,
               static_cast<double>(images) / seconds);
  }
  fmt::print("peak memory: {:.0f} MB\n", static_cast<double>(peak_memory_bytes()) / 1e6);
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("bench", "Time a model, or a backbone of random weights, on this machine");
  command->footer("Example:\n  chestmap bench densenet121 --size 512 --layers");
  command
      ->add_option(
          "model", arguments->model,
          fmt::format("model.safetensors, a run folder, or {}", fmt::join(backbone_names(), ", ")))
      ->required();
  command
      ->add_option("--size", arguments->size, "Side of the images of a backbone of random weights")
      ->check(CLI::Range(32, 4096))
      ->capture_default_str();
  command->add_option("--save", arguments->save, "Keep the model of random weights in this file");
  command->add_option("--batch", arguments->batches, "Images at a time; may be repeated")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--repeats", arguments->repeats, "Of each measurement; medians are printed")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_flag("--layers", arguments->layers,
                    "Time, operations and share of this machine's measured peak of each layer");
  CLI::Option* training = command->add_flag(
      "--training", arguments->training,
      "Time training steps of a backbone of random weights instead, on images in memory");
  command->add_option("--precision", arguments->train.precision, "Of --training's convolutions")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str()
      ->needs(training);
  command
      ->add_flag("!--no-recording", arguments->train.record,
                 "On a GPU, queue --training's operations one by one")
      ->needs(training);
  command->add_flag("--json", arguments->json, "Print the figures as JSON");
  add_backend_options(*command, arguments->backend);
  command->callback(
      [arguments, &action] { action = [arguments] { return bench_command(*arguments); }; });
}

}  // namespace chestmap
