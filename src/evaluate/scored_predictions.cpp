#include "evaluate/scored_predictions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "evaluate/otsu.h"
#include "geometry/components.h"
#include "image/resize.h"
#include "predictions/load_map.h"

namespace chestmap {

namespace {

/// A file's items by record and finding of the shared list.
class Lookup {
 public:
  Lookup(const PredictionSet& file, const FindingList& shared) : file_(file) {
    for (std::size_t f = 0; f < shared.size(); ++f)
      places_.push_back(file.findings.find(shared[f]).value());
  }

  /// Null where the file says nothing.
  [[nodiscard]] const ImagePrediction* find(std::size_t record, std::size_t finding) const {
    const std::size_t place = places_[finding];
    const auto found =
        std::lower_bound(file_.items.begin(), file_.items.end(), std::pair(record, place),
                         [](const ImagePrediction& item, const auto& key) {
                           return std::pair(item.record, item.finding) < key;
                         });
    if (found == file_.items.end() || found->record != record || found->finding != place)
      return nullptr;
    return &*found;
  }

 private:
  const PredictionSet& file_;
  std::vector<std::size_t> places_;
};

bool localizes(const ImagePrediction& item) {
  return !item.boxes.empty() || !item.masks.empty() || item.peak || !item.map.empty();
}

/// What kinds of prediction a file holds.
struct Kinds {
  bool probabilities = false;
  bool boxes = false;
  bool masks = false;
  bool peaks = false;
  bool maps = false;
  [[nodiscard]] bool localizes() const { return boxes || masks || peaks || maps; }
};

Kinds kinds_of(const PredictionSet& file) {
  Kinds kinds;
  for (const ImagePrediction& item : file.items) {
    kinds.probabilities |= item.probability.has_value();
    kinds.boxes |= !item.boxes.empty();
    kinds.masks |= !item.masks.empty();
    kinds.peaks |= item.peak.has_value();
    kinds.maps |= !item.map.empty();
  }
  return kinds;
}

FindingList shared_findings(std::span<const PredictionSet> files, const Dataset& dataset) {
  std::vector<std::string> names;
  for (const std::string& name : dataset.findings.names())
    if (std::all_of(files.begin(), files.end(), [&](const PredictionSet& file) {
          return file.findings.find(name).has_value();
        }))
      names.push_back(name);
  if (names.empty())
    throw UserError(fmt::format("no finding is in {} and in the data set {}",
                                files.size() > 1 ? "both files" : files[0].name, dataset.name),
                    "findings are joined by their names: " +
                        fmt::format("{}", fmt::join(dataset.findings.names(), ", ")));
  return FindingList(std::move(names));
}

/// Findings that the data set could score and the files do not all speak of.
std::vector<std::string> left_out(const FindingList& shared, const Dataset& dataset,
                                  std::span<const std::size_t> records) {
  std::vector<std::size_t> boxes(dataset.findings.size(), 0);
  for (const std::size_t record : records)
    for (const FindingBox& box : dataset.records[record].boxes) ++boxes[box.finding];
  std::vector<std::string> names;
  for (std::size_t f = 0; f < dataset.findings.size(); ++f)
    if (!shared.find(dataset.findings[f]))
      names.push_back(boxes[f] > 0 ? fmt::format("{} ({} boxes)", dataset.findings[f], boxes[f])
                                   : dataset.findings[f]);
  return names;
}

/// One box round each region of cells at or above the level, highest score first.
std::vector<ScoredBox> boxes_at_level(const MapView& map, double level) {
  const double sx = map.frame_width / static_cast<double>(map.width);
  const double sy = map.frame_height / static_cast<double>(map.height);
  std::vector<ScoredBox> boxes;
  for (const Region& region :
       regions_at_or_above({map.values, map.width * map.height}, map.width, map.height, level))
    boxes.push_back({scaled({static_cast<double>(region.left), static_cast<double>(region.top),
                             static_cast<double>(region.right - region.left),
                             static_cast<double>(region.bottom - region.top)},
                            sx, sy),
                     static_cast<double>(region.peak)});
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
  return boxes;
}

class Builder {
 public:
  Builder(std::span<const PredictionSet> files, const Dataset& dataset,
          std::span<const std::size_t> records, const MapReading& reading, std::size_t threads)
      : files_(files), dataset_(dataset), records_(records), reading_(reading), threads_(threads) {
    result_.subjects.findings = shared_findings(files, dataset);
    for (const PredictionSet& file : files) {
      kinds_.push_back(kinds_of(file));
      lookups_.emplace_back(file, findings());
    }
    const std::vector<std::string> names = left_out(findings(), dataset, records);
    if (!names.empty())
      say(fmt::format("findings that {} says nothing of: {}",
                      files.size() > 1 ? "one of the files" : files[0].name,
                      fmt::join(names, ", ")));
  }

