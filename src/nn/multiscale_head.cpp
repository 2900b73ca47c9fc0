#include "nn/multiscale_head.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>

#include <cmath>
#include <string>
#include <utility>

#include "nn/resample.h"

namespace chestmap {

namespace {

// Running loss of relevance "evidence": a batch moves it by 1%. The temperature is the loss
// difference (in nats, under the balanced loss) that makes one stage e times as relevant as
// another.
constexpr double kEvidenceMomentum = 0.01;
constexpr double kEvidenceTemperature = 0.05;

/// Start value of a stage's gain under map normalisation. Pooling that favours peaks sees the maps
/// through it, so that r times the gain sets how much of a map the gradients reach. The many cells
/// of a shallow map hold values far above its deviation: at a gain of 1 log-sum-exp with r = 5 is
/// their maximum, and nothing is learned from one cell. The few cells of a deep map cannot: at 0.2
/// log-sum-exp is their average, and the stage learns to classify by a map that is level and points
/// nowhere (docs/method.md). 0.2 at stride 4 and 0.95 at stride 32.
double initial_gain(const Grid& grid) { return 0.2 * std::pow(grid.stride / 4.0, 0.75); }

}  // namespace

MultiscaleHead::MultiscaleHead(const ModelSpec& spec, std::vector<StageShape> shapes)
    : spec_(spec), pooling_(pooling_of(spec.pooling)), shapes_(std::move(shapes)) {
  const auto findings = static_cast<std::int64_t>(spec.findings.size());
  const auto stages = static_cast<std::int64_t>(shapes_.size());
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const std::string number = std::to_string(spec.stages[s]);
    torch::nn::Conv2d classifier(
        torch::nn::Conv2dOptions(shapes_[s].channels, findings, 1).bias(!spec.normalise_maps));
    torch::nn::init::normal_(classifier->weight, 0.0,
                             1.0 / std::sqrt(static_cast<double>(shapes_[s].channels)));
    if (!spec.normalise_maps) torch::nn::init::zeros_(classifier->bias);
    classifiers_.push_back(register_module("classifier" + number, classifier));
    if (spec.normalise_maps)
      norms_.push_back(register_module(
          "norm" + number, BatchNorm2d(torch::nn::BatchNormOptions(findings).affine(false))));
  }
  if (spec.normalise_maps) {
    std::vector<float> gains;
    for (const StageShape& shape : shapes_)
      gains.push_back(static_cast<float>(std::log(initial_gain(shape.grid))));
    gain_ = register_parameter("gain", at::tensor(gains).repeat({findings, 1}));
    bias_ = register_parameter("bias", at::zeros({findings, stages}));
  }
  const at::Tensor start = at::zeros({spec.relevance == "shared" ? 1 : findings, stages});
  const bool trained = spec.relevance == "learned" || spec.relevance == "shared";
  relevance_ =
      trained ? register_parameter("relevance", start) : register_buffer("relevance", start);
  if (spec.relevance == "evidence")
    evidence_ = register_buffer("evidence", at::zeros({findings, stages}));
}

at::Tensor MultiscaleHead::relevance() const {
  return at::softmax(relevance_, -1).expand({static_cast<std::int64_t>(spec_.findings.size()), -1});
}

void MultiscaleHead::observe(const at::Tensor& stage_losses) {
  if (spec_.relevance != "evidence") return;
  const at::Tensor known = stage_losses.detach();
  // The first observation of a finding replaces the zeros that the buffer starts from.
  const at::Tensor step = at::where(evidence_ == 0, at::ones_like(evidence_),
                                    at::full_like(evidence_, kEvidenceMomentum));
  evidence_.copy_(at::where(known.isnan(), evidence_, evidence_ + step * (known - evidence_)));
  relevance_.copy_(-evidence_ / kEvidenceTemperature);
}

HeadOutput MultiscaleHead::forward(const std::vector<at::Tensor>& features,
                                   const at::Tensor& stage_keep) {
  HeadOutput output;
  std::vector<at::Tensor> stage_logits;
  for (std::size_t s = 0; s < features.size(); ++s) {
    at::Tensor maps = classifiers_[s](features[s]).contiguous();
    if (spec_.normalise_maps) {
      const auto of_stage = [s](const at::Tensor& values) {
        return values.select(-1, static_cast<std::int64_t>(s)).view({1, -1, 1, 1});
      };
      maps = norms_[s](maps) * of_stage(gain_).exp() + of_stage(bias_);
    }
    stage_logits.push_back(pool(maps, pooling_, spec_.lse_r));
    output.stage_maps.push_back(std::move(maps));
  }
  output.stage_logits = at::stack(stage_logits, -1);

  output.alpha = relevance().unsqueeze(0);
  if (stage_keep.defined()) {
    output.alpha = output.alpha * stage_keep.unsqueeze(1);
    output.alpha = output.alpha / output.alpha.sum(-1, true);
  }
  output.logits = spec_.fusion == "scores" ? (output.alpha * output.stage_logits).sum(-1)
                                           : attention_logits(output);
  return output;
}

at::Tensor MultiscaleHead::disagreement(const HeadOutput& output, const at::Tensor& labels,
                                        const at::Tensor& positives) const {
  const at::Tensor positive = (labels == 1).to(output.logits.scalar_type());
  const at::Tensor& deepest = output.stage_maps.back();
  const std::int64_t finer_stages = output.alpha.size(-1) - 1;
  // The finer maps teach where, and are not taught by the deepest: hence no gradient.
  const at::Tensor weights = output.alpha.detach().narrow(-1, 0, finer_stages);
  at::Tensor finer;
  for (std::int64_t s = 0; s < finer_stages; ++s) {
    const at::Tensor peaks =
        std::get<0>(at::adaptive_max_pool2d(output.stage_maps[static_cast<std::size_t>(s)].detach(),
                                            {deepest.size(2), deepest.size(3)}));
    const at::Tensor part = weights.select(-1, s).unsqueeze(-1).unsqueeze(-1) * peaks;
    finer = s == 0 ? part : finer + part;
  }
  // Stage dropout may have left the deepest alone.
  finer = finer / weights.sum(-1).clamp_min(1e-6).unsqueeze(-1).unsqueeze(-1);
  const at::Tensor expected = at::log_softmax(finer.flatten(2), -1);
  const at::Tensor own = at::log_softmax(deepest.flatten(2), -1);
  const at::Tensor divergence = (expected.exp() * (expected - own)).sum(-1);
  return (divergence * positive).sum() / positives.clamp_min(1);
}

at::Tensor MultiscaleHead::attention_logits(const HeadOutput& output) const {
  const std::vector<at::Tensor>& maps = output.stage_maps;
  at::Tensor attention;
  for (std::size_t s = 0; s < maps.size(); ++s) {
    const at::Tensor weight =
        output.alpha.select(-1, static_cast<std::int64_t>(s)).unsqueeze(-1).unsqueeze(-1);
    attention = s == 0 ? weight * maps[0]
                       : attention + weight * resample(maps[s], shapes_[s].grid, shapes_[0].grid,
                                                       maps[0].size(2), maps[0].size(3));
  }
  return pool(attention, pooling_, spec_.lse_r);
}

}  // namespace chestmap
