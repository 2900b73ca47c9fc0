#include "weights/random_model.h"

#include <cmath>
#include <deque>
#include <span>
#include <vector>

#include "base/random.h"
#include "weights/backbone_layout.h"
#include "weights/model_spec.h"
#include "weights/safetensors.h"
#include "weights/stage_shapes.h"

namespace chestmap {

namespace {

constexpr std::int64_t kFindings = 14;

/// Tensors that are written; views of their values stay where they are.
class RandomTensors {
 public:
  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t count = 1;
    for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
    std::vector<float>& values = values_.emplace_back(count, name.ends_with("var") ? 1.0F : 0.0F);
    if (shape.size() == 4) {
      RandomStream random({values_.size()});
      const double inputs = static_cast<double>(count) / static_cast<double>(shape[0]);
      for (float& value : values)
        value = static_cast<float>(random.normal(0.0, std::sqrt(2.0 / inputs)));
    } else if (name.ends_with("weight")) {  // of a normalisation
      values.assign(count, 1.0F);
    }
    views_.push_back({name, "F32", shape, std::as_bytes(std::span(values))});
  }

  /// A counter of training.
  void add_counter(const std::string& name) {
    static constexpr std::int64_t kNone = 0;
    views_.push_back({name, "I64", {}, std::as_bytes(std::span(&kNone, 1))});
  }

  [[nodiscard]] const std::vector<TensorView>& views() const noexcept { return views_; }

 private:
  std::deque<std::vector<float>> values_;
  std::vector<TensorView> views_;
};

}  // namespace

void write_random_model(const std::filesystem::path& file, const std::string& backbone,
                        std::int64_t size) {
  ModelSpec spec;
  spec.backbone = backbone;
  spec.stages = {1, 2, 3, 4};
  spec.input_size = size;
  spec.normalise_maps = false;
  spec.box_rule_provenance = "not fitted";
  spec.provenance = {{"weights", "random, for benchmarks alone"}};
  for (std::int64_t f = 1; f <= kFindings; ++f)
    spec.findings.push_back("Finding " + std::to_string(f));

  RandomTensors tensors;
  const BackboneLayout& layout = backbone_layout(backbone);
  for (const ExpectedTensor& tensor : backbone_tensors(layout, spec.input_channels))
    if (tensor.whole)
      tensors.add_counter(tensor.name);
    else
      tensors.add(tensor.name, tensor.shape);
  std::int64_t stages = 0;
  for (const StageShape& stage : stage_shapes(layout)) {
    const std::string classifier = "head.classifier" + std::to_string(++stages);
    tensors.add(classifier + ".weight", {kFindings, stage.channels, 1, 1});
    tensors.add(classifier + ".bias", {kFindings});
  }
  tensors.add("head.relevance", {kFindings, stages});
  write_safetensors(file, tensors.views(), spec.to_metadata());
}

}  // namespace chestmap
