#include "image/contour.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace chestmap {

namespace {

/// Where a line crosses the side of a square; the two squares of a side know it by one number.
struct Crossing {
  std::size_t side = 0;
  Point at;
};

/// The piece of a line within a square, between two of its sides.
using Piece = std::array<Crossing, 2>;

/// One square between four neighbouring centres, corners clockwise from the top left.
class Square {
 public:
  Square(const ImageF& map, std::size_t x, std::size_t y, float level)
      : x_(static_cast<double>(x) + 0.5),
        y_(static_cast<double>(y) + 0.5),
        horizontal_(2 * (y * map.width() + x)),
        row_(2 * map.width()),
        above_{map.at(x, y) - level, map.at(x + 1, y) - level, map.at(x + 1, y + 1) - level,
               map.at(x, y + 1) - level} {}

  [[nodiscard]] unsigned kind() const {
    unsigned bits = 0;
    for (unsigned corner = 0; corner < 4; ++corner)
      if (above_[corner] >= 0.0F) bits |= 1U << corner;
    return bits;
  }
  [[nodiscard]] bool middle_above() const {
    return above_[0] + above_[1] + above_[2] + above_[3] >= 0.0F;
  }
  /// Sides: 0 top, 1 right, 2 bottom, 3 left; side s runs from corner s to corner s + 1.
  [[nodiscard]] Point crossing(unsigned side) const {
    const double from = above_[side];
    const double to = above_[(side + 1) % 4];
    const double part = from / (from - to);
    switch (side) {
      case 0:
        return {x_ + part, y_};
      case 1:
        return {x_ + 1.0, y_ + part};
      case 2:
        return {x_ + 1.0 - part, y_ + 1.0};
      default:
        return {x_, y_ + 1.0 - part};
    }
  }
  [[nodiscard]] Piece between(unsigned side, unsigned other) const {
    return {Crossing{number_of(side), crossing(side)}, {number_of(other), crossing(other)}};
  }

 private:
  /// Even for the side to the right of a centre, odd for the one below it.
  [[nodiscard]] std::size_t number_of(unsigned side) const {
    const std::array numbers{horizontal_, horizontal_ + 3, horizontal_ + row_, horizontal_ + 1};
    return numbers[side];
  }

  double x_;
  double y_;
  std::size_t horizontal_;  // number of the top side
  std::size_t row_;         // numbers of a row of centres
  std::array<float, 4> above_;
};

void add_pieces(const Square& square, std::vector<Piece>& pieces) {
  const unsigned kind = square.kind();
  if (kind == 0 || kind == 15) return;
  if (kind == 5 || kind == 10) {
    // Opposite corners are above: the line cuts off either these or the other two.
    const bool cut_even = (kind == 5) != square.middle_above();
    pieces.push_back(cut_even ? square.between(3, 0) : square.between(0, 1));
    pieces.push_back(cut_even ? square.between(1, 2) : square.between(2, 3));
    return;
  }
  std::array<unsigned, 2> sides{};
  std::size_t found = 0;
  for (unsigned side = 0; side < 4; ++side)
    if (((kind >> side) & 1U) != ((kind >> ((side + 1) % 4)) & 1U)) sides[found++] = side;
  pieces.push_back(square.between(sides[0], sides[1]));
}

/// Ends of pieces, two a piece: 2 x piece and 2 x piece + 1.
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// For each end, the end that lies at the same crossing.
std::vector<std::size_t> neighbours_of(const std::vector<Piece>& pieces) {
  std::vector<std::pair<std::size_t, std::size_t>> ends;  // by their crossings
  for (std::size_t end = 0; end < 2 * pieces.size(); ++end)
    ends.emplace_back(pieces[end / 2][end % 2].side, end);
  std::sort(ends.begin(), ends.end());
  std::vector<std::size_t> neighbours(ends.size(), kNone);
  for (std::size_t i = 0; i + 1 < ends.size(); ++i)
    if (ends[i].first == ends[i + 1].first) {
      neighbours[ends[i].second] = ends[i + 1].second;
      neighbours[ends[i + 1].second] = ends[i].second;
    }
  return neighbours;
}

std::vector<Polyline> joined(const std::vector<Piece>& pieces) {
  const std::vector<std::size_t> neighbours = neighbours_of(pieces);
  std::vector<char> taken(pieces.size(), 0);
  std::vector<Polyline> lines;
  const auto follow = [&](std::size_t end) {
    Polyline line;
    const std::size_t first = end;
    while (end != kNone && taken[end / 2] == 0) {
      taken[end / 2] = 1;
      line.points.push_back(pieces[end / 2][end % 2].at);
      const std::size_t other = end ^ 1U;
      end = neighbours[other];
      if (end == kNone) line.points.push_back(pieces[other / 2][other % 2].at);
    }
    line.closed = end == first;
    lines.push_back(std::move(line));
  };
  for (std::size_t end = 0; end < neighbours.size(); ++end)
    if (neighbours[end] == kNone && taken[end / 2] == 0) follow(end);
  for (std::size_t end = 0; end < neighbours.size(); end += 2)
    if (taken[end / 2] == 0) follow(end);
  return lines;
}

}  // namespace

std::vector<Polyline> contour(const ImageF& map, float level) {
  if (map.empty()) return {};
  std::vector<Piece> pieces;
  const std::size_t width = map.width();
  std::vector<std::uint8_t> upper(width + 1);  // whether a row's cells are above, 1 or 0
  std::vector<std::uint8_t> lower(width + 1);
  std::vector<std::uint8_t> crossed(width);
  const auto mark = [&](std::size_t y, std::vector<std::uint8_t>& row) {
    const float* cells = map.pixels().data() + y * width;
    for (std::size_t x = 0; x < width; ++x) row[x] = cells[x] >= level ? 1 : 0;
  };
  mark(0, lower);
  for (std::size_t y = 0; y + 1 < map.height(); ++y) {
    upper.swap(lower);
    mark(y + 1, lower);
    // Few squares are crossed, and vectors find them.
    for (std::size_t x = 0; x < width; ++x)
      crossed[x] = static_cast<std::uint8_t>((upper[x] ^ upper[x + 1]) | (upper[x] ^ lower[x]) |
                                             (upper[x] ^ lower[x + 1]));
    const auto end = crossed.end() - 1;
    for (auto at = std::find(crossed.begin(), end, 1); at != end; at = std::find(at + 1, end, 1))
      add_pieces(Square(map, static_cast<std::size_t>(at - crossed.begin()), y, level), pieces);
  }
  return joined(pieces);
}

}  // namespace chestmap
