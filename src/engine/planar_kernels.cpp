#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>

#include "engine/simple_kernels.h"

namespace chestmap::engine {

namespace {

/// What one channel becomes. `b` is null where there is no second input.
struct ChannelWork {
  std::int64_t height = 0;
  std::int64_t width = 0;
  const float* a = nullptr;
  const float* b = nullptr;
  float* out = nullptr;
  const PlanarOperation* operation = nullptr;
};

using Work = void (*)(const ChannelWork&);

template <typename Function>
void each(const ChannelWork& w, Function function) {
  for (std::int64_t i = 0; i < w.height * w.width; ++i) w.out[i] = function(w.a[i]);
}

template <typename Function>
void each_pair(const ChannelWork& w, Function function) {
  for (std::int64_t i = 0; i < w.height * w.width; ++i) w.out[i] = function(w.a[i], w.b[i]);
}

float softplus(float x) { return std::max(x, 0.0F) + std::log1p(std::exp(-std::abs(x))); }

void transpose(const ChannelWork& w) {
  for (std::int64_t y = 0; y < w.height; ++y)
    for (std::int64_t x = 0; x < w.width; ++x) w.out[x * w.height + y] = w.a[y * w.width + x];
}

void multiply_by_matrix(const ChannelWork& w) {
  const std::int64_t columns = w.operation->columns;
  for (std::int64_t y = 0; y < w.height; ++y) {
    float* row = w.out + y * columns;
    std::fill_n(row, columns, 0.0F);
    for (std::int64_t x = 0; x < w.width; ++x) {
      const float factor = w.a[y * w.width + x];
      const float* from = w.operation->matrix.data() + x * columns;
      for (std::int64_t c = 0; c < columns; ++c) row[c] += factor * from[c];
    }
  }
}

const std::map<std::string, Work>& works() {
  static const std::map<std::string, Work> kWorks = {
      {"Exp", [](const ChannelWork& w) { each(w, [](float x) { return std::exp(x); }); }},
      {"Log", [](const ChannelWork& w) { each(w, [](float x) { return std::log(x); }); }},
      {"Neg", [](const ChannelWork& w) { each(w, std::negate<float>()); }},
      {"Sigmoid",
       [](const ChannelWork& w) { each(w, [](float x) { return 1.0F / (1.0F + std::exp(-x)); }); }},
      {"Softplus", [](const ChannelWork& w) { each(w, softplus); }},
      {"Add", [](const ChannelWork& w) { each_pair(w, std::plus<float>()); }},
      {"Sub", [](const ChannelWork& w) { each_pair(w, std::minus<float>()); }},
      {"Mul", [](const ChannelWork& w) { each_pair(w, std::multiplies<float>()); }},
      {"Div", [](const ChannelWork& w) { each_pair(w, std::divides<float>()); }},
      {"GlobalAveragePool",
       [](const ChannelWork& w) {
         const std::int64_t cells = w.height * w.width;
         w.out[0] = static_cast<float>(std::accumulate(w.a, w.a + cells, 0.0) /
                                       static_cast<double>(cells));
       }},
      {"GlobalMaxPool",
       [](const ChannelWork& w) { w.out[0] = *std::max_element(w.a, w.a + w.height * w.width); }},
      {"Transpose", transpose},
      {"MatMul", multiply_by_matrix}};
  return kWorks;
}

class PlanarKernel : public Kernel {
 public:
  PlanarKernel(const PlanarOperation& operation, const Tensor& read)
      : operation_(operation),
        work_(works().at(operation.op)),
        channels_(static_cast<std::size_t>(read.channels)),
        height_(read.height),
        width_(read.width),
        written_(operation.op.starts_with("Global") ? 1
                 : operation.op == "MatMul"         ? read.height * operation.columns
                                                    : read.pixels()) {}
  void compute(const Operands& o, Team& team) const override {
    team.run(channels_, [&](std::size_t channel, std::size_t /*member*/) {
      const std::int64_t at = static_cast<std::int64_t>(channel) * height_ * width_;
      work_({height_, width_, o.inputs[0] + at, o.inputs[1] == nullptr ? nullptr : o.inputs[1] + at,
             o.output + static_cast<std::int64_t>(channel) * written_, &operation_});
    });
  }
  const char* name() const override { return "planar"; }

 private:
  PlanarOperation operation_;
  Work work_;
  std::size_t channels_;
  std::int64_t height_;
  std::int64_t width_;
  std::int64_t written_;  // pixels a channel
};

}  // namespace

std::unique_ptr<Kernel> make_planar(const PlanarOperation& operation, const Tensor& read) {
  if (!works().contains(operation.op))
    throw std::logic_error("no kernel for the operation " + operation.op);
  return std::make_unique<PlanarKernel>(operation, read);
}

}  // namespace chestmap::engine
