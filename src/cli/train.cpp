#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "backend_torch/torch_backend.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cli/align_maps.h"
#include "cli/box_rules.h"
#include "cli/commands.h"
#include "cli/data_option.h"
#include "cli/initial_weights.h"
#include "data/prepared/image_pack.h"
#include "data/readers.h"
#include "data/select_findings.h"
#include "data/skipped.h"
#include "data/split.h"
#include "data/uncertain.h"
#include "distributed/communicator.h"
#include "distributed/rank_threads.h"
#include "nn/device.h"
#include "train/train_config.h"
#include "train/trainer.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

struct Arguments {
  std::vector<std::filesystem::path> data;
  std::filesystem::path out;
  std::filesystem::path config;
  std::vector<std::string> settings;
  std::string device = "cpu";
  int rank_timeout = 300;  // seconds
  bool resume = false;
  std::filesystem::path init;
  bool init_partial = false;
};

Config resolved_config(const Arguments& arguments) {
  Config config = train_config();
  if (arguments.resume) {
    if (!arguments.config.empty() || !arguments.settings.empty())
      throw UserError("--resume goes on with the run's own config.toml",
                      "leave --config and --set out, or train into a new folder");
    if (!arguments.init.empty())
      throw UserError("--resume goes on with the run's own weights",
                      "leave --init out, or train into a new folder");
    config.load(arguments.out / "config.toml");
    return config;
  }
  if (!arguments.config.empty()) config.load(arguments.config);
  for (const std::string& setting : arguments.settings) config.set(setting);
  resolve_head(config);
  check_config(config);
  return config;
}

/// Aligns the best epoch's maps, fits their box rules to the configured expected areas, both on the
/// images of `valid`, and writes FOLDER/model.safetensors: its weights with that in the metadata.
void write_fitted_model(const std::filesystem::path& folder, const Dataset& dataset,
                        const std::vector<std::size_t>& valid, const Config& config,
                        const std::string& device) {
  const std::filesystem::path best = folder / "best.safetensors";
  const std::int64_t threads = config.whole("train.threads");
  auto backend = make_torch_backend(load_model(best), device, threads);
  ModelSpec spec = backend->spec();
  // Without a date, so that the same training writes the same bytes.
  const auto fit_of = [&](const char* method) {
    return Fit{method, dataset.name, "valid", fingerprint(dataset, valid), valid.size(), ""};
  };
  if (config.flag("model.align_maps")) {
    spec.alignment = fitted_alignment(*backend, dataset, valid, fit_of("attended point"));
    const auto aligned = load_model(best);
    aligned->spec() = spec;
    backend = make_torch_backend(aligned, device, threads);
  }
  const auto prior = area_prior(config, spec.findings);
  std::vector<double> areas;
  for (const std::string& finding : spec.findings) areas.push_back(prior.at(finding));
  spec.box_rules = fitted_box_rules(*backend, dataset, valid, config.text("boxes.rule"), areas);
  spec.box_levels = fit_of(kAreaPrior);
  spec.box_rule_provenance = box_rule_provenance(*spec.box_levels);
  const SafetensorsFile weights(best);
  write_safetensors(folder / "model.safetensors", weights.tensors(), spec.to_metadata());
}

/// The records to train on: the official train_val list, or everything where the data set has no
/// lists.
std::vector<std::size_t> candidates(const Dataset& dataset) {
  std::vector<std::size_t> indices = dataset.train_val;
  if (indices.empty() && dataset.test.empty())
    for (std::size_t i = 0; i < dataset.records.size(); ++i) indices.push_back(i);
  std::erase_if(indices, [&](std::size_t i) { return dataset.records[i].file.empty(); });
  if (indices.empty())
    throw UserError(dataset.folder.string() + ": no image of the training list is there",
                    fmt::format("the list is train_val_list.txt where the data set has lists; "
                                "images lie in folders named images*; archives of them are read by "
                                "`chestmap data prepare`; `chestmap data check {}` says what was "
                                "found",
                                dataset.folder.string()));
  return indices;
}

/// A prepared data set is meant to be as large as the network's input, or larger.
void warn_of_enlarged(const Dataset& dataset, const Config& config) {
  for (const Record& record : dataset.records)
    if (record.pack && record.pack->settings().side < config.count("model.size")) {
      warn("images of {} were prepared at {} pixels and are enlarged to {}", record.file.string(),
           record.pack->settings().side, config.count("model.size"));
      return;
    }
}

Split make_split(const Arguments& arguments, const Dataset& dataset, const Config& config) {
  if (arguments.resume) return read_split(arguments.out / "split", dataset);
  return split_by_patient(dataset, candidates(dataset), config.real("data.valid_fraction"),
                          static_cast<std::uint64_t>(config.whole("seed")));
}

