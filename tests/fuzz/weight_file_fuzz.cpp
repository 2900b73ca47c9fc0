// Bytes as a weight file of any format: every tensor of what is accepted is read to its last
// element, and fitted to every backbone. The first files of the corpus are of
// tests/judges/torch_files.py.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "fuzz_target.h"
#include "weights/backbone_fit.h"
#include "weights/weight_file.h"

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

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  const MemoryFile memory(data, size);
  fuzz::run_parser([&] {
    const WeightFile file = read_weights(memory.path());
    for (const StoredTensor& tensor : file.tensors) {
      fuzz::must(row_major_bytes(tensor).size() == tensor.bytes());
      if (!is_convertible(tensor.dtype)) continue;
      fuzz::must(floats_of(tensor).size() == elements_of(tensor.shape));
      fuzz::must(wholes_of(tensor).size() == elements_of(tensor.shape));
    }
    for (const BackboneFit& fit : fit_every_backbone(file))
      for (const FittedTensor& tensor : fit.fitted)
        if (!tensor.expected.whole) (void)fitted_floats(tensor);
  });
  return 0;
}
