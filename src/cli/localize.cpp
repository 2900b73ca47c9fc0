#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/cores.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/backend_arguments.h"
#include "cli/commands.h"
#include "cli/data_option.h"
#include "cli/localization_job.h"
#include "cli/torch_program.h"
#include "data/image_files.h"
#include "data/name_index.h"
#include "data/prepared/prepared_dataset.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "localize/map_file.h"
#include "localize/result_files.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path model;
  std::vector<std::filesystem::path> images;
  std::vector<std::filesystem::path> data;
  std::filesystem::path out;
  std::vector<std::string> findings;
  BackendArguments backend;
  std::size_t resolution = 0;
  std::optional<double> least_probability;
  bool all_overlays = false;
  bool json = false;
};

std::filesystem::path model_file(const std::filesystem::path& given) {
  return std::filesystem::is_directory(given) ? given / "model.safetensors" : given;
}

void add_folder(std::vector<LocalizationInput>& inputs, const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file() && is_image_name(entry.path())) files.push_back(entry.path());
  if (files.empty())
    throw UserError(folder.string() + " holds no PNG, JPEG or DICOM file",
                    "name images or a folder of them");
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files)
    inputs.push_back({file.filename().string(), file});
}

/// What the arguments name; a folder stands for the PNG, JPEG and DICOM files in it, by name, or
/// for the images of the prepared data set that it is.
std::vector<LocalizationInput> inputs_of(const std::vector<std::filesystem::path>& given) {
  std::vector<LocalizationInput> inputs;
  for (const std::filesystem::path& path : given) {
    if (is_prepared_dataset(path))
      for (Record& record : read_prepared_dataset(path).records)
        inputs.push_back({record.image, path / record.image, std::move(record)});
    else if (std::filesystem::is_directory(path))
      add_folder(inputs, path);
    else
      inputs.push_back({path.filename().string(), path});
  }
  return inputs;
}

/// Throws UserError where the results of two images would go into the same files.
void check_names(const std::vector<LocalizationInput>& inputs) {
  std::map<std::string, const LocalizationInput*> known;
  for (const LocalizationInput& input : inputs) {
    const auto [place, added] = known.emplace(map_file_name(input.name, "map"), &input);
    if (!added)
      throw UserError(fmt::format("{} and {} have the same name, by which results are called",
                                  place->second->file.string(), input.file.string()),
                      "localize them one after the other, each into a folder of its own");
  }
}

/// The records of --data, with radiologists' boxes and the frame of each image.
class KnownRecords {
 public:
  explicit KnownRecords(const std::optional<Dataset>& dataset)
      : records_(dataset ? std::span(dataset->records) : std::span<const Record>()),
        names_(records_) {
    for (const Record& record : records_)
      if (!record.file.empty() && !record.pack) files_.emplace(place_of(record.file), &record);
  }

  /// By the file itself, which tells images of several data sets apart, else by the name; null
  /// where the data set does not hold the image.
  [[nodiscard]] const Record* find(const LocalizationInput& input) const {
    if (const auto found = files_.find(place_of(input.file)); found != files_.end())
      return found->second;
    const auto found = names_.find(input.name);
    return found ? &records_[*found] : nullptr;
  }

 private:
  static std::string place_of(const std::filesystem::path& file) {
    std::error_code error;
    const std::filesystem::path place = std::filesystem::weakly_canonical(file, error);
    return (error ? file : place).string();
  }

  std::span<const Record> records_;
  ImageNameIndex names_;
  std::unordered_map<std::string, const Record*> files_;
};

/// Whether the finding counts as seen: by --least-probability, else by the model's threshold, else
/// from one half on.
bool is_seen(const Arguments& arguments, const LocalizedFinding& found) {
  if (arguments.least_probability) return found.probability >= *arguments.least_probability;
  return found.predicted().value_or(found.probability >= 0.5);
}

/// Whether map and overlay of the finding are written.
bool is_wanted(const Arguments& arguments, const LocalizedFinding& found, bool boxed) {
  if (!arguments.findings.empty())
    return std::find(arguments.findings.begin(), arguments.findings.end(), found.finding) !=
           arguments.findings.end();
  return arguments.all_overlays || boxed || is_seen(arguments, found);
}

