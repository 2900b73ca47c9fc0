#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "distributed/gradient_buckets.h"
#include "train/checkpoint.h"
#include "train/tensorboard.h"
#include "train/validation.h"

namespace chestmap {

/// What a run says of an epoch.
struct EpochReport {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t epochs = 0;
  double learning_rate = 0.0;
  double train_loss = 0.0;
  Validation validation;
  at::Tensor relevance;  ///< findings x stages, on the CPU
  bool best = false;     ///< so far
  double waited = 0.0;   ///< share of the training time spent waiting for images
};

/// log.csv, relevance.csv and TensorBoard's events of a run folder, and a line an epoch for who
/// watches. The text of both tables is kept in the progression, so that a run that goes on rewrites
/// them whole.
class RunLog {
 public:
  RunLog(std::filesystem::path folder, std::vector<std::string> findings,
         std::vector<std::int64_t> stages);

  /// The headers, where the progression has no text yet.
  void begin(Progression& progression) const;
  void write(const EpochReport& report, Progression& progression);

 private:
  void write_relevance(const EpochReport& report, Progression& progression);

  std::filesystem::path folder_;
  std::vector<std::string> findings_;
  std::vector<std::int64_t> stages_;
  TensorBoardWriter board_;
};

/// One line of what the ranks sent each other; `timed` where the times are known.
void note_traffic(const BucketTraffic& traffic, int ranks, bool timed);

}  // namespace chestmap