/// Without the findings that no image of the training split shows: nothing can be learned of them.
Dataset trainable(const Dataset& dataset, const Split& split) {
  const std::vector<std::size_t> absent = never_positive(dataset, split.train);
  if (absent.empty()) return dataset;
  std::vector<std::string> names;
  for (const std::size_t finding : absent) names.push_back(dataset.findings[finding]);
  warn("never positive in the training split, and left out: {}", fmt::join(names, ", "));
  std::vector<std::size_t> keep;
  for (std::size_t f = 0; f < dataset.findings.size(); ++f)
    if (std::find(absent.begin(), absent.end(), f) == absent.end()) keep.push_back(f);
  if (keep.empty())
    throw UserError("no finding is positive in the training split",
                    "a classifier needs positive images; are the labels there?");
  return select_findings(dataset, keep);
}

void start_folder(const Arguments& arguments, const Dataset& dataset, const Split& split,
                  const Config& config) {
  if (arguments.resume) return;
  make_folder(arguments.out);
  write_split(arguments.out / "split", dataset, split);
  write_file(arguments.out / "config.toml", config.to_toml());
}

void check_folder(const Arguments& arguments) {
  if (arguments.out.empty()) throw UserError("--out is empty", "name the run folder to make");
  const bool exists = std::filesystem::exists(arguments.out / "config.toml");
  if (exists && !arguments.resume)
    throw UserError(arguments.out.string() + " already holds a run",
                    "add --resume to go on with it, or name another folder");
  if (!exists && arguments.resume)
    throw UserError(arguments.out.string() + " holds no run to resume",
                    "leave --resume out to begin one");
}

/// The configuration that rank 0 resolves: the run folder is its alone to look at.
Config shared_config(const Arguments& arguments, Communicator& ranks) {
  if (ranks.ranks() == 1) return resolved_config(arguments);
  const std::string text =
      ranks.broadcast(ranks.leads() ? resolved_config(arguments).to_toml() : std::string());
  Config config = train_config();
  config.load_text(text, "rank 0's configuration");
  return config;
}

std::string bytes_of(const std::vector<std::size_t>& indices) {
  return {reinterpret_cast<const char*>(indices.data()),  // NOLINT(*-reinterpret-cast)
          indices.size() * sizeof(std::size_t)};
}

std::vector<std::size_t> indices_of(const std::string& bytes) {
  std::vector<std::size_t> indices(bytes.size() / sizeof(std::size_t));
  std::memcpy(indices.data(), bytes.data(), bytes.size());
  return indices;
}

