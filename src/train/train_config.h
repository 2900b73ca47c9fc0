#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "data/loader.h"
#include "weights/model_spec.h"

namespace chestmap {

/// How the weights are fitted. Every field is a configuration key of section [train];
/// train_config.cpp documents it.
struct TrainOptions {
  std::uint64_t seed = 0;
  std::int64_t epochs = 0;
  std::string optimizer;
  std::string precision;
  std::string device_cache;  ///< data.device_cache
  bool record_steps = true;
  double learning_rate = 0.0;
  double relevance_learning_rate = 0.0;
  double backbone_learning_rate_factor = 1.0;
  std::vector<std::int64_t> freeze_stages;
  double weight_decay = 0.0;
  double momentum = 0.0;
  std::string schedule;
  double warmup_epochs = 0.0;
  std::int64_t plateau_patience = 0;
  double plateau_factor = 0.0;
  double gradient_clip = 0.0;
  double average_decay = 0.0;
  double stage_dropout = 0.0;
  double auxiliary_loss = 0.0;
  double agreement_loss = 0.0;
  double relevance_entropy = 0.0;
  std::string balance;
  std::int64_t early_stopping = 0;
  std::int64_t threads = 0;
  std::int64_t checkpoint_batches = 0;
  bool synchronise_norms = true;
  double bucket_mib = 0.0;
};

/// Every configuration key of `chestmap train`, with its default.
[[nodiscard]] Config train_config();

/// Applies `model.head = "sedai2018"`, the plain reading of the paper, by setting the keys that it
/// stands for. Called once, after files and `--set`, so that the run folder's config.toml shows
/// what was used.
void resolve_head(Config& config);

/// Throws UserError for values that are each in range and yet cannot be used, so that a run ends
/// before it begins.
void check_config(const Config& config);

[[nodiscard]] TrainOptions train_options(const Config& config);
[[nodiscard]] ModelSpec model_spec(const Config& config, std::vector<std::string> findings);
/// The loader of the training split (shuffled, augmented) or of any other (neither).
[[nodiscard]] LoaderOptions loader_options(const Config& config, bool training);

/// Expected area of a finding's box, as a fraction of the image, from `boxes.area_prior`; the value
/// for findings that it does not name is `boxes.area_prior_other`. Throws UserError for an entry
/// that is not "Finding=percent".
[[nodiscard]] std::map<std::string, double> area_prior(const Config& config,
                                                       const std::vector<std::string>& findings);

}  // namespace chestmap
