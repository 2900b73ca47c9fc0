#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "backend_torch/torch_backend.h"
#include "localize/attention.h"
#include "nn/model.h"
#include "weights/backbone_layout.h"
#include "weights/calibration.h"
#include "weights/safetensors.h"

namespace chestmap::test {

/// How a test of one backbone is called: gtest takes no dashes.
inline std::string backbone_test_name(const testing::TestParamInfo<std::string>& backbone) {
  std::string name = backbone.param;
  std::erase(name, '-');
  return name;
}

/// An image of waves and a bright disc, another one for each `number`.
inline ImageF wavy_image(std::size_t side, std::size_t number) {
  ImageF image(side, side);
  const auto scale = static_cast<double>(side);
  for (std::size_t y = 0; y < side; ++y)
    for (std::size_t x = 0; x < side; ++x) {
      const double u = static_cast<double>(x) / scale;
      const double v = static_cast<double>(y) / scale;
      const double wave = std::sin(static_cast<double>(7 + 5 * number) * u) *
                          std::cos(static_cast<double>(11 - number) * v);
      const bool disc = std::hypot(u - 0.3, v - 0.6) < 0.1 * static_cast<double>(number + 1);
      image.at(x, y) = static_cast<float>(0.4 + 0.3 * wave + (disc ? 0.3 : 0.0));
    }
  return image;
}

/// A model of random weights whose batch normalisations have the statistics of such images, moved a
/// little, so that none is trivial and nothing vanishes or grows beyond measure.
inline void write_random_model(const ModelSpec& spec, const std::filesystem::path& file) {
  torch::manual_seed(7);
  const auto network = std::make_shared<Model>(spec);
  Model& model = *network;
  const at::NoGradGuard no_gradient;
  for (const auto& module : model.modules())
    if (auto* norm = module->as<BatchNorm2d>()) norm->options.momentum(1.0);
  model.train();
  std::vector<at::Tensor> images;
  for (std::size_t i = 0; i < 6; ++i) {
    const ImageF image = wavy_image(static_cast<std::size_t>(spec.input_size), i);
    images.push_back(at::empty({spec.input_size, spec.input_size}));
    std::copy(image.pixels().begin(), image.pixels().end(), images.back().data_ptr<float>());
  }
  (void)model.forward(at::stack(images));
  for (const auto& item : model.named_parameters())
    if (item.value().dim() == 1) item.value().add_(at::randn_like(item.value()) * 0.1);
  for (const auto& item : model.named_buffers())
    if (item.key().ends_with("running_mean")) item.value().add_(at::randn_like(item.value()) * 0.1);
  for (const auto& item : model.named_parameters())
    if (item.key() == "head.relevance") item.value().normal_();
  for (const auto& item : model.named_parameters())
    if (item.key() == "head.gain" || item.key() == "head.bias")
      item.value().add_(0.2 * at::randn_like(item.value()));
  model.eval();
  save_model(model, file);
}

/// The tensors of a safetensors file, gathered.
class TensorFile {
 public:
  /// One image's share of a tensor of `shape`, whose first side counts the images.
  void append(const std::string& name, std::vector<std::int64_t> shape_of_one,
              std::span<const float> values) {
    for (Entry& entry : entries_)
      if (entry.name == name) {
        ++entry.shape[0];
        entry.values.insert(entry.values.end(), values.begin(), values.end());
        return;
      }
    shape_of_one.insert(shape_of_one.begin(), 1);
    entries_.push_back({name, std::move(shape_of_one), {values.begin(), values.end()}});
  }

  void write(const std::filesystem::path& file) const {
    std::vector<TensorView> views;
    for (const Entry& entry : entries_)
      views.push_back({entry.name, "F32", entry.shape, std::as_bytes(std::span(entry.values))});
    write_safetensors(file, views, {});
  }

 private:
  struct Entry {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };
  std::vector<Entry> entries_;
};

inline std::vector<float> joined(const std::vector<ImageF>& maps) {
  std::vector<float> values;
  for (const ImageF& map : maps)
    values.insert(values.end(), map.pixels().begin(), map.pixels().end());
  return values;
}

/// What chestmap's own back end says of three images, under the names of the export's outputs.
inline void write_reference(const std::filesystem::path& model, std::size_t resolution,
                            const std::filesystem::path& file) {
  const auto backend = make_torch_backend(model, "cpu", 1);
  const ModelSpec& spec = backend->spec();
  const auto side = static_cast<std::size_t>(spec.input_size);
  if (resolution == 0) resolution = side;
  std::vector<ImageF> images;
  for (std::size_t i = 0; i < 3; ++i) images.push_back(wavy_image(side, i));
  const std::vector<Inference> inferences = backend->infer(images);
  const auto findings = static_cast<std::int64_t>(spec.findings.size());
  const auto length = [](std::size_t n) { return static_cast<std::int64_t>(n); };

  TensorFile reference;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Inference& inference = inferences[i];
    reference.append("image", {1, length(side), length(side)}, images[i].pixels());
    reference.append("logits", {findings}, inference.logits);
    std::vector<float> probabilities;
    std::vector<ImageF> attention;
    for (std::size_t f = 0; f < spec.findings.size(); ++f) {
      probabilities.push_back(
          static_cast<float>(probability_of(spec, f, static_cast<double>(inference.logits[f]))));
      attention.push_back(attention_map(*backend, inference, f, resolution));
    }
    reference.append("probabilities", {findings}, probabilities);
    reference.append("attention_map", {findings, length(resolution), length(resolution)},
                     joined(attention));
    for (std::size_t s = 0; s < spec.stages.size(); ++s) {
      const std::vector<ImageF>& maps = inference.stage_maps[s];
      reference.append("stage_map_" + std::to_string(spec.stages[s]),
                       {findings, length(maps[0].height()), length(maps[0].width())}, joined(maps));
    }
  }
  reference.write(file);
}

}  // namespace chestmap::test
