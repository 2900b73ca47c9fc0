#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>
#include <vector>

#include "nn/backbone.h"
#include "nn/batch_norm.h"
#include "nn/pooling.h"
#include "weights/model_spec.h"

namespace chestmap {

/// What the head makes of one batch of N images, C findings, S stages.
struct HeadOutput {
  at::Tensor logits;        ///< N x C
  at::Tensor stage_logits;  ///< N x C x S: each stage's own logit from its own map
  at::Tensor alpha;         ///< 1 or N x C x S: the relevance that joined them, after stage dropout
  std::vector<at::Tensor>
      stage_maps;  ///< per stage N x C x H_s x W_s: class activation maps in logits
};

/// The multiscale head of Sedai et al. 2018 with this project's options (docs/method.md). Per stage
/// s a 1x1 convolution gives the class activation maps M_s^c; per finding c the layer relevance
/// alpha_s^c = softmax_s(beta_s^c) joins them:
///   maps:   y^c = pool(sum_s alpha_s^c Up(M_s^c))      scores: y^c = sum_s alpha_s^c pool(M_s^c)
/// With map normalisation M_s^c is batch-normalised without affine, per stage and finding, and then
/// takes a gain and a bias, per stage and finding, so that each stage's map is in logits of its
/// own: alpha joins maps of one unit.
class MultiscaleHead : public torch::nn::Module {
 public:
  /// `shapes` are those of the stages used, shallow to deep, matching `features` in `forward`.
  MultiscaleHead(const ModelSpec& spec, std::vector<StageShape> shapes);

  /// `stage_keep`, N x S of 0 and 1 with at least one 1 a row, leaves stages out with alpha
  /// renormalised over the rest (stage dropout); undefined keeps all.
  [[nodiscard]] HeadOutput forward(const std::vector<at::Tensor>& features,
                                   const at::Tensor& stage_keep = {});
  /// pool(sum_s alpha_s^c Up(M_s^c)), N x C: the attention map's own logit. On stages of one
  /// grid it is never above the one of fusion "scores" under a convex pooling (Jensen), and equal
  /// to it where their maps differ by no more than a constant.
  [[nodiscard]] at::Tensor attention_logits(const HeadOutput& output) const;
  /// How far the deepest stage points elsewhere than the finer ones (ours): over the positive
  /// labels of `labels` (N x C), the mean of KL(q | p), where p is the softmax over the cells of
  /// the deepest stage's map and q the one of the finer stages' maps, each taken by its maximum
  /// under a cell and joined by the relevance. Only the deepest map has a gradient. Needs two
  /// stages. `positives`, a scalar, is how many positive labels the mean is over: those of
  /// `labels`, or of the whole batch where these are a part of one.
  [[nodiscard]] at::Tensor disagreement(const HeadOutput& output, const at::Tensor& labels,
                                        const at::Tensor& positives) const;
  /// alpha, C x S; rows sum to 1.
  [[nodiscard]] at::Tensor relevance() const;
  /// Of relevance "evidence": moves each stage's running loss towards `stage_losses` (C x S, NaN
  /// where the batch says nothing) and sets alpha from it. Does nothing under another relevance.
  void observe(const at::Tensor& stage_losses);

 private:
  ModelSpec spec_;
  Pooling pooling_;
  std::vector<StageShape> shapes_;
  std::vector<torch::nn::Conv2d> classifiers_;
  std::vector<BatchNorm2d> norms_;
  at::Tensor relevance_;  // logits beta: C x S, 1 x S where shared
  at::Tensor evidence_;   // running loss, C x S
  at::Tensor gain_;       // C x S, logarithms
  at::Tensor bias_;       // C x S
};

}  // namespace chestmap
