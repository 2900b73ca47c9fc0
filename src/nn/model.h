#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "nn/backbone.h"
#include "nn/batch_norm.h"
#include "nn/multiscale_head.h"
#include "nn/pyramid.h"
#include "weights/model_spec.h"

namespace chestmap {

/// Backbone, optional pyramid and multiscale head. The backbone's tensors keep torchvision's names
/// at the top level; the head's begin with `head.`, the pyramid's with `pyramid.`.
class Model : public torch::nn::Module {
 public:
  /// Random weights, from torch's generator. Throws UserError for a stage that the backbone does
  /// not have.
  explicit Model(ModelSpec spec);

  /// `images` is N x H x W of grey values in [0, 1]; they are normalised here.
  /// N may be 0 where the norms are synchronised: the output has no rows then, and the same
  /// operations are done.
  [[nodiscard]] HeadOutput forward(const at::Tensor& images, const at::Tensor& stage_keep = {});
  /// The features that the head reads, one tensor a used stage: `forward` in two steps, for
  /// gradients at a stage.
  [[nodiscard]] std::vector<at::Tensor> features(const at::Tensor& images);

  /// Keeps the backbone's tensors of these stages (from 1; the stem belongs to the first) as they
  /// are: their parameters take no gradient, and their batch norms use and keep their stored
  /// statistics in training too. Throws UserError for a stage that the backbone does not have.
  void freeze_stages(const std::vector<std::int64_t>& stages);
  /// The batch norms take their training statistics from all processes that train together.
  void synchronise_norms(const SumOverRanks& sum);
  /// Running means and variances of the batch norms that are trained: what processes whose norms
  /// are not synchronised see differently.
  [[nodiscard]] std::vector<at::Tensor> trained_statistics() const;
  /// As torch's, but for the batch norms of frozen stages, which stay in evaluation mode.
  void train(bool on = true) override;

  [[nodiscard]] const ModelSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] ModelSpec& spec() noexcept { return spec_; }
  [[nodiscard]] Backbone& backbone() noexcept { return *backbone_; }
  [[nodiscard]] MultiscaleHead& head() noexcept { return *head_; }
  /// Grids of the stages used, shallow to deep.
  [[nodiscard]] std::vector<Grid> grids() const;

 private:
  /// In the parameters' precision, whatever autocast made of the features.
  [[nodiscard]] HeadOutput head_of(std::vector<at::Tensor> features, const at::Tensor& stage_keep);
  [[nodiscard]] HeadOutput forward_of_none(const at::Tensor& images, const at::Tensor& stage_keep);

  ModelSpec spec_;
  std::shared_ptr<Backbone> backbone_;
  std::shared_ptr<Pyramid> pyramid_;
  std::shared_ptr<MultiscaleHead> head_;
  std::vector<std::shared_ptr<torch::nn::Module>> frozen_norms_;
};

/// Every parameter and buffer under its name in the file, in a fixed order. They share memory with
/// the model.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
[[nodiscard]] std::vector<NamedTensor> named_state(const Model& model);

void save_model(const Model& model, const std::filesystem::path& file);
/// On the CPU, in evaluation mode. A missing, unexpected or misshapen tensor is a UserError that
/// lists them by name.
[[nodiscard]] std::shared_ptr<Model> load_model(const std::filesystem::path& file);

}  // namespace chestmap
