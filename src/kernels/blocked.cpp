#include "kernels/blocked.h"

#include <algorithm>
#include <new>

namespace chestmap::kernels {
namespace {

constexpr std::align_val_t cache_line{64};

}  // namespace

AlignedFloats::AlignedFloats(std::size_t size)
    : memory_(static_cast<float*>(::operator new(size * sizeof(float), cache_line))), size_(size) {
  std::fill_n(memory_.get(), size, 0.0F);
}

void AlignedFloats::Free::operator()(float* memory) const noexcept {
  ::operator delete(memory, cache_line);
}

}  // namespace chestmap::kernels
