#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "weights/backbone_fit.h"
#include "weights/weight_file.h"

namespace chestmap {

/// Where weights came from, for a file's metadata: "source" (the file's name without folders),
/// "source_sha256", "source_format".
[[nodiscard]] std::map<std::string, std::string> weight_provenance(const WeightFile& file);

/// Writes what was fitted as safetensors, F32 (batch counts I64) under torchvision's names, with
/// the provenance, the backbone's name and what was changed as metadata. Batch counts that the file
/// lacks are written as 0. Throws UserError for a value that is not finite.
void write_backbone(const BackboneFit& fit, const WeightFile& file,
                    const std::filesystem::path& out);

/// Writes every tensor as it is, under its own name and in its own type. Throws UserError for a
/// type that safetensors does not have (C128).
void write_unchanged(const WeightFile& file, const std::filesystem::path& out);

}  // namespace chestmap
