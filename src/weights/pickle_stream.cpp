#include "weights/pickle_stream.h"

#include <fmt/format.h>

#include <bit>
#include <optional>

#include "base/error.h"

namespace chestmap {

void PickleStream::refuse(const std::string& what, const char* hint) const {
  throw UserError(
      fmt::format("{}: the pickle at offset {} {}", file_.string(), at_ + opcode_at_, what), hint);
}

void PickleStream::fail(const std::string& what) const {
  refuse(what, "was the download or the copy cut short?");
}

double PickleStream::take_big_endian_double() {
  return std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>()));
}

std::string_view PickleStream::take_text(std::uint64_t length) {
  const auto text = length > bytes_.size()
                        ? std::nullopt
                        : bytes_at(bytes_, place_, static_cast<std::size_t>(length));
  if (!text) fail(fmt::format("claims a text of {} bytes", length));
  place_ += text->size();
  return {reinterpret_cast<const char*>(text->data()), text->size()};
}

std::string_view PickleStream::take_line() {
  const std::size_t start = place_;
  while (take<char>() != '\n')
    if (place_ - start > kLongestLine) fail("has a name without an end");
  return {reinterpret_cast<const char*>(bytes_.data() + start), place_ - start - 1};
}

}  // namespace chestmap
