#pragma once

#include <optional>
#include <string>
#include <vector>

#include "geometry/box.h"
#include "image/codec.h"
#include "image/colormap.h"
#include "image/image.h"

namespace chestmap {

/// A box in the overlay's frame with the text that stands at its corner (may be empty).
struct OverlayBox {
  Box box;
  std::string label;
};

/// The radiograph as it is drawn behind overlays, resized once for all of them. It
/// keeps its aspect. Throws std::invalid_argument where it is empty and for a side of 0.
struct Backdrop {
  explicit Backdrop(const GreyImage& radiograph, std::size_t longer_side = 768);

  std::size_t side;      ///< the longer one as drawn, in pixels
  ImageSize radiograph;  ///< its own size
  Image8 grey;           ///< as drawn
};

/// What is drawn over a radiograph for one finding.
struct Overlay {
  std::string finding;
  std::optional<double> probability;  ///< in [0, 1]
  /// Covers the whole radiograph, whatever its resolution; empty means no map.
  ImageF map;
  ColorScale scale;                   ///< absolute, of the map's values
  std::optional<double> threshold;    ///< nothing of the map is drawn below it
  std::optional<double> contour;      ///< a line where the map crosses this level
  std::string scale_title = "score";  ///< what the map's values are, beside the colour bar
  std::vector<OverlayBox> predicted;  ///< solid
  std::vector<OverlayBox> truth;      ///< dashed
  /// The frame of the boxes, in pixels; zero means the radiograph's own size.
  double frame_width = 0.0;
  double frame_height = 0.0;
  double opacity = 0.45;  ///< of the map, in [0, 1]
};

/// The radiograph with the overlay, and to its right a panel, about a third of its side wide, with
/// the finding, its probability, the colour bar with its numbers, the meaning of the lines and
/// "Research use only". Throws std::invalid_argument for a scale without extent.
[[nodiscard]] ImageRgb draw_overlay(const Backdrop& backdrop, const Overlay& overlay);

/// Finds and loads the fonts, which the first overlay would do otherwise: for a thread that has
/// nothing else to do before.
void load_overlay_fonts();

}  // namespace chestmap
