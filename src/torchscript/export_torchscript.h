#pragma once

#include <cstdint>
#include <filesystem>

namespace chestmap {

/// Writes the model.safetensors `model` as a TorchScript archive (docs/export.md) whose `forward`
/// takes N x 1 x S x S and gives the outputs of `localizer_graph` as a tuple. Its extra file
/// "chestmap.json" holds the metadata. `resolution` is the attention map's; 0 takes the input's.
/// Throws UserError as `localizer_graph` and `write_file` do.
void export_torchscript(const std::filesystem::path& model, const std::filesystem::path& out,
                        std::int64_t resolution);

}  // namespace chestmap
