#include "train/largest_batch.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace chestmap {
namespace {

TEST(LargestBatch, IsFoundWhereverItIs) {
  for (const std::int64_t most : {1, 2, 7, 64, 1000})
    for (std::int64_t limit = 0; limit <= most; limit += 1 + most / 50) {
      int asked = 0;
      const std::int64_t found = largest_that_fits(most, [&](std::int64_t n) {
        EXPECT_GE(n, 1);
        EXPECT_LE(n, most);
        ++asked;
        return n <= limit;
      });
      EXPECT_EQ(found, limit) << "of " << most;
      EXPECT_LE(asked, 11);
    }
  EXPECT_EQ(largest_that_fits(0, [](std::int64_t) { return true; }), 0);
}

TEST(OutOfMemory, IsToldFromOtherErrors) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error(
      "[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory: you tried "
      "to allocate 80 bytes")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("CUDA out of memory. Tried to allocate 2 GiB")));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("mat1 and mat2 must have the same dtype")));
  try {
    TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA is full");
  } catch (const std::exception& error) {
    EXPECT_TRUE(is_out_of_memory(error));
  }
}

}  // namespace
}  // namespace chestmap
