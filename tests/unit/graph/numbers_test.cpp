#include "graph/numbers.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "../image/scratch.h"

namespace chestmap {
namespace {

using test::ScratchFolder;
using test::spill;

TEST(Numbers, OfAVectorAreItsOwn) {
  Numbers numbers(std::vector<float>{1.0F, 2.0F});
  const Numbers copy = numbers;
  numbers.drop();
  EXPECT_EQ(numbers.size(), 0U);
  EXPECT_EQ(std::vector<float>(copy.begin(), copy.end()), (std::vector<float>{1.0F, 2.0F}));
}

TEST(Numbers, OfAFileKeepItOpenAndCanBeReadAgainAfterTheirMemoryWasGivenBack) {
  constexpr std::size_t kCount = 10'000;  // some pages
  std::vector<float> written;
  for (std::size_t i = 0; i < kCount; ++i) written.push_back(static_cast<float>(i));
  std::string bytes(kCount * sizeof(float), '\0');
  std::memcpy(bytes.data(), written.data(), bytes.size());
  const ScratchFolder folder;
  spill(folder / "numbers", bytes);
  auto file = std::make_shared<const MappedFile>(folder / "numbers");
  const std::span<const float> part(reinterpret_cast<const float*>(file->bytes().data()) + 1,
                                    kCount - 2);
  Numbers numbers(file, part);
  const Numbers other(file, part);
  file.reset();
  EXPECT_EQ(numbers.data(), part.data());
  numbers.drop();
  EXPECT_EQ(numbers.size(), 0U);
  EXPECT_TRUE(std::equal(other.begin(), other.end(), written.begin() + 1, written.end() - 1));
}

}  // namespace
}  // namespace chestmap
