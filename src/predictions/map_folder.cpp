#include "predictions/map_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "predictions/collector.h"
#include "predictions/read_predictions.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "maps";
constexpr std::string_view kMapEnding = "_map";

bool is_map(const fs::path& file) {
  return file.extension() == ".png" || file.extension() == ".npy";
}

[[noreturn]] void refuse_pickle(const fs::path& file) {
  throw UserError(
      fmt::format("{} is a pickle: reading it can run any program, so that it is never read",
                  file.string()),
      "turn maps that you trust into .npy files with Python: numpy.save(\"IMAGE_FINDING.npy\", "
      "pickle.load(open(\"FILE\", \"rb\"))[\"map\"].squeeze().numpy())");
}

bool is_pickle(const fs::path& file) {
  return file.extension() == ".pkl" || file.extension() == ".pickle";
}

/// Those in folders below, too.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void add_map(const fs::path& folder, const fs::path& file, Collector& collector) {
  const FindingIndex& findings = collector.findings();
  const fs::path name_in_folder = file.lexically_relative(folder);
  const std::string item = name_in_folder.generic_string();
  const std::vector<MapName> names =
      possible_map_names((name_in_folder.parent_path() / file.stem()).generic_string());
  for (const MapName& name : names) {
    const auto record = collector.images().find(name.image);
    const auto finding = findings.find(name.finding);
    if (!record || !finding) continue;
    ImagePrediction& prediction = collector.at(*record, *finding);
    if (!prediction.map.empty())
      throw UserError(fmt::format("{} and {} are maps of the same image and finding",
                                  prediction.map.string(), file.string()),
                      "remove one of them");
    prediction.map = file;
    return;
  }
  const bool known_finding = std::any_of(names.begin(), names.end(), [&](const MapName& name) {
    return findings.find(name.finding).has_value();
  });
  collector.skip(item, known_finding ? "the image is not in the data set"
                                     : "the name ends in no finding of the data set");
}

PredictionSet read_maps(const fs::path& folder, const Dataset& dataset) {
  if (!fs::is_directory(folder)) refuse_pickle(folder);
  Collector collector(dataset);
  bool any = false;
  for (const fs::path& file : files_in(folder)) {
    if (is_pickle(file)) refuse_pickle(file);
    if (!is_map(file)) continue;
    any = true;
    add_map(folder, file, collector);
  }
  if (!any)
    throw UserError(folder.string() + " holds no map (.png or .npy)",
                    "maps are named IMAGE.FINDING.png, IMAGE.FINDING.npy or IMAGE_FINDING.npy");
  return collector.finish(folder, kName);
}

bool detects_maps(const fs::path& path) { return fs::is_directory(path) || is_pickle(path); }

}  // namespace

std::vector<MapName> possible_map_names(std::string_view name) {
  std::vector<MapName> names;
  const auto split = [&](std::string_view whole, char separator) {
    for (std::size_t at = whole.find(separator); at != std::string_view::npos;
         at = whole.find(separator, at + 1))
      if (at > 0 && at + 1 < whole.size())
        names.push_back({std::string(whole.substr(0, at)), std::string(whole.substr(at + 1))});
  };
  const auto split_both = [&](std::string_view whole) {
    split(whole, '.');
    split(whole, '_');
  };
  split_both(name);
  if (name.ends_with(kMapEnding)) split_both(name.substr(0, name.size() - kMapEnding.size()));
  return names;
}

PredictionFormat maps_format() {
  return {kName, "a folder of maps (.png, .npy)", detects_maps, read_maps};
}

}  // namespace chestmap
