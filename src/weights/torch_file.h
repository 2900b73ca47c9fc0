#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "weights/stored_tensor.h"

namespace chestmap {

/// The weights of a file that torch.save wrote.
struct TorchFile {
  std::string format;                 ///< "PyTorch (zip)" or "PyTorch (legacy)"
  std::string key;                    ///< where the state dict stood: "", "state_dict", "model.net"
  std::vector<std::string> beside;    ///< what else stood at the top: "epoch", "optimizer", ...
  std::vector<StoredTensor> tensors;  ///< in the file's order; they lie in the mapping
  std::vector<std::string> other;     ///< entries of the state dict that are no tensors
};

/// Whether the bytes begin as a file of torch.save's does, in either format.
[[nodiscard]] bool is_torch_file(std::span<const std::byte> bytes) noexcept;

/// Reads both formats: zip (PyTorch 1.6 on) and legacy (before, and still on request): three small
/// pickles, the state dict's pickle, the list of storage keys, then for each key an 8-byte count of
/// elements and the elements (torch/serialization.py). The state dict is the top-level dictionary,
/// or the one under a usual name ("state_dict", "model", ...), which may nest; a network that was
/// saved whole, of torch.nn's, torchvision's or TorchXRayVision's classes, is read as the state
/// dict that it would give. A tensor of a numeric type that lies wholly in its storage and has no
/// more elements than that is taken; anything else is a UserError that names it.
[[nodiscard]] TorchFile read_torch_file(const MappedFile& file);

}  // namespace chestmap
