#pragma once

#include <cstdint>

// A function that is compiled for several instruction sets, of which the best that the processor
// has is taken when the program starts. Not under the sanitizers: what chooses runs before them.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define CHESTMAP_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CHESTMAP_SIMD
#endif

namespace chestmap::engine {

/// The 16 channels of a pixel in the blocked layout, aligned.
using Block = float __attribute__((vector_size(64), aligned(64)));

inline Block& block_at(float* address) { return *reinterpret_cast<Block*>(address); }
inline const Block& block_at(const float* address) {
  return *reinterpret_cast<const Block*>(address);
}

}  // namespace chestmap::engine
