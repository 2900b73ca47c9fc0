#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include "geometry/mask.h"

namespace chestmap {

namespace {

constexpr int kBits = 5;
constexpr std::int64_t kMore = 1 << kBits;        // more groups follow
constexpr std::int64_t kSign = 1 << (kBits - 1);  // in the last group: the number is negative
constexpr std::int64_t kValue = kMore - 1;        // the bits of the number
constexpr std::int64_t kFirst = '0';              // the character of 0
constexpr std::int64_t kLast = kFirst + 2 * kMore - 1;
// Differences of runs below 2^32 need 33 bits and a sign.
constexpr int kMostBits = 35;

/// Reads numbers off a compressed list.
class CountReader {
 public:
  explicit CountReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

  [[nodiscard]] std::int64_t next() {
    std::int64_t value = 0;
    for (int shift = 0; shift < kMostBits; shift += kBits) {
      if (at_end()) fail("ends within a number");
      const std::int64_t code = static_cast<unsigned char>(text_[at_]);
      if (code < kFirst || code > kLast) fail("has a character that is none of COCO's");
      ++at_;
      const std::int64_t group = code - kFirst;
      value |= (group & kValue) << shift;
      if ((group & kMore) != 0) continue;
      // Negative numbers are in two's complement: the sign fills the bits above.
      return (group & kSign) != 0 ? value - (std::int64_t{kMore} << shift) : value;
    }
    fail("has a number of more than 32 bits");
  }

  [[noreturn]] void fail(const char* what) const {
    throw std::invalid_argument(
        fmt::format("compressed run lengths: the text {} at {}", what, at_));
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

void append(std::string& text, std::int64_t value) {
  for (bool more = true; more;) {
    const std::int64_t group = value & kValue;
    value >>= kBits;
    more = value != ((group & kSign) != 0 ? -1 : 0);
    text += static_cast<char>(kFirst + group + (more ? kMore : 0));
  }
}

}  // namespace

Mask Mask::from_coco_string(std::size_t width, std::size_t height, std::string_view counts) {
  CountReader reader(counts);
  std::vector<std::uint32_t> runs;
  while (!reader.at_end()) {
    const std::size_t offset = reader.offset();
    std::int64_t run = reader.next();
    if (runs.size() > 2) run += runs[runs.size() - 2];
    if (run < 0 || run > std::numeric_limits<std::uint32_t>::max())
      throw std::invalid_argument(
          fmt::format("compressed run lengths: a run of {} at {}", run, offset));
    runs.push_back(static_cast<std::uint32_t>(run));
  }
  return from_runs(width, height, std::move(runs));
}

std::string Mask::to_coco_string() const {
  std::string text;
  for (std::size_t i = 0; i < runs_.size(); ++i)
    append(text, std::int64_t{runs_[i]} - (i > 2 ? std::int64_t{runs_[i - 2]} : 0));
  return text;
}

}  // namespace chestmap
