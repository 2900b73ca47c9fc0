#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace chestmap::engine {

/// Floats for everything between the layers of one image: on a line of the cache, or on a huge page
/// where there are many; not set at first. Throws std::bad_alloc where there is not enough memory.
class Arena {
 public:
  Arena() = default;
  explicit Arena(std::size_t size);

  /// Has the system give every page now. A page is given, zeroed, when it is first written to, for
  /// which the other threads of a layer would wait.
  void take_pages(std::size_t threads) const;

  [[nodiscard]] float* data() const noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Free {
    void operator()(float* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<float, Free> memory_;
  std::size_t size_ = 0;
};

}  // namespace chestmap::engine
