#include "engine/onednn_convolution.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <map>
#include <string>
#include <utility>

#include "engine/affine.h"
#include "engine/aligned.h"

namespace chestmap::engine {

namespace {

using dnnl::memory;
using Descriptor = dnnl::convolution_forward::primitive_desc;

const dnnl::engine& processor() {
  static const dnnl::engine kEngine(dnnl::engine::kind::cpu, 0);
  return kEngine;
}

memory::desc described(const Tensor& tensor) {
  return {{1, tensor.physical, tensor.height, tensor.width},
          memory::data_type::f32,
          tensor.blocked ? memory::format_tag::nChw16c : memory::format_tag::nchw};
}

/// Of oneDNN while one object lives: primitives are made for the number of threads that OpenMP
/// would take.
class ThreadsOfOpenMp {
 public:
  explicit ThreadsOfOpenMp(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  ThreadsOfOpenMp(const ThreadsOfOpenMp&) = delete;
  ThreadsOfOpenMp& operator=(const ThreadsOfOpenMp&) = delete;
  ~ThreadsOfOpenMp() { omp_set_num_threads(before_); }

 private:
  int before_;
};

class OnednnConvolution : public Kernel {
 public:
  OnednnConvolution(const Convolution& c, const Tensor& read, const Tensor& written)
      : read_(described(read)),
        written_(described(written)),
        read_size_(read.elements()),
        written_size_(written.elements()),
        read_pixels_(read.pixels()),
        plain_weight_({written.physical, read.physical, c.kernel, c.kernel}, memory::data_type::f32,
                      memory::format_tag::oihw),
        bias_(c.bias),
        before_(c.before),
        stride_(c.stride),
        padding_(c.padding),
        adds_(c.adds),
        relu_(c.relu) {}

  /// Packs the weights. False where oneDNN has nothing fast.
  bool start(const Convolution& c, int threads) {
    const auto descriptor = make(threads);
    if (!descriptor) return false;
    std::vector<float> weight = c.weight;
    pack(*descriptor, plain_weight_, weight.data());
    add(*descriptor, threads);
    return true;
  }

  void prepare(int threads) override {
    if (primitives_.contains(threads)) return;
    const auto descriptor = make(threads);
    if (descriptor->weights_desc() != packed_) {
      const AlignedFloats old = std::move(weight_);
      pack(*descriptor, packed_, const_cast<float*>(old.data()));
    }
    add(*descriptor, threads);
  }

  std::size_t workspace(int threads) const override {
    return (before_ ? read_size_ : 0) + primitives_.at(threads).scratch;
  }

  void run(const Operands& o, int threads) const override {
    const ThreadsOfOpenMp guard(threads);
    const Prepared& prepared = primitives_.at(threads);
    float* scratch = o.workspace;
    const float* input = o.inputs[0];
    if (before_) {
      apply(*before_, input, read_pixels_, o.workspace, threads);
      input = o.workspace;
      scratch += read_size_;
    }
    if (adds_ && o.inputs[1] != o.output) std::copy_n(o.inputs[1], written_size_, o.output);
    dnnl::stream stream(processor());
    const auto bound = [](const memory::desc& descriptor, const float* data) {
      return memory(descriptor, processor(), const_cast<float*>(data));
    };
    prepared.primitive.execute(
        stream, {{DNNL_ARG_SRC, bound(read_, input)},
                 {DNNL_ARG_WEIGHTS, bound(packed_, weight_.data())},
                 {DNNL_ARG_BIAS, bound(bias_descriptor(), bias_.data())},
                 {DNNL_ARG_DST, bound(written_, o.output)},
                 {DNNL_ARG_SCRATCHPAD, bound(prepared.scratch_descriptor, scratch)}});
    stream.wait();
  }

  const char* name() const override { return "oneDNN"; }

 private:
  struct Prepared {
    dnnl::convolution_forward primitive;
    memory::desc scratch_descriptor;
    std::size_t scratch = 0;  // floats
  };

  [[nodiscard]] memory::desc bias_descriptor() const {
    return {
        {static_cast<memory::dim>(bias_.size())}, memory::data_type::f32, memory::format_tag::a};
  }

  [[nodiscard]] std::optional<Descriptor> make(int threads) const {
    const ThreadsOfOpenMp guard(threads);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops after;
    if (adds_) after.append_sum(1.0F);
    if (relu_) after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attributes.set_post_ops(after);
    const memory::desc any(plain_weight_.dims(), memory::data_type::f32, memory::format_tag::any);
    try {
      Descriptor descriptor({dnnl::prop_kind::forward_inference,
                             dnnl::algorithm::convolution_direct,
                             read_,
                             any,
                             bias_descriptor(),
                             written_,
                             {stride_, stride_},
                             {padding_, padding_},
                             {padding_, padding_}},
                            attributes, processor());
      const std::string name = descriptor.impl_info_str();
      if (name.find("avx512") != std::string::npos) return descriptor;
    } catch (const dnnl::error&) {  // no implementation
    }
    return std::nullopt;
  }

  void pack(const Descriptor& descriptor, const memory::desc& from, float* values) {
    packed_ = descriptor.weights_desc();
    weight_ = AlignedFloats(packed_.get_size() / sizeof(float));
    memory source(from, processor(), values);
    memory target(packed_, processor(), weight_.data());
    dnnl::stream stream(processor());
    dnnl::reorder(source, target).execute(stream, source, target);
    stream.wait();
  }

  void add(const Descriptor& descriptor, int threads) {
    const ThreadsOfOpenMp guard(threads);
    const memory::desc scratch = descriptor.scratchpad_desc();
    primitives_[threads] = {dnnl::convolution_forward(descriptor), scratch,
                            (scratch.get_size() + sizeof(float) - 1) / sizeof(float)};
  }

  memory::desc read_;
  memory::desc written_;
  std::size_t read_size_;
  std::size_t written_size_;
  std::int64_t read_pixels_;
  memory::desc plain_weight_;
  AlignedFloats bias_;
  std::optional<Affine> before_;
  std::int64_t stride_;
  std::int64_t padding_;
  bool adds_;
  bool relu_;
  memory::desc packed_;
  AlignedFloats weight_;
  std::map<int, Prepared> primitives_;  // by the number of threads
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_convolution(const Convolution& convolution, const Tensor& read,
                                                const Tensor& written) {
  auto kernel = std::make_unique<OnednnConvolution>(convolution, read, written);
  if (!kernel->start(convolution, 1)) return nullptr;
  return kernel;
}

}  // namespace chestmap::engine