  ScoredPredictions build() {
    add_classifiers();
    add_methods();
    if (result_.subjects.classifiers.empty() && result_.subjects.methods.empty())
      throw UserError(fmt::format("{} predicts nothing for the split's {} images", files_[0].name,
                                  records_.size()),
                      "is --split the one that was predicted, and are the images' names the data "
                      "set's?");
    return std::move(result_);
  }

 private:
  [[nodiscard]] const FindingList& findings() const { return result_.subjects.findings; }
  void say(std::string text) { result_.not_computed.push_back(std::move(text)); }

  [[nodiscard]] bool has_probability(std::size_t file, std::size_t record) const {
    for (std::size_t f = 0; f < findings().size(); ++f) {
      const ImagePrediction* item = lookups_[file].find(record, f);
      if (item != nullptr && item->probability) return true;
    }
    return false;
  }

  void add_classifiers() {
    std::vector<std::size_t> classifiers;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (kinds_[i].probabilities)
        classifiers.push_back(i);
      else
        say(fmt::format("classification: {} holds no probabilities", files_[i].name));
    }
    if (classifiers.empty()) return;
    std::vector<std::size_t> common;
    for (const std::size_t record : records_)
      if (std::all_of(classifiers.begin(), classifiers.end(),
                      [&](std::size_t file) { return has_probability(file, record); }))
        common.push_back(record);
    if (common.empty()) {
      say("classification: no image of the split has a probability");
      return;
    }
    if (common.size() < records_.size())
      say(fmt::format("classification of {} of the split's {} images: they have no probability",
                      records_.size() - common.size(), records_.size()));
    for (const std::size_t file : classifiers)
      result_.subjects.classifiers.push_back({files_[file].name, probabilities(file, common), {}});
  }

  [[nodiscard]] Predictions probabilities(std::size_t file,
                                          const std::vector<std::size_t>& records) const {
    Predictions predictions{findings(), records, {}};
    predictions.probabilities.reserve(records.size() * findings().size());
    for (const std::size_t record : records)
      for (std::size_t f = 0; f < findings().size(); ++f) {
        const ImagePrediction* item = lookups_[file].find(record, f);
        predictions.probabilities.push_back(item != nullptr && item->probability
                                                ? static_cast<float>(*item->probability)
                                                : kNotPredicted);
      }
    return predictions;
  }

  void add_methods() {
    std::vector<std::size_t> methods;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (kinds_[i].localizes())
        methods.push_back(i);
      else
        say(fmt::format("localization: {} holds no box, mask, point or map", files_[i].name));
    }
    if (methods.empty()) return;
    std::vector<std::size_t> boxed = boxed_records(dataset_, records_);
    if (boxed.empty()) {
      say("localization: the data set has no box or mask on the split's images");
      return;
    }
    result_.subjects.localized = std::move(boxed);
    const bool normals = std::all_of(methods.begin(), methods.end(),
                                     [this](std::size_t file) { return speaks_of_others(file); });
    if (normals)
      result_.subjects.localized.assign(records_.begin(), records_.end());
    else
      say("false positives on images without a box: at least one file says nothing of any, so that "
          "free-response measures are over the boxed images alone");
    say_measures();
    for (const std::size_t file : methods) result_.subjects.methods.push_back(method(file));
  }

  /// Whether the file localizes anything on a record of the split without a box or mask.
  [[nodiscard]] bool speaks_of_others(std::size_t file) const {
    std::vector<bool> other(dataset_.records.size(), false);
    for (const std::size_t record : records_)
      other[record] =
          dataset_.records[record].boxes.empty() && dataset_.records[record].masks.empty();
    return std::any_of(
        files_[file].items.begin(), files_[file].items.end(),
        [&](const ImagePrediction& item) { return other[item.record] && localizes(item); });
  }

