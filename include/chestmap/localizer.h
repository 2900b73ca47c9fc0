#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chestmap {

/// A trained model for programs that embed chestmap: a radiograph in, findings with probability,
/// attention map and boxes out. Link the CMake target `chestmap_embed`; no header but this one is
/// needed. Research use only: not for clinical decisions.
///
///   chestmap::Localizer localizer("runs/first/model.safetensors");
///   for (const auto& finding : localizer.localize(pixels, width, height))
///     std::cout << finding.name << ' ' << finding.probability << '\n';
///
/// Errors that a user can mend (no such file, not a model, no such device) are std::runtime_error
/// with a text to show. An object is used by one thread at a time.
class Localizer {
 public:
  /// x right, y down, in pixels of the radiograph; [x, x + width) x [y, y + height).
  struct Box {
    double x = 0.0;
    double y = 0.0;
    double width = 0.0;
    double height = 0.0;
    double score = 0.0;  ///< the map's peak within the box, in calibrated logits
  };

  /// What the model says of one finding.
  struct Finding {
    std::string name;
    double probability = 0.0;         ///< calibrated where the model is
    std::optional<double> threshold;  ///< seen from this probability on; where one was fitted
    std::vector<float> map;  ///< attention map in calibrated logits: map_side x map_side cells over
                             ///< the whole radiograph, row by row
    std::size_t map_side = 0;
    double peak_x = 0.0;  ///< where the map is highest, in pixels of the radiograph
    double peak_y = 0.0;
    std::vector<Box> boxes;  ///< best first
  };

  /// `device` is "cpu", or, where this was built with libtorch, "cuda" or "cuda:N"; `threads` 0
  /// takes every core.
  explicit Localizer(const std::filesystem::path& model, const std::string& device = "cpu",
                     int threads = 0);
  ~Localizer();
  Localizer(Localizer&& other) noexcept;
  Localizer& operator=(Localizer&& other) noexcept;

  [[nodiscard]] const std::vector<std::string>& findings() const noexcept;

  /// Every finding of the model, in its order. `pixels` holds width x height grey values in [0, 1],
  /// row by row, air dark and bone bright; std::invalid_argument where their number is another.
  [[nodiscard]] std::vector<Finding> localize(std::span<const float> pixels, std::size_t width,
                                              std::size_t height);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chestmap
