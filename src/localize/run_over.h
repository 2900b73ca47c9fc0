#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/record.h"
#include "localize/backend.h"

namespace chestmap {

/// Runs `backend` over the records at `indices` in order, decoding ahead, and hands each image (the
/// square input) with its inference to `visit`. Unreadable images are left out and returned; a
/// larger share of them than `most_skipped` is a UserError.
std::vector<Skipped> run_over(
    Backend& backend, const Dataset& dataset, const std::vector<std::size_t>& indices,
    const std::string& title, double most_skipped,
    const std::function<void(std::size_t record, const ImageF& image, const Inference&)>& visit);

}  // namespace chestmap
