// Bytes as a pickle, without a file round them. The first files of the corpus are data.pkl of
// PyTorch's.

#include "fuzz_target.h"
#include "weights/pickle.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  fuzz::run_parser([&] {
    const Pickle pickle = read_pickle(fuzz::bytes_of(data, size), "fuzz");
    (void)pickle.find(pickle.root, "state_dict");
  });
  return 0;
}
