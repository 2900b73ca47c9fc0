#include "backend_torch/torch_backend.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <algorithm>
#include <utility>

#include "nn/device.h"
#include "nn/model.h"

namespace chestmap {

namespace {

ImageF to_image(const at::Tensor& map) {
  ImageF image(static_cast<std::size_t>(map.size(1)), static_cast<std::size_t>(map.size(0)));
  const at::Tensor values = map.to(at::kFloat).cpu().contiguous();
  std::copy_n(values.data_ptr<float>(), image.pixels().size(), image.pixels().begin());
  return image;
}

FeatureMaps to_feature_maps(const at::Tensor& features) {
  FeatureMaps maps{static_cast<std::size_t>(features.size(1)),
                   static_cast<std::size_t>(features.size(2)),
                   static_cast<std::size_t>(features.size(3)),
                   {}};
  const at::Tensor values = features.detach().to(at::kFloat).cpu().contiguous();
  maps.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  return maps;
}

class TorchDifferentiated : public Differentiated {
 public:
  /// `batch` holds one image.
  TorchDifferentiated(Model& model, at::Tensor batch) : image_(std::move(batch)) {
    const at::AutoGradMode with_gradient(true);
    // The graph begins at the image, so that it holds the features whatever parameters are frozen.
    stages_ = model.features(image_.requires_grad_());
    const HeadOutput output = model.head().forward(stages_);
    logits_ = output.logits[0];
    stage_maps_ = output.stage_maps;
    for (const at::Tensor& stage : stages_) features_.push_back(to_feature_maps(stage));
  }

  const std::vector<FeatureMaps>& features() const override { return features_; }

  std::vector<FeatureMaps> gradients(std::size_t finding) override {
    const at::AutoGradMode with_gradient(true);
    const auto gradients = torch::autograd::grad({logits_[static_cast<std::int64_t>(finding)]},
                                                 stages_, {}, /*retain_graph=*/true);
    std::vector<FeatureMaps> results;
    for (const at::Tensor& gradient : gradients) results.push_back(to_feature_maps(gradient));
    return results;
  }

  ImageF input_gradient(std::size_t stage, std::size_t finding, std::size_t cell) override {
    const at::AutoGradMode with_gradient(true);
    const at::Tensor value = stage_maps_[stage][0][static_cast<std::int64_t>(finding)]
                                 .flatten()[static_cast<std::int64_t>(cell)];
    return to_image(torch::autograd::grad({value}, {image_}, {}, /*retain_graph=*/true)[0][0]);
  }

 private:
  at::Tensor image_;
  std::vector<at::Tensor> stages_;
  std::vector<at::Tensor> stage_maps_;
  at::Tensor logits_;
  std::vector<FeatureMaps> features_;
};

class TorchBackend : public Backend {
 public:
  TorchBackend(std::shared_ptr<Model> model, c10::Device device)
      : model_(std::move(model)), device_(device), grids_(model_->grids()) {
    model_->to(device_);
    const at::NoGradGuard no_gradient;
    const at::Tensor alpha = model_->head().relevance().cpu().contiguous();
    const auto values = alpha.accessor<float, 2>();
    for (std::int64_t f = 0; f < alpha.size(0); ++f) {
      relevance_.emplace_back();
      for (std::int64_t s = 0; s < alpha.size(1); ++s)
        relevance_.back().push_back(static_cast<double>(values[f][s]));
    }
  }

  const ModelSpec& spec() const override { return model_->spec(); }
  const std::vector<Grid>& grids() const override { return grids_; }
  const std::vector<std::vector<double>>& relevance() const override { return relevance_; }

  std::size_t threads() const override { return static_cast<std::size_t>(at::get_num_threads()); }

  /// One image leaves most of a GPU idle.
  std::size_t together() const override { return device_.is_cpu() ? 1 : 8; }

  std::vector<Inference> infer(std::span<const ImageF> images) override {
    const at::NoGradGuard no_gradient;
    const HeadOutput output = model_->forward(stack(images));
    const at::Tensor logits = output.logits.cpu().contiguous();
    std::vector<at::Tensor> maps;
    for (const at::Tensor& stage : output.stage_maps) maps.push_back(stage.cpu());
    std::vector<Inference> results(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      const float* begin = logits[row].data_ptr<float>();
      results[i].logits.assign(begin, begin + logits.size(1));
      for (const at::Tensor& stage : maps) {
        results[i].stage_maps.emplace_back();
        for (std::int64_t f = 0; f < logits.size(1); ++f)
          results[i].stage_maps.back().push_back(to_image(stage[row][f]));
      }
    }
    return results;
  }

  std::unique_ptr<Differentiated> differentiate(const ImageF& image) override {
    return std::make_unique<TorchDifferentiated>(*model_, stack({&image, 1}));
  }

 private:
  [[nodiscard]] at::Tensor stack(std::span<const ImageF> images) const {
    const std::int64_t side = spec().input_size;
    at::Tensor batch =
        at::empty({static_cast<std::int64_t>(images.size()), side, side}, at::kFloat);
    float* out = batch.data_ptr<float>();
    for (const ImageF& image : images) out = std::copy_n(image.pixels().begin(), side * side, out);
    return batch.to(device_);
  }

  std::shared_ptr<Model> model_;
  c10::Device device_;
  std::vector<Grid> grids_;
  std::vector<std::vector<double>> relevance_;
};

}  // namespace

std::unique_ptr<Backend> make_torch_backend(std::shared_ptr<Model> model, const std::string& device,
                                            std::int64_t threads) {
  const c10::Device place = prepare_device(device, threads);
  return std::make_unique<TorchBackend>(std::move(model), place);
}

std::unique_ptr<Backend> make_torch_backend(const std::filesystem::path& file,
                                            const std::string& device, std::int64_t threads) {
  const c10::Device place = prepare_device(device, threads);
  return std::make_unique<TorchBackend>(load_model(file), place);
}

}  // namespace chestmap
