#include "nn/model.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "weights/backbone_layout.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

std::string file_name(const std::string& name) {
  // The backbone is a submodule here, but its tensors keep torchvision's names in the file.
  constexpr const char* kPrefix = "backbone.";
  return name.starts_with(kPrefix) ? name.substr(std::strlen(kPrefix)) : name;
}

const char* dtype_name(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kLong ? "I64" : "F32";
}

}  // namespace

Model::Model(ModelSpec spec) : spec_(std::move(spec)) {
  backbone_ = register_module("backbone", make_backbone(spec_.backbone, spec_.input_channels));
  std::vector<StageShape> shapes = used_stages(spec_.backbone, spec_.stages);
  if (spec_.head == "pyramid") {
    pyramid_ = register_module("pyramid", std::make_shared<Pyramid>(shapes));
    shapes = pyramid_->shapes();
  }
  head_ = register_module("head", std::make_shared<MultiscaleHead>(spec_, std::move(shapes)));
  // Channels-last is what the CPU's and the GPU's convolutions are fastest with.
  for (at::Tensor& parameter : parameters())
    if (parameter.dim() == 4)
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
}

std::vector<at::Tensor> Model::features(const at::Tensor& images) {
  at::Tensor x = ((images - spec_.pixel_mean) / spec_.pixel_deviation).unsqueeze(1);
  if (spec_.input_channels != 1) x = x.expand({-1, spec_.input_channels, -1, -1});
  const auto deepest = static_cast<std::size_t>(spec_.stages.back());
  std::vector<at::Tensor> all =
      backbone_->features(x.contiguous(at::MemoryFormat::ChannelsLast), deepest);
  std::vector<at::Tensor> used;
  for (const std::int64_t stage : spec_.stages)
    used.push_back(std::move(all[static_cast<std::size_t>(stage - 1)]));
  return pyramid_ ? pyramid_->forward(used) : used;
}

HeadOutput Model::forward(const at::Tensor& images, const at::Tensor& stage_keep) {
  if (images.size(0) == 0) return forward_of_none(images, stage_keep);
  return head_of(features(images), stage_keep);
}

HeadOutput Model::head_of(std::vector<at::Tensor> features, const at::Tensor& stage_keep) {
  // Logits differ in digits that bfloat16 does not have.
  const c10::impl::ExcludeDispatchKeyGuard single_precision(c10::autocast_dispatch_keyset);
  const at::ScalarType type = head_->parameters().front().scalar_type();
  for (at::Tensor& feature : features) feature = feature.to(type);
  return head_->forward(features, stage_keep);
}

HeadOutput Model::forward_of_none(const at::Tensor& images, const at::Tensor& stage_keep) {
  const auto count = [this](bool on) {
    for (const auto& module : modules())
      if (auto* norm = module->as<BatchNorm2d>()) norm->count_images(on);
  };
  count(false);
  // An image that does not count, in the same operations as everywhere: the exchanges of all
  // processes must come in one order.
  const at::Tensor blank = at::zeros({1, images.size(1), images.size(2)}, images.options());
  HeadOutput output =
      head_of(features(blank), stage_keep.defined()
                                   ? at::ones({1, stage_keep.size(1)}, stage_keep.options())
                                   : at::Tensor());
  count(true);
  const auto no_rows = [](const at::Tensor& rows) { return rows.narrow(0, 0, 0); };
  output.logits = no_rows(output.logits);
  output.stage_logits = no_rows(output.stage_logits);
  if (stage_keep.defined()) output.alpha = no_rows(output.alpha);
  for (at::Tensor& maps : output.stage_maps) maps = no_rows(maps);
  return output;
}

void Model::freeze_stages(const std::vector<std::int64_t>& stages) {
  const auto count = static_cast<std::int64_t>(backbone_->stages().size());
  for (const std::int64_t stage : stages)
    if (stage < 1 || stage > count)
      throw UserError(fmt::format("train.freeze_stages = [{}] names a stage that {} does not have",
                                  fmt::join(stages, ", "), spec_.backbone),
                      fmt::format("{} has the stages 1 to {}", spec_.backbone, count));
  std::set<std::string> frozen;
  for (const ExpectedTensor& tensor :
       backbone_tensors(backbone_layout(spec_.backbone), spec_.input_channels))
    if (std::find(stages.begin(), stages.end(), tensor.stage) != stages.end())
      frozen.insert(tensor.name);
  for (auto& item : backbone_->named_parameters())
    if (frozen.contains(item.key())) item.value().set_requires_grad(false);
  frozen_norms_.clear();
  for (const auto& item : backbone_->named_modules())
    if (frozen.contains(item.key() + ".running_mean")) frozen_norms_.push_back(item.value());
  train(is_training());
}

