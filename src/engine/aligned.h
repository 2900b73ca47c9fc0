#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

namespace chestmap::engine {

/// Floats on a line of the cache, or on a huge page where there are many; not set at first. Throws
/// std::bad_alloc where there is not enough memory.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::size_t size);
  explicit AlignedFloats(const std::vector<float>& values) : AlignedFloats(values.size()) {
    std::copy(values.begin(), values.end(), data());
  }

  [[nodiscard]] float* data() noexcept { return memory_.get(); }
  [[nodiscard]] const float* data() const noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Free {
    void operator()(float* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<float, Free> memory_;
  std::size_t size_ = 0;
};

}  // namespace chestmap::engine
