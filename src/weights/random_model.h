#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace chestmap {

/// Writes a model of random weights (He et al. 2015, seeded) for benchmarks: `backbone` with the
/// multiscale head over all its stages and fourteen findings, for images of `size` pixels. Throws
/// UserError for an unknown backbone.
void write_random_model(const std::filesystem::path& file, const std::string& backbone,
                        std::int64_t size);

}  // namespace chestmap
