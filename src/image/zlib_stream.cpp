#include "image/zlib_stream.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

namespace chestmap {

namespace {

/// ISA-L counts bytes in 32 bits, and takes what it only reads as if it could write.
constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();

std::uint8_t* start_of(std::span<const std::uint8_t> bytes) {
  return const_cast<std::uint8_t*>(bytes.data());
}

/// ISA-L leaves the upper halves of vector registers set. Until something clears them, each SSE
/// instruction has to keep them, which makes code compiled for any x86-64 two to four times as
/// slow.
class ClearsUpperHalves {
 public:
  ClearsUpperHalves() = default;
  ClearsUpperHalves(const ClearsUpperHalves&) = delete;
  ClearsUpperHalves& operator=(const ClearsUpperHalves&) = delete;
  ~ClearsUpperHalves() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx") != 0) __asm__ volatile("vzeroupper");
#endif
  }
};

std::span<const std::uint8_t> numbers(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string zlib_compressed(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kMost) throw std::length_error("more than 4 GiB to compress at once");
  std::vector<std::uint8_t> memory(ISAL_DEF_LVL2_DEFAULT);
  const auto stream = std::make_unique_for_overwrite<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->level = 2;  // of 0 to 3; docs/performance.md
  stream->level_buf = memory.data();
  stream->level_buf_size = static_cast<std::uint32_t>(memory.size());
  stream->gzip_flag = IGZIP_ZLIB;
  stream->end_of_stream = 1;
  stream->next_in = start_of(bytes);
  stream->avail_in = static_cast<std::uint32_t>(bytes.size());
  std::string result;
  const ClearsUpperHalves afterwards;
  while (stream->internal_state.state != ZSTATE_END) {
    const std::size_t written = result.size();
    const std::size_t more = bytes.size() / 2 + 4096;  // nearly always the only piece
    result.resize(written + more);
    stream->next_out = reinterpret_cast<std::uint8_t*>(result.data()) + written;
    stream->avail_out = static_cast<std::uint32_t>(more);
    if (isal_deflate(stream.get()) != COMP_OK)
      throw std::logic_error("ISA-L does not take its own level");
    result.resize(result.size() - stream->avail_out);
  }
  return result;
}

bool zlib_decompress(std::span<const std::byte> stream, std::span<std::uint8_t> bytes) {
  if (stream.size() > kMost || bytes.size() > kMost) return false;
  const auto state = std::make_unique_for_overwrite<inflate_state>();
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_ZLIB;
  state->next_in = start_of(numbers(stream));
  state->avail_in = static_cast<std::uint32_t>(stream.size());
  state->next_out = bytes.data();
  state->avail_out = static_cast<std::uint32_t>(bytes.size());
  const ClearsUpperHalves afterwards;
  return isal_inflate(state.get()) == ISAL_DECOMP_OK && state->block_state == ISAL_BLOCK_FINISH &&
         state->avail_out == 0;
}

std::uint32_t crc_32(std::span<const std::byte> bytes) {
  const ClearsUpperHalves afterwards;
  return crc32_gzip_refl(0, start_of(numbers(bytes)), bytes.size());
}

}  // namespace chestmap
