#include "image/dicom/run_lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chestmap {

namespace {

constexpr std::size_t kHeader = 64;
constexpr std::size_t kMostSegments = 15;

std::size_t little_endian_32(std::span<const std::byte> frame, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 4; i-- > 0;)
    value = value << 8U | std::to_integer<std::size_t>(frame[at + i]);
  return value;
}

std::vector<std::span<const std::byte>> segments_of(std::span<const std::byte> frame,
                                                    std::size_t expected) {
  if (frame.size() < kHeader) throw ImageError("broken run lengths: their header is cut short");
  const std::size_t count = little_endian_32(frame, 0);
  if (count != expected || count > kMostSegments)
    throw ImageError(fmt::format("broken run lengths: {} segments, not {}", count, expected));
  std::vector<std::span<const std::byte>> segments;
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t begin = little_endian_32(frame, 4 + 4 * s);
    const std::size_t end = s + 1 < count ? little_endian_32(frame, 8 + 4 * s) : frame.size();
    if (begin < kHeader || begin > end || end > frame.size())
      throw ImageError("broken run lengths: a segment lies outside of the data");
    segments.push_back(frame.subspan(begin, end - begin));
  }
  return segments;
}

/// Throws where the segment holds fewer than `bytes`.
void unpack(std::span<const std::byte> segment, std::span<std::uint8_t> bytes) {
  std::size_t at = 0;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t control = at < segment.size() ? std::to_integer<std::size_t>(segment[at]) : 0;
    ++at;
    if (control == 128) continue;
    const bool repeats = control > 128;
    const std::size_t count = repeats ? 257 - control : control + 1;
    const std::size_t stored = repeats ? 1 : count;
    if (at > segment.size() || segment.size() - at < stored)
      throw ImageError("broken run lengths: a segment ends before all pixels");
    for (std::size_t i = 0; i < count && done < bytes.size(); ++i)
      bytes[done++] = std::to_integer<std::uint8_t>(segment[repeats ? at : at + i]);
    at += stored;
  }
}

}  // namespace

std::vector<std::uint16_t> decode_run_lengths(std::span<const std::byte> frame,
                                              const CodestreamLayout& layout,
                                              unsigned allocated_bits) {
  const std::size_t sample_bytes = allocated_bits / 8;
  const auto segments = segments_of(frame, layout.components * sample_bytes);
  std::vector<std::uint16_t> samples(layout.samples());
  std::vector<std::uint8_t> plane(layout.width * layout.height);
  for (std::size_t s = 0; s < segments.size(); ++s) {  // of a sample, the highest byte first
    unpack(segments[s], plane);
    const std::size_t component = s / sample_bytes;
    for (std::size_t i = 0; i < plane.size(); ++i) {
      std::uint16_t& sample = samples[i * layout.components + component];
      sample = static_cast<std::uint16_t>(sample << 8U | plane[i]);
    }
  }
  return samples;
}

}  // namespace chestmap
