#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace chestmap {

/// A random stream that is a function of its key alone, e.g. (seed, epoch, index).
/// Platform-independent: it uses no distribution of the standard library, whose results differ
/// between implementations. Generator: SplitMix64 over a key hashed with the same mixer (Steele,
/// Lea, Flood 2014).
class RandomStream {
 public:
  RandomStream(std::initializer_list<std::uint64_t> key) noexcept;

  [[nodiscard]] std::uint64_t next() noexcept;
  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] double uniform() noexcept;
  [[nodiscard]] double uniform(double low, double high) noexcept;
  /// Uniform in {0, ..., n - 1}; n > 0. Unbiased by rejection.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) noexcept;
  /// Standard normal by the Marsaglia polar method.
  [[nodiscard]] double normal() noexcept;
  [[nodiscard]] double normal(double mean, double deviation) noexcept;
  [[nodiscard]] bool chance(double probability) noexcept;

 private:
  std::uint64_t state_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

/// Fisher-Yates with `stream`; the order depends on the stream and the size alone.
template <typename Range>
void shuffle(Range& range, RandomStream& stream) {
  using std::swap;
  for (std::uint64_t i = range.size(); i > 1; --i) swap(range[i - 1], range[stream.below(i)]);
}

}  // namespace chestmap
