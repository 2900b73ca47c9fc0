#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/evaluation.h"
#include "evaluate/figures.h"

namespace chestmap {

/// Rows of one subject: its findings, then its means.
struct SubjectRows {
  std::string name;
  std::vector<FigureRow> rows;
};

/// `a` less `b`, for each measure of which `compares` says yes and that both have, and each finding
/// of both. The p values of the findings of one measure are adjusted for their number by Holm's
/// method; those of the means, being made of the same figures, are not.
[[nodiscard]] std::vector<Comparison> compared(
    const SubjectRows& a, const SubjectRows& b,
    const std::function<bool(const std::string& measure)>& compares);

/// The two-sided p value of DeLong's test on each finding into the comparisons of "auroc", and the
/// same adjusted. `p_of` is nothing where the test is undefined.
void add_delong(std::vector<Comparison>& comparisons,
                const std::function<std::optional<double>(const std::string& finding)>& p_of);

}  // namespace chestmap