void Model::synchronise_norms(const SumOverRanks& sum) {
  for (const auto& module : modules())
    if (auto* norm = module->as<BatchNorm2d>()) norm->synchronise(sum);
}

std::vector<at::Tensor> Model::trained_statistics() const {
  std::vector<at::Tensor> statistics;
  for (const auto& module : modules()) {
    const auto* norm = module->as<BatchNorm2d>();
    if (norm == nullptr ||
        std::find(frozen_norms_.begin(), frozen_norms_.end(), module) != frozen_norms_.end())
      continue;
    statistics.push_back(norm->running_mean);
    statistics.push_back(norm->running_var);
  }
  return statistics;
}

void Model::train(bool on) {
  torch::nn::Module::train(on);
  for (const auto& norm : frozen_norms_) norm->train(false);
}

std::vector<Grid> Model::grids() const {
  std::vector<Grid> grids;
  for (const StageShape& shape : used_stages(spec_.backbone, spec_.stages))
    grids.push_back(shape.grid);
  return grids;
}

std::vector<NamedTensor> named_state(const Model& model) {
  std::vector<NamedTensor> state;
  for (const auto& item : model.named_parameters())
    state.push_back({file_name(item.key()), item.value()});
  for (const auto& item : model.named_buffers())
    state.push_back({file_name(item.key()), item.value()});
  return state;
}

void save_model(const Model& model, const std::filesystem::path& file) {
  std::vector<at::Tensor> keep;
  std::vector<TensorView> views;
  for (const NamedTensor& item : named_state(model)) {
    keep.push_back(item.tensor.detach().cpu().contiguous());
    const at::Tensor& tensor = keep.back();
    views.push_back({item.name,
                     dtype_name(tensor),
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()}});
  }
  write_safetensors(file, views, model.spec().to_metadata());
}

namespace {

std::shared_ptr<Model> build(ModelSpec spec, const std::filesystem::path& file) {
  try {
    return std::make_shared<Model>(std::move(spec));
  } catch (const UserError& error) {
    throw UserError(file.string() + ": " + error.what(), error.hint());
  }
}

}  // namespace

std::shared_ptr<Model> load_model(const std::filesystem::path& file) {
  const SafetensorsFile stored(file);
  std::shared_ptr<Model> model = build(ModelSpec::from_metadata(stored.metadata(), file), file);
  std::map<std::string, const TensorView*> by_name;
  for (const TensorView& tensor : stored.tensors()) by_name[tensor.name] = &tensor;

  std::vector<std::string> problems;
  const at::NoGradGuard no_gradient;
  for (const NamedTensor& item : named_state(*model)) {
    const auto found = by_name.find(item.name);
    if (found == by_name.end()) {
      problems.push_back(item.name + " is missing");
      continue;
    }
    const TensorView& view = *found->second;
    if (view.shape != item.tensor.sizes().vec() || view.dtype != dtype_name(item.tensor)) {
      problems.push_back(fmt::format("{} is {} [{}], {} [{}] was expected", item.name, view.dtype,
                                     fmt::join(view.shape, ", "), dtype_name(item.tensor),
                                     fmt::join(item.tensor.sizes().vec(), ", ")));
    } else {
      at::Tensor source = at::empty(item.tensor.sizes(), item.tensor.scalar_type());
      std::memcpy(source.data_ptr(), view.data.data(), view.data.size());
      item.tensor.detach().copy_(source);
    }
    by_name.erase(found);
  }
  for (const auto& [name, view] : by_name) problems.push_back(name + " is unexpected");
  if (!problems.empty())
    throw UserError(fmt::format("{} does not fit its own description: {}", file.string(),
                                fmt::join(problems, "; ")),
                    "the file was damaged or changed by another program");
  model->eval();
  return model;
}

}  // namespace chestmap