std::size_t threads_of(const Arguments& arguments) {
  return arguments.backend.threads > 0 ? static_cast<std::size_t>(arguments.backend.threads)
                                       : available_cores();
}

void check_findings(const Arguments& arguments, const ModelSpec& spec) {
  for (const std::string& name : arguments.findings)
    if (std::find(spec.findings.begin(), spec.findings.end(), name) == spec.findings.end()) {
      const std::string near = nearest_word(name, spec.findings);
      throw UserError(fmt::format("the model knows no finding \"{}\"", name),
                      near.empty() ? fmt::format("it knows {}", fmt::join(spec.findings, ", "))
                                   : fmt::format("did you mean \"{}\"?", near));
    }
}

int localize_command(const Arguments& arguments) {
  if (needs_torch(arguments.backend, false)) return become_torch_program();
  keep_freed_memory();
  std::vector<LocalizationInput> inputs = inputs_of(arguments.images);
  check_names(inputs);
  std::optional<Dataset> dataset;
  if (!arguments.data.empty()) dataset = read_datasets(arguments.data);
  const KnownRecords records(dataset);
  if (dataset)
    for (LocalizationInput& input : inputs) input.known = records.find(input);
  const std::size_t threads = threads_of(arguments);
  std::optional<PreparedRadiograph> prepared;
  if (inputs.size() == 1 && threads > 1) prepared.emplace(inputs.front());
  const auto backend = make_backend(model_file(arguments.model), arguments.backend);
  check_findings(arguments, backend->spec());

  LocalizationJob job{*backend, threads, arguments.resolution, arguments.out, {}, {}, nullptr};
  job.wanted = [&](const LocalizedFinding& found, bool boxed) {
    return is_wanted(arguments, found, boxed);
  };
  if (dataset) job.boxed_findings = dataset->findings;
  if (prepared) job.prepared = &*prepared;
  const auto [images, skipped] = localized(job, inputs);
  const std::string json = localization_json(images, backend->spec()).dump(1) + "\n";
  write_file(arguments.out / "localization.json", json);
  write_file(arguments.out / "coco.json", coco_results(images).dump(1) + "\n");
  if (!skipped.empty()) write_skipped(arguments.out / "skipped.csv", skipped);
  if (arguments.json) {
    fmt::print("{}", json);
  } else {
    for (const LocalizedImage& image : images)
      for (const LocalizedFinding& found : image.findings)
        if (is_seen(arguments, found))
          fmt::print("{}\t{}\t{:.3f}\n", image.name, found.finding, found.probability);
  }
  note("{} images localized, {} set aside; results in {}", images.size(), skipped.size(),
       arguments.out.string());
  if (images.empty())
    throw UserError("no image could be read",
                    "PNG, JPEG and DICOM are read; skipped.csv gives each file's reason");
  return 0;
}

}  // namespace

void add_localize_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("localize", "Probabilities, attention maps and boxes of radiographs");
  command->footer("Example:\n  chestmap localize runs/first chest.png --out results");
  command->add_option("model", arguments->model, "model.safetensors, or a run folder")->required();
  command
      ->add_option("images", arguments->images,
                   "PNG, JPEG or DICOM files, folders of them, or a prepared data set")
      ->required();
  command->add_option("--out", arguments->out, "Folder for the results")->required();
  add_data_option(*command, arguments->data,
                  "Data set whose boxes are drawn beside, and whose frame the results take");
  command->add_option("--finding", arguments->findings,
                      "Maps and overlays of this finding alone; may be repeated");
  command
      ->add_option("--least-probability", arguments->least_probability,
                   "Findings that count as seen, and get map and overlay (the model's thresholds, "
                   "0.5 where it has none)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--all", arguments->all_overlays, "Maps and overlays of every finding");
  command
      ->add_option("--resolution", arguments->resolution,
                   "Side of the maps in cells; 0: the model's input size")
      ->check(CLI::Range(0, 4096));
  add_backend_options(*command, arguments->backend);
  command->add_flag("--json", arguments->json, "Print localization.json");
  command->callback(
      [arguments, &action] { action = [arguments] { return localize_command(*arguments); }; });
}

}  // namespace chestmap
