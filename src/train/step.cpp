#include "train/step.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "nn/autocast.h"

namespace chestmap {

TrainingStep::TrainingStep(Model& model, Optimizer& optimizer, WeightAverage& average,
                           BalancedLoss loss, Communicator& ranks, GradientBuckets* buckets,
                           const TrainOptions& options)
    : model_(model),
      optimizer_(optimizer),
      average_(average),
      loss_(std::move(loss)),
      ranks_(ranks),
      buckets_(buckets),
      options_(options) {}

at::Tensor TrainingStep::loss_of(const HeadOutput& output, const StepInput& input) {
  const LabelCounts& counts = input.counts;
  at::Tensor loss = loss_.mean(output.logits, input.labels, counts);
  const auto stages = output.stage_logits.size(-1);
  if (stages > 1 && (options_.auxiliary_loss > 0 || model_.spec().relevance == "evidence")) {
    std::vector<at::Tensor> losses;
    std::vector<at::Tensor> by_finding;
    for (std::int64_t s = 0; s < stages; ++s) {
      const at::Tensor logits = output.stage_logits.select(-1, s);
      losses.push_back(loss_.mean(logits, input.labels, counts));
      by_finding.push_back(loss_.per_finding(logits, input.labels, counts));
    }
    if (options_.auxiliary_loss > 0)
      loss = loss + options_.auxiliary_loss * at::stack(losses).mean();
    if (model_.spec().relevance == "evidence") {
      const at::NoGradGuard no_gradient;
      const at::Tensor observed = at::stack(by_finding, -1);
      ranks_.sum(observed);
      model_.head().observe(observed);
    }
  }
  if (stages > 1 && options_.agreement_loss > 0)
    loss = loss + options_.agreement_loss *
                      model_.head().disagreement(output, input.labels, counts.positives.sum());
  if (options_.relevance_entropy != 0.0) {
    const at::Tensor alpha = model_.head().relevance();
    const at::Tensor entropy = -(alpha * alpha.clamp_min(1e-8).log()).sum(-1).mean();
    loss = loss + options_.relevance_entropy / ranks_.ranks() * entropy;
  }
  return loss;
}

at::Tensor TrainingStep::run(const StepInput& input) {
  optimizer_.clear_gradients();
  if (buckets_ != nullptr) buckets_->start();
  at::Tensor loss;
  {
    const Autocast rounded(input.images.device(), options_.precision == "bfloat16");
    loss = loss_of(model_.forward(input.images, input.stage_keep), input);
  }
  loss.backward();
  if (buckets_ != nullptr) buckets_->finish();
  if (options_.gradient_clip > 0) optimizer_.clip_gradients(options_.gradient_clip);
  optimizer_.step();
  average_.update();
  return loss.detach();
}

}  // namespace chestmap
