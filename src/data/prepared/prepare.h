#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "data/prepared/pack_index.h"
#include "data/record.h"

namespace chestmap {

struct PrepareOptions {
  PackSettings settings;
  std::size_t threads = 1;
  /// Folders and archives with the images; empty: the data set's own.
  std::vector<std::filesystem::path> images = {};
  /// Begin again with a complete folder's images that could not be read or found, or are damaged.
  bool retry = false;
  /// Called with the number of images done and of all, from one thread at a time.
  std::function<void(std::size_t, std::size_t)> progress = {};
  std::function<bool()> stop_requested = {};
};

struct PrepareResult {
  std::size_t images = 0;  ///< records
  std::size_t before = 0;  ///< were there already
  std::size_t lost = 0;    ///< were there damaged, and were prepared again
  std::size_t stored = 0;  ///< are there now
  bool stopped = false;    ///< as requested, before the end
  std::vector<Skipped> skipped;
};

/// Decodes the images of `dataset` (read from `source`), brings them to a square of one size (area
/// mean, as the loader does) and packs them into `folder` with the data set's tables, for
/// `read_prepared_dataset`. Goes on with what another call for the same data set and settings left
/// there. One process at a time (flock). The folder counts as complete when every image was tried
/// and every archive was read to its end.
///
/// An unreadable image is listed in the result and in `skipped.csv`. Throws UserError where the
/// folder holds something else, or the preparation of another data set or with other settings;
/// where no image is found; after all else is done, where an archive is broken; and where the disk
/// is full.
[[nodiscard]] PrepareResult prepare(const Dataset& dataset, const std::filesystem::path& source,
                                    const std::filesystem::path& folder,
                                    const PrepareOptions& options);

}  // namespace chestmap
