#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "data/record.h"
#include "nn/model.h"
#include "weights/backbone_fit.h"

namespace chestmap {

/// What a run is made of. `train` and `valid` index the data set's records.
struct TrainJob {
  const Dataset* dataset = nullptr;
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;
  const Config* config = nullptr;
  std::filesystem::path folder;  ///< the run folder
  std::string device = "cpu";    ///< "cpu", "cuda" or "cuda:N"
  bool resume = false;
  /// Where the backbone's weights come from; null for random ones. Not asked when resuming.
  const BackboneFit* initial = nullptr;
  std::map<std::string, std::string> provenance;  ///< goes into the model's metadata
  std::function<bool()> stop_requested;           ///< asked between steps; true saves and ends
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
[[nodiscard]] TrainResult train(const TrainJob& job);

}  // namespace chestmap