/// Throws UserError on every rank where one has read other records than rank 0.
void check_same_data(const Dataset& dataset, Communicator& ranks) {
  std::vector<std::size_t> all(dataset.records.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<std::string> read =
      ranks.gather(fmt::format("{} images, {}", all.size(), fingerprint(dataset, all)));
  for (std::size_t r = 1; r < read.size(); ++r)
    if (read[r] != read[0])
      throw UserError(fmt::format("rank {} has read {}, and rank 0 {}", r, read[r], read[0]),
                      "every machine needs the same data set folders");
}

/// Rank 0's split, for all.
Split shared_split(const Arguments& arguments, const Dataset& dataset, const Config& config,
                   Communicator& ranks) {
  if (ranks.ranks() == 1) return make_split(arguments, dataset, config);
  check_same_data(dataset, ranks);
  Split split;
  if (ranks.leads()) split = make_split(arguments, dataset, config);
  split.train = indices_of(ranks.broadcast(bytes_of(split.train)));
  split.valid = indices_of(ranks.broadcast(bytes_of(split.valid)));
  return split;
}

/// "cuda" is a GPU of its own for each rank of a machine.
std::string device_of_rank(const std::string& device, const RankPlace& place) {
  if (place.ranks == 1 || device == "cpu") return device;
  if (device != "cuda")
    throw UserError(
        fmt::format("--device {} would be the device of all {} ranks", device, place.ranks),
        "--device cuda gives each rank of a machine a GPU of its own");
  return rank_cuda_device(place.local_rank);
}

/// Whether there is a checkpoint to go on from: a run that was killed before its first begins
/// again.
bool goes_on(const Arguments& arguments, Communicator& ranks) {
  if (!arguments.resume) return false;
  const bool found = ranks.leads() && std::filesystem::exists(arguments.out / "last.ckpt");
  if (ranks.leads() && !found && std::filesystem::exists(arguments.out / "init.json"))
    throw UserError(arguments.out.string() + " has no checkpoint, and began with --init",
                    "train into a new folder with --init again");
  return ranks.broadcast(found ? "yes" : "no") == "yes";
}

int train_ranks(const Arguments& arguments, const std::string& device, Communicator& ranks) {
  if (!ranks.leads()) silence_log();
  if (ranks.leads()) check_folder(arguments);
  const Config config = shared_config(arguments, ranks);
  std::optional<InitialWeights> initial;
  if (!arguments.init.empty() && ranks.leads())
    initial.emplace(read_initial_weights(arguments.init, config, arguments.init_partial));
  // Checked before a large data set is read.
  const std::int64_t threads = rank_threads(config.whole("train.threads"), ranks);
  static_cast<void>(prepare_device(device, threads));
  const Dataset all = with_uncertain_labels(read_datasets(arguments.data),
                                            config.get<std::vector<std::string>>("data.uncertain"));
  warn_of_enlarged(all, config);
  const Split split = shared_split(arguments, all, config, ranks);
  const Dataset dataset = trainable(all, split);
  if (ranks.leads()) start_folder(arguments, all, split, config);
  const std::filesystem::path init_record = arguments.out / "init.json";
  if (initial) write_file(init_record, initial->record.dump(1) + "\n");
  note("training on {} images of {} patients, validating on {} of {}; {} findings",
       split.train.size(), count_patients(dataset, split.train), split.valid.size(),
       count_patients(dataset, split.valid), dataset.findings.size());

  const InterruptGuard interrupt;
  TrainJob job;
  job.dataset = &dataset;
  job.train = split.train;
  job.valid = split.valid;
  job.config = &config;
  job.folder = arguments.out;
  job.device = device;
  job.threads = threads;
  job.ranks = &ranks;
  job.resume = goes_on(arguments, ranks);
  job.provenance = {{"data", dataset.name},
                    {"train_split", fingerprint(dataset, split.train)},
                    {"valid_split", fingerprint(dataset, split.valid)},
                    {"seed", std::to_string(config.whole("seed"))}};
  if (initial) job.initial = &initial->fit;
  // A run that goes on tells where its weights came from, whether or not that file is still there.
  if (std::filesystem::exists(init_record))
    job.provenance.merge(initial_weights_provenance(init_record));
  job.stop_requested = [&] { return interrupt.requested(); };
  const TrainResult result = train(job);
  if (!ranks.leads()) return result.stopped ? kInterrupted : 0;

  std::vector<Skipped> skipped = all.skipped;
  skipped.insert(skipped.end(), result.skipped.begin(), result.skipped.end());
  if (!skipped.empty()) {
    write_skipped(arguments.out / "skipped.csv", skipped);
    warn("{} items were set aside; {} names each", skipped.size(),
         (arguments.out / "skipped.csv").string());
  }
  if (result.stopped) {
    std::string data;
    for (const std::filesystem::path& path : arguments.data) data += " --data " + path.string();
    note("stopped; `chestmap train{} --out {} --resume` goes on", data, arguments.out.string());
    return kInterrupted;
  }
  write_fitted_model(arguments.out, dataset, split.valid, config, device);
  note("best mean validation AUROC {:.4f} in epoch {}; model: {}", result.best_auroc,
       result.best_epoch + 1, (arguments.out / "model.safetensors").string());
  return 0;
}

int train_command(const Arguments& arguments) {
  const RankPlace place = rank_place(environment_variable);
  const std::string device = device_of_rank(arguments.device, place);
  try {
    Communicator ranks(place, place.ranks == 1 ? c10::Device(c10::kCPU) : c10::Device(device),
                       std::chrono::seconds(arguments.rank_timeout));
    return train_ranks(arguments, device, ranks);
  } catch (const LostRanks& error) {
    static_cast<void>(report_user_error(error));
    return kLostRanks;
  }
}

}  // namespace

void add_train_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("train", "Train a model on image-level labels");
  command->footer(
      "Example:\n  chestmap train --data nih --out runs/first --set model.backbone=densenet121 "
      "--set train.epochs=10");
  add_data_option(*command, arguments->data, "Data set folder")->required();
  command->add_option("--out", arguments->out, "Run folder to make")->required();
  command->add_option("--config", arguments->config, "TOML file of configuration keys");
  command->add_option("--set", arguments->settings, "KEY=VALUE, after --config; may be repeated")
      ->take_all();
  command->add_option("--device", arguments->device, "cpu, cuda or cuda:N")->capture_default_str();
  command->add_option("--init", arguments->init,
                      "Weights that the backbone begins with: safetensors or a PyTorch checkpoint");
  command->add_flag("--init-partial", arguments->init_partial,
                    "Take of --init what fits; the rest begins at random");
  command
      ->add_option("--rank-timeout", arguments->rank_timeout,
                   "Seconds that a rank of several waits for the others before it gives up")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--resume", arguments->resume, "Go on with the run in --out");
  command->callback(
      [arguments, &action] { action = [arguments] { return train_command(*arguments); }; });
}

}  // namespace chestmap
