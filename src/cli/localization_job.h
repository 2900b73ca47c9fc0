#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/finding.h"
#include "data/record.h"
#include "data/skipped.h"
#include "image/overlay.h"
#include "localize/backend.h"
#include "localize/localizer.h"
#include "localize/result_files.h"

namespace chestmap {

/// A radiograph to localize: a file, or a record of a prepared data set.
struct LocalizationInput {
  std::string name;
  std::filesystem::path file;
  std::optional<Record> record = std::nullopt;
  const Record* known = nullptr;  ///< by --data, with its frame and radiologists' boxes
};

/// What a single radiograph needs besides the model, made beside the loading of it.
struct PreparedRadiograph {
  explicit PreparedRadiograph(const LocalizationInput& input);

  std::future<void> fonts;
  std::shared_future<GreyImage> image;  ///< or why it cannot be read
  std::future<Backdrop> backdrop;
};

/// How radiographs are localized, and where to.
struct LocalizationJob {
  Backend& backend;
  std::size_t threads = 1;
  std::size_t resolution = 0;  ///< side of the maps in cells; 0 takes the model's input size
  std::filesystem::path out;
  /// Whether map and overlay of a finding are written; `boxed`: radiologists did box it.
  std::function<bool(const LocalizedFinding&, bool boxed)> wanted;
  FindingList boxed_findings;              ///< whose boxes known records may have
  PreparedRadiograph* prepared = nullptr;  ///< of the one input; null where there are several
};

/// Every image or why it was set aside, in the order of the inputs.
struct Localized {
  std::vector<LocalizedImage> images;
  std::vector<Skipped> skipped;
};

/// Reads, infers, locates and writes maps and overlays. A single radiograph is worked on by all
/// threads. Of several, each thread takes a few from reading to writing, and then the next:
/// decoding, inference, boxes and writing of different images overlap, and none of the stages waits
/// for another.
[[nodiscard]] Localized localized(const LocalizationJob& job,
                                  std::span<const LocalizationInput> inputs);

}  // namespace chestmap