  void say_measures() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const Kinds& kinds = kinds_[i];
      if (!kinds.localizes()) continue;
      if (!kinds.peaks && !kinds.maps)
        say(fmt::format("pointing game: {} holds neither points nor maps", files_[i].name));
      if (!kinds.boxes && !kinds.masks && !kinds.maps)
        say(fmt::format("measures by box: {} holds points alone", files_[i].name));
      if (has_true_masks() && !kinds.masks && !kinds.maps)
        say(fmt::format("measures by mask: {} holds neither masks nor maps", files_[i].name));
    }
    if (!has_true_masks()) say("measures by mask: the data set has no mask on the split's images");
  }

  [[nodiscard]] bool has_true_masks() const {
    return std::any_of(records_.begin(), records_.end(), [this](std::size_t record) {
      return !dataset_.records[record].masks.empty();
    });
  }

  [[nodiscard]] LocalizationMethod method(std::size_t file) {
    const Kinds& kinds = kinds_[file];
    LocalizationMethod method{files_[file].name, false, false, {}};
    method.draws_boxes = kinds.boxes || kinds.masks || kinds.maps;
    method.draws_masks = kinds.masks || kinds.maps;
    const std::vector<std::size_t>& localized = result_.subjects.localized;
    const std::size_t count = findings().size();
    method.results.resize(localized.size() * count);
    const auto one_image = [&](std::size_t i) {
      for (std::size_t f = 0; f < count; ++f)
        if (const ImagePrediction* item = lookups_[file].find(localized[i], f))
          method.results[i * count + f] = localization(*item, dataset_.records[localized[i]]);
    };
    if (!kinds.maps) {
      for (std::size_t i = 0; i < localized.size(); ++i) one_image(i);
      return method;
    }
    Progress bar("reading maps of " + files_[file].name, localized.size(), "images");
    std::size_t done = 0;
    std::mutex done_mutex;
    parallel_for(localized.size(), threads_, [&](std::size_t i) {
      one_image(i);
      const std::lock_guard lock(done_mutex);
      bar.update(++done);
    });
    return method;
  }

  /// Masks are made where radiologists drew some of any finding, in the size of those.
  [[nodiscard]] FindingLocalization localization(const ImagePrediction& item,
                                                 const Record& record) const {
    FindingLocalization result{item.peak, item.boxes, std::nullopt};
    const Mask* truth = record.masks.empty() ? nullptr : &record.masks.front().mask;
    if (!item.map.empty()) add_map(result, load_map(item.map), record, item, truth);
    if (item.masks.empty()) return result;
    if (item.boxes.empty()) result.boxes = bounding_boxes(item.masks, record.frame);
    if (truth != nullptr) result.mask = joined(item.masks, truth->width(), truth->height());
    return result;
  }

  void add_map(FindingLocalization& result, const ImageF& map, const Record& record,
               const ImagePrediction& item, const Mask* truth) const {
    const MapView view{map.pixels().data(), map.width(), map.height(),
                       static_cast<double>(record.frame.width),
                       static_cast<double>(record.frame.height)};
    if (!result.peak) result.peak = peak_of_map(view);
    if (item.boxes.empty() && item.masks.empty())
      result.boxes = reading_.level ? boxes_at_level(view, *reading_.level)
                                    : boxes_from_map(view, reading_.rule);
    if (truth != nullptr && item.masks.empty())
      result.mask = mask_of(map, truth->width(), truth->height());
  }

  [[nodiscard]] Mask mask_of(const ImageF& map, std::size_t width, std::size_t height) const {
    const ImageF large = resized(map, width, height, Resampling::linear);
    const std::optional<double> level =
        reading_.level ? reading_.level : otsu_threshold(large.pixels());
    std::vector<std::uint8_t> bits(large.pixels().size(), 0);
    if (level)
      std::transform(
          large.pixels().begin(), large.pixels().end(), bits.begin(),
          [&](float value) -> std::uint8_t { return static_cast<double>(value) >= *level; });
    return Mask::from_bits(bits, width, height);
  }

  static std::vector<ScoredBox> bounding_boxes(const std::vector<ScoredMask>& masks,
                                               const ImageSize& frame) {
    std::vector<ScoredBox> boxes;
    for (const ScoredMask& scored : masks)
      if (const std::optional<Box> box = scored.mask.bounding_box())
        boxes.push_back(
            {scaled(*box,
                    static_cast<double>(frame.width) / static_cast<double>(scored.mask.width()),
                    static_cast<double>(frame.height) / static_cast<double>(scored.mask.height())),
             scored.score});
    return boxes;
  }

  static Mask joined(const std::vector<ScoredMask>& masks, std::size_t width, std::size_t height) {
    Mask all(width, height);
    for (const ScoredMask& scored : masks) {
      const bool same = scored.mask.width() == width && scored.mask.height() == height;
      all = union_of(all, same ? scored.mask : chestmap::resized(scored.mask, width, height));
    }
    return all;
  }

  std::span<const PredictionSet> files_;
  const Dataset& dataset_;
  std::span<const std::size_t> records_;
  MapReading reading_;
  std::size_t threads_;
  std::vector<Kinds> kinds_;
  std::vector<Lookup> lookups_;
  ScoredPredictions result_;
};

}  // namespace

ScoredPredictions scored_predictions(std::span<const PredictionSet> files, const Dataset& dataset,
                                     std::span<const std::size_t> records,
                                     const MapReading& reading, std::size_t threads) {
  return Builder(files, dataset, records, reading, threads).build();
}

}  // namespace chestmap
