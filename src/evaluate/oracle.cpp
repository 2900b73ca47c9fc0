#include "evaluate/oracle.h"

#include <algorithm>

namespace chestmap {

std::string marked(const Evaluation& evaluation, const std::string& subject) {
  if (evaluation.oracle.empty()) return subject;
  const bool control = std::any_of(
      evaluation.localization.begin(), evaluation.localization.end(),
      [&](const MethodScores& method) { return method.is_control && method.method == subject; });
  return control ? subject : subject + " (ORACLE)";
}

}  // namespace chestmap
