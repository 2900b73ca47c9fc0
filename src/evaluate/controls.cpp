#include "evaluate/controls.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "geometry/grid.h"

namespace chestmap {

namespace {

constexpr std::size_t kCoarse = 7;
constexpr std::size_t kFine = 56;

/// FNV-1a, so that an image's maps do not depend on its place in the list.
std::uint64_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// kFine x kFine values that interpolate a coarse grid of normal ones.
std::vector<float> random_map(RandomStream stream) {
  std::vector<double> coarse(kCoarse * kCoarse);
  for (double& value : coarse) value = stream.normal();
  const double stride = static_cast<double>(kFine) / static_cast<double>(kCoarse);
  const std::vector<Interpolation> taps = interpolate(
      Grid{stride, stride / 2.0}, kCoarse, even_centres(kFine, static_cast<double>(kFine)));
  const auto along_row = [&](std::size_t row, const Interpolation& tap) {
    const double* cells = &coarse[row * kCoarse + tap.first];
    return tap.weight > 0.0 ? (1.0 - tap.weight) * cells[0] + tap.weight * cells[1] : cells[0];
  };
  std::vector<float> fine;
  fine.reserve(kFine * kFine);
  for (const Interpolation& down : taps)
    for (const Interpolation& across : taps) {
      const double upper = along_row(down.first, across);
      const double value = down.weight > 0.0 ? (1.0 - down.weight) * upper +
                                                   down.weight * along_row(down.first + 1, across)
                                             : upper;
      fine.push_back(static_cast<float>(value));
    }
  return fine;
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
  method.results.resize(boxed.size() * rules.size());
  const auto draw_image = [&](std::size_t i) {
    const Record& image = dataset.records[boxed[i]];
    for (std::size_t finding = 0; finding < rules.size(); ++finding) {
      const std::vector<float> values =
          random_map(RandomStream{seed, draw, hash_of(image.image), finding});
      const MapView map{values.data(), kFine, kFine, static_cast<double>(image.frame.width),
                        static_cast<double>(image.frame.height)};
      method.results[i * rules.size() + finding] = {peak_of_map(map),
                                                    boxes_from_map(map, rules[finding])};
    }
  };
  parallel_for(boxed.size(), available_cores(), draw_image);
  return method;
}

}  // namespace chestmap
