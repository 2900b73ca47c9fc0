#pragma once

// Runs kernels written for CUDA on the CPU, block by block, as functions of the same source: what
// they index, sum and wait for is the same, their speed is not.

#include <barrier>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cppcoreguidelines-macro-usage)
// NOLINTBEGIN(readability-identifier-naming,cppcoreguidelines-avoid-non-const-global-variables)
#define __device__
#define __global__
#define __shared__ static
#define CHESTMAP_KERNELS_ON cpu

struct Dim {
  unsigned x = 1;
  unsigned y = 1;
};
inline thread_local Dim threadIdx;
inline thread_local Dim blockIdx;
inline Dim blockDim;
inline Dim gridDim;
inline std::unique_ptr<std::barrier<>> threads_of_block;

inline void __syncthreads() { threads_of_block->arrive_and_wait(); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
using std::sqrt;
// NOLINTEND(readability-identifier-naming,cppcoreguidelines-avoid-non-const-global-variables)
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cppcoreguidelines-macro-usage)

namespace chestmap::test {

/// `kernel()` once for every thread of every block; the threads of a block may wait for each other.
template <typename Kernel>
void run_on_cpu(Dim blocks, unsigned threads, const Kernel& kernel) {
  blockDim = {threads, 1};
  gridDim = blocks;
  for (unsigned y = 0; y < blocks.y; ++y)
    for (unsigned x = 0; x < blocks.x; ++x) {
      threads_of_block = std::make_unique<std::barrier<>>(static_cast<std::ptrdiff_t>(threads));
      std::vector<std::jthread> running;
      for (unsigned thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
          threadIdx = {thread, 0};
          blockIdx = {x, y};
          kernel();
        });
    }
}

}  // namespace chestmap::test
