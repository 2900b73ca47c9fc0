#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/evaluation.h"
#include "predictions/prediction_set.h"

namespace chestmap {

/// How a map that comes without boxes is turned into what is scored.
struct MapReading {
  /// Boxes, where `level` is not given.
  BoxRule rule;
  /// Boxes round the regions of cells at or above it, and the mask of the pixels at or above it, in
  /// the map's own units. Without it the mask is that of Otsu's threshold.
  std::optional<double> level;
};

/// What can be scored of prediction files on `records`, and what cannot.
struct ScoredPredictions {
  Subjects subjects;                      ///< without controls
  std::vector<std::string> not_computed;  ///< a sentence each
};

/// Turns prediction files into classifiers and methods, each named after its file.
///
/// - Findings are those that every file speaks of and the data set labels; the others are told in
///   `not_computed`.
/// - A file with probabilities is a classifier on the records of which every such file has one.
/// - A file with boxes, masks, points or maps is a method. Boxes are the file's, else the masks'
///   bounding boxes, else drawn from the maps under `reading`. The peak is the file's point, else
///   the map's. The mask is the union of the file's masks, else the map's, resampled bilinearly to
///   the size of the radiologists' masks before it is thresholded; it is made on images on which
///   they drew one of any finding.
/// - Methods are scored on the records that have a box or a mask and, where every such file speaks
///   of some record without, on all of them: normal images then count false positives. A record of
///   which a file says nothing was given nothing.
///
/// Maps are loaded by `threads` threads; since each waits for the disk now and then, several a core
/// keep both busy. Throws UserError where nothing can be scored, and as
/// `load_map` does.
[[nodiscard]] ScoredPredictions scored_predictions(std::span<const PredictionSet> files,
                                                   const Dataset& dataset,
                                                   std::span<const std::size_t> records,
                                                   const MapReading& reading, std::size_t threads);

}  // namespace chestmap
