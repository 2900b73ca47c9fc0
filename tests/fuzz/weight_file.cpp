// Bytes as a weight file of any format: every tensor of what is accepted is read to its last element,
// and fitted to every backbone. Seeds: files of tests/judges/torch_files.py and safetensors_by_hand.py.

#include "weights/weight_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "weights/backbone_fit.h"

namespace {

/// A file in memory that other code can open by its path.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size)
      : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size))
      std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  const MemoryFile memory(data, size);
  try {
    const WeightFile file = read_weights(memory.path());
    for (const StoredTensor& tensor : file.tensors) {
      if (row_major_bytes(tensor).size() != tensor.bytes()) std::abort();
      if (!is_convertible(tensor.dtype)) continue;
      if (floats_of(tensor).size() != elements_of(tensor.shape)) std::abort();
      if (wholes_of(tensor).size() != elements_of(tensor.shape)) std::abort();
    }
    for (const BackboneFit& fit : fit_every_backbone(file))
      for (const FittedTensor& tensor : fit.fitted)
        if (!tensor.expected.whole) (void)fitted_floats(tensor);
  } catch (const UserError&) {
  }
  return 0;
}
