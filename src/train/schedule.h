#pragma once

#include <cstdint>
#include <string>

namespace chestmap {

/// The learning rate's factor at a step: a linear rise over the warm-up, then
///   cosine:   (1 + cos(pi t)) / 2, t from 0 at the warm-up's end to 1 at the run's end
///   constant, plateau: 1 (plateau's cuts come from the validation AUROC and are multiplied in by
///   the trainer)
struct Schedule {
  std::string kind = "cosine";
  double warmup_steps = 0.0;
  double total_steps = 1.0;

  [[nodiscard]] double factor(std::int64_t step) const;
};

}  // namespace chestmap
