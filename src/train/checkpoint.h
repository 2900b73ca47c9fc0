#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nn/model.h"
#include "train/optimizer.h"

namespace chestmap {

/// Where training stands, beside the tensors. Everything that a continued run needs to reach the
/// result of an uninterrupted one: randomness is a function of (seed, epoch, position), so that no
/// generator's state is kept.
struct Progression {
  std::int64_t epoch = 0;   ///< the epoch to go on with, from 0
  std::int64_t batch = 0;   ///< the batch of it to go on with
  std::int64_t step = 0;    ///< optimizer steps done
  double loss_sum = 0.0;    ///< of the epoch's images so far
  std::int64_t images = 0;  ///< of the epoch so far
  double best_auroc = -1.0;
  std::int64_t best_epoch = -1;
  std::int64_t epochs_without_gain = 0;
  double plateau_scale = 1.0;  ///< what plateau has multiplied the rate by
  std::string log;             ///< the rows of log.csv so far
  std::string relevance_log;   ///< the rows of relevance.csv so far

  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] static Progression from_json(const std::string& text);
};

/// Writes model, averaged weights (empty where there are none), optimizer and progression into one
/// file, atomically.
void save_checkpoint(const std::filesystem::path& file, const Model& model,
                     const std::vector<at::Tensor>& average, const Optimizer& optimizer,
                     const Progression& progression);

/// The content of such a file. Throws UserError where it is damaged.
[[nodiscard]] std::string read_checkpoint(const std::filesystem::path& file);

/// Fills the given objects, which must have been made from the same configuration, from a file's
/// content, in place; `file` is for errors. Throws UserError for content of another configuration.
[[nodiscard]] Progression restore_checkpoint(const std::string& content,
                                             const std::filesystem::path& file, Model& model,
                                             const std::vector<at::Tensor>& average,
                                             const Optimizer& optimizer);

}  // namespace chestmap
