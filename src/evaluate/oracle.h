#pragma once

#include <string>

#include "evaluate/evaluation.h"

namespace chestmap {

/// A subject's name as tables give it: followed by " (ORACLE)" where the evaluation is an oracle's
/// and the subject is no control, since a control takes nothing from what was fitted.
[[nodiscard]] std::string marked(const Evaluation& evaluation, const std::string& subject);

}  // namespace chestmap
