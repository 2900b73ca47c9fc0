#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "data/record.h"

namespace chestmap {

/// Fits the box rules of every kind of map on the images of `valid` (by their labels and the
/// configured expected areas, no box is looked at) and writes FOLDER/model.safetensors: the best
/// epoch's weights with the rules in its metadata.
void write_model_with_box_rules(const std::filesystem::path& folder, const Dataset& dataset,
                                const std::vector<std::size_t>& valid, const Config& config,
                                const std::string& device);

}  // namespace chestmap
