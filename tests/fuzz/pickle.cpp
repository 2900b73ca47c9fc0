// Bytes as a pickle, without a file round them. Seeds: data.pkl of PyTorch's files.

#include "weights/pickle.h"

#include <cstdint>
#include <span>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  try {
    const Pickle pickle = read_pickle(std::as_bytes(std::span(data, size)), "fuzz");
    (void)pickle.find(pickle.root, "state_dict");
  } catch (const UserError&) {
  }
  return 0;
}
