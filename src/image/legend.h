#pragma once

#include "image/canvas.h"
#include "image/overlay.h"
#include "image/overlay_style.h"

namespace chestmap {

/// Draws the panel of `overlay` into the canvas's columns from `left` on, over its whole `height`.
void draw_legend(Canvas& canvas, const Overlay& overlay, const OverlayStyle& style, double left,
                 double height);

/// Least height of the panel, in pixels.
[[nodiscard]] double legend_height(const OverlayStyle& style);

}  // namespace chestmap
