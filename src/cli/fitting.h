#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/backend_arguments.h"
#include "cli/run_split.h"
#include "data/record.h"
#include "localize/backend.h"
#include "metrics/ranking.h"

namespace chestmap {

// What `fit-thresholds` and `calibrate` share: a trained model and the labels of a split in, the
// model with new metadata out.

struct FitArguments {
  std::filesystem::path run;
  std::vector<std::filesystem::path> data;
  std::string split = "valid";
  std::string method;
  std::string date;  ///< empty: now
  BackendArguments backend;
};

/// Adds all options but --method.
void add_fit_options(CLI::App& command, FitArguments& arguments);

/// RUN/model.safetensors
[[nodiscard]] std::filesystem::path model_file(const FitArguments& arguments);

/// A model and the images that something of it is fitted on.
struct FitJob {
  std::filesystem::path file;  ///< of the model
  std::unique_ptr<Backend> backend;
  Dataset dataset;  ///< its findings are the model's, unknown where it does not label one; no boxes
  RunSplit split;
  Fit fit;  ///< `images` is the split's number
};

/// Throws UserError for a date that is none, for a split without images, and where the data set
/// labels no finding of the model.
[[nodiscard]] FitJob start_fit(const FitArguments& arguments);

/// The logits of the split's images with known label, one list a finding of the model. Sets
/// `job.fit.images` to the number of images that could be read.
[[nodiscard]] std::vector<std::vector<ScoredLabel>> scored_logits(FitJob& job);

/// Positives and negatives among scored images.
struct LabelNumbers {
  std::size_t positives = 0;
  std::size_t negatives = 0;
};
[[nodiscard]] LabelNumbers count_labels(const std::vector<ScoredLabel>& images);

/// Throws UserError where no finding has positive and negative images on the split, and warns of
/// the findings that have not.
void check_labels(const FitJob& job, const std::vector<std::vector<ScoredLabel>>& logits);

/// Replaces the model's file at one stroke by one of the same weights with `spec` as its metadata.
void rewrite_model(const std::filesystem::path& file, const ModelSpec& spec);

}  // namespace chestmap
