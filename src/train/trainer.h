#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "data/record.h"
#include "distributed/communicator.h"
#include "nn/model.h"
#include "weights/backbone_fit.h"

namespace chestmap {

/// What a run is made of. `train` and `valid` index the data set's records.
struct TrainJob {
  const Dataset* dataset = nullptr;
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;
  const Config* config = nullptr;
  std::filesystem::path folder;   ///< the run folder
  std::string device = "cpu";     ///< "cpu", "cuda" or "cuda:N"
  std::int64_t threads = 0;       ///< that compute; 0 takes every core
  Communicator* ranks = nullptr;  ///< those that train together
  bool resume = false;
  /// Where the backbone's weights come from; null for random ones. Not asked when resuming, nor of
  /// other ranks than 0.
  const BackboneFit* initial = nullptr;
  std::map<std::string, std::string> provenance;  ///< goes into the model's metadata
  std::function<bool()>
      stop_requested;  ///< asked in each step; true, on any rank, saves soon after and ends
};

struct TrainResult {
  bool stopped = false;  ///< on request, with a checkpoint to resume from
  std::int64_t best_epoch = -1;
  double best_auroc = 0.0;  ///< mean validation AUROC of that epoch
  std::vector<Skipped> skipped;
};

/// Trains and writes into the run folder: log.csv and relevance.csv (a row an epoch), TensorBoard
/// events, last.ckpt, best.safetensors (the epoch with the best mean validation AUROC; boxes are
/// never looked at). The result is a function of the configuration, the data and the kind of
/// machine, whatever interrupts it. Throws UserError, with the last checkpoint intact, when the
/// loss is no longer a number.
///
/// `train.batch` images are a step's over all ranks, each of which computes its part: as many ranks
/// as there are reach the same numbers up to the order of sums, where train.synchronise_norms is
/// on. Rank 0 alone reads and writes in the run folder. All ranks return or throw together.
[[nodiscard]] TrainResult train(const TrainJob& job);

}  // namespace chestmap
