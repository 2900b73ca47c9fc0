#pragma once

#include <vector>

#include "image/image.h"
#include "localize/backend.h"

namespace chestmap {

// Maps of one finding from a stage's features F_k and the gradients g_k = d logit / d F_k, on the
// stage's grid. None is negative. They are in no unit that compares between images, so that only
// their shape says something.

/// Grad-CAM (Selvaraju et al. 2017):  ReLU(sum_k w_k F_k)  with  w_k = mean of g_k over the cells.
[[nodiscard]] ImageF grad_cam(const FeatureMaps& features, const FeatureMaps& gradients);

/// Grad-CAM++ (Chattopadhay et al. 2018):  ReLU(sum_k w_k F_k)  with
///   w_k = sum over cells of a ReLU(g_k),   a = g_k^2 / (2 g_k^2 + g_k^3 sum over cells of F_k).
/// These are the paper's closed forms for the score exp(logit) less its factor exp(logit), which is
/// the same for all k. Features must not be negative.
[[nodiscard]] ImageF grad_cam_plus_plus(const FeatureMaps& features, const FeatureMaps& gradients);

/// LayerCAM (Jiang et al. 2021):  ReLU(sum_k ReLU(g_k) F_k), cell by cell.
[[nodiscard]] ImageF layer_cam(const FeatureMaps& features, const FeatureMaps& gradients);

/// LayerCAM's scaling before maps of several stages are fused:  tanh(2 M / max M). A map without a
/// positive value stays as it is.
[[nodiscard]] ImageF scaled_layer_cam(const ImageF& map);

/// The larger value, cell by cell; all maps have one size. LayerCAM fuses its scaled maps so.
[[nodiscard]] ImageF largest_of(const std::vector<ImageF>& maps);

}  // namespace chestmap
