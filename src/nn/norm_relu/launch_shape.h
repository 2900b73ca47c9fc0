#pragma once

#include <algorithm>
#include <cstdint>

namespace chestmap::device {

/// How a pass over rows is spread over blocks of 256 threads (device.h).
struct LaunchShape {
  int columns = 1;  // threads across packs, a power of two
  int across = 1;   // blocks across channels
  int down = 1;     // blocks down the rows
};

/// For packs of `pack` channels. `most` blocks keep every multiprocessor busy; more would only make
/// more parts to sum.
inline LaunchShape launch_shape(std::int64_t rows, int channels, int pack, int most) {
  constexpr int kBlock = 256;
  constexpr int kWidest = 32;
  const int packs = (channels + pack - 1) / pack;
  LaunchShape shape;
  while (shape.columns < packs && shape.columns < kWidest) shape.columns *= 2;
  shape.across = (packs + shape.columns - 1) / shape.columns;
  const std::int64_t lines = kBlock / shape.columns;
  const std::int64_t needed = std::max<std::int64_t>(1, (rows + lines - 1) / lines);
  shape.down = static_cast<int>(std::min<std::int64_t>(needed, std::max(1, most / shape.across)));
  return shape;
}

}  // namespace chestmap::device
