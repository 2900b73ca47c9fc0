#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "report/card_document.h"
#include "report/scores.h"
#include "weights/model_spec.h"

namespace chestmap {

/// What a model card is made of.
struct ModelCardInput {
  std::string name;  ///< e.g. the run folder's
  ModelSpec spec;
  std::uint64_t parameters = 0;  ///< numbers in its tensors
  /// What the model was found to do on a split; nothing where no evaluation is known.
  std::optional<RunScores> scores;
  std::string evaluation_file;  ///< where the scores were read
  std::string program;          ///< that writes the card
};

/// Intended use, architecture, data, figures with intervals and by subgroup, thresholds with what
/// they were fitted on, and limits. What neither the model nor its evaluation says is stated as not
/// known.
[[nodiscard]] CardDocument model_card(const ModelCardInput& input);

}  // namespace chestmap
