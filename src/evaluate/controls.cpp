#include "evaluate/controls.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/cores.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/random.h"
#include "geometry/grid.h"

namespace chestmap {

namespace {

constexpr std::size_t kCoarse = 7;
constexpr std::size_t kFine = 56;
// Maps a finding. Drawing and boxing one for every image of a large data set took longer than
// reading its predictions, and a share of so many differs from the expected one by 0.016 at most.
constexpr std::uint64_t kMaps = 1024;

/// Which of the maps is the image's, whatever its place in the list.
std::uint64_t map_of(const Record& image) noexcept { return fnv1a(image.image) % kMaps; }

/// Where the fine cells lie among the coarse ones, along either axis.
std::vector<Interpolation> fine_cells() {
  const double stride = static_cast<double>(kFine) / static_cast<double>(kCoarse);
  return interpolate(Grid{stride, stride / 2.0}, kCoarse,
                     even_centres(kFine, static_cast<double>(kFine)));
}

/// kFine x kFine values that interpolate a coarse grid of normal ones, rows first.
std::vector<float> random_map(RandomStream stream, const std::vector<Interpolation>& taps) {
  std::array<double, kCoarse * kCoarse> coarse;
  for (double& value : coarse) value = stream.normal();
  const auto between = [](double a, double b, double weight) {
    return weight > 0.0 ? (1.0 - weight) * a + weight * b : a;
  };
  std::array<std::array<double, kFine>, kCoarse> rows;
  for (std::size_t row = 0; row < kCoarse; ++row)
    for (std::size_t x = 0; x < kFine; ++x) {
      const double* cells = &coarse[row * kCoarse + taps[x].first];
      rows[row][x] = between(cells[0], cells[1], taps[x].weight);
    }
  std::vector<float> fine;
  fine.reserve(kFine * kFine);
  for (const Interpolation& down : taps)
    for (std::size_t x = 0; x < kFine; ++x)
      fine.push_back(
          static_cast<float>(between(rows[down.first][x], rows[down.first + 1][x], down.weight)));
  return fine;
}

/// What was found in a frame of side 1, in an image's.
FindingLocalization in_frame(FindingLocalization result, const ImageSize& frame) {
  const auto width = static_cast<double>(frame.width);
  const auto height = static_cast<double>(frame.height);
  if (result.peak) result.peak = Point{result.peak->x * width, result.peak->y * height};
  for (ScoredBox& scored : result.boxes) scored.box = chestmap::scaled(scored.box, width, height);
  return result;
}

}  // namespace

LocalizationMethod centre_box_control(const Dataset& dataset, std::span<const std::size_t> boxed,
                                      std::size_t findings) {
  LocalizationMethod method{"fixed centre box", true, false, {}};
  method.results.reserve(boxed.size() * findings);
  for (const std::size_t record : boxed) {
    const auto width = static_cast<double>(dataset.records[record].frame.width);
    const auto height = static_cast<double>(dataset.records[record].frame.height);
    const Box box{width / 4.0, height / 4.0, width / 2.0, height / 2.0};
    const FindingLocalization result{Point{width / 2.0, height / 2.0}, {{box, 1.0}}};
    method.results.insert(method.results.end(), findings, result);
  }
  return method;
}

LocalizationMethod random_map_control(const Dataset& dataset, std::span<const std::size_t> boxed,
                                      std::span<const BoxRule> rules, std::uint64_t seed,
                                      std::uint64_t draw) {
  LocalizationMethod method{
      draw == 0 ? "random map" : fmt::format("random map {}", draw + 1), true, false, {}};
  // The maps that are needed, boxed in a frame of side 1.
  std::map<std::uint64_t, std::size_t> places;
  for (const std::size_t record : boxed)
    places.try_emplace(map_of(dataset.records[record]), places.size());
  const std::vector<std::pair<std::uint64_t, std::size_t>> needed(places.begin(), places.end());
  std::vector<FindingLocalization> drawn(needed.size() * rules.size());
  const std::vector<Interpolation> taps = fine_cells();
  parallel_for(needed.size(), available_cores(), [&](std::size_t n) {
    const auto [number, place] = needed[n];
    for (std::size_t finding = 0; finding < rules.size(); ++finding) {
      const std::vector<float> values = random_map(RandomStream{seed, draw, number, finding}, taps);
      const MapView map{values.data(), kFine, kFine, 1.0, 1.0};
      drawn[place * rules.size() + finding] = {peak_of_map(map),
                                               boxes_from_map(map, rules[finding])};
    }
  });
  method.results.reserve(boxed.size() * rules.size());
  for (const std::size_t record : boxed) {
    const Record& image = dataset.records[record];
    const std::size_t place = places.at(map_of(image));
    for (std::size_t finding = 0; finding < rules.size(); ++finding)
      method.results.push_back(in_frame(drawn[place * rules.size() + finding], image.frame));
  }
  return method;
}

}  // namespace chestmap
