#pragma once

#include "report/card_document.h"
#include "report/model_card.h"

namespace chestmap {

// The sections of a model card that take more than a few lines, each in the file of its name.

[[nodiscard]] CardSection card_figures(const ModelCardInput& input);
[[nodiscard]] CardSection card_thresholds(const ModelCardInput& input);
[[nodiscard]] CardSection card_limits(const ModelCardInput& input);

inline constexpr const char* kNotKnown = "not known";

}  // namespace chestmap
