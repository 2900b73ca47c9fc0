#include "engine/convolution_kernel.h"

#include <map>
#include <utility>
#include <vector>

#include "engine/places.h"
#include "kernels/convolution.h"

namespace chestmap::engine {

namespace {

/// Of 8 bits, without the zero.
constexpr float kSteps = 255.0F;

kernels::Filter filter_of(const Convolution& convolution, const Tensor& read,
                          const Tensor& written) {
  const auto number = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  return {number(read.physical),      number(written.physical),    number(convolution.kernel),
          number(convolution.stride), number(convolution.padding), !read.blocked,
          convolution.averages};
}

kernels::Method method_for(const Convolution& convolution, const kernels::Filter& filter,
                           const kernels::Extent& input, const Computing& how) {
  if (how.precision == Precision::bfloat16)
    return kernels::choose_bfloat16_method(filter, input, how.isa);
  // A stem that reads planes has few channels, which would leave the products nearly empty.
  if (how.precision == Precision::int8 && !filter.planar_input && convolution.input_largest > 0.0F)
    return kernels::Method::int8;
  return kernels::choose_method(filter, input, how.isa);
}

class ConvolutionKernel : public Kernel {
 public:
  ConvolutionKernel(const Convolution& convolution, const Tensor& read, const Tensor& written,
                    const Computing& how)
      : ConvolutionKernel(convolution, filter_of(convolution, read, written), read, written, how) {}

  void prepare(std::size_t threads, std::size_t images) override {
    kernels::Extent input = input_;
    input.batch = together(images);
    planned_.try_emplace(std::pair(threads, input.batch), filter_, input, isa_, threads);
  }

  std::size_t workspace(std::size_t threads, std::size_t images) const override {
    return threads * scratch(planned_.at({threads, together(images)}));
  }

  void compute(const Operands& operands, Team& team) const override {
    const kernels::Convolution& planned = planned_.at({team.size(), operands.images});
    const std::size_t image = operands.image_stride;
    const kernels::Input input{{operands.inputs[0], image, read_stride_},
                               before_ ? before_->scale.data() : nullptr,
                               before_ ? before_->shift.data() : nullptr};
    const kernels::Output output{{operands.output, image, written_stride_},
                                 bias_.data(),
                                 {operands.inputs[1], image, written_stride_},
                                 relu_};
    std::vector<kernels::Scratch> members(team.size());
    for (std::size_t member = 0; member < members.size(); ++member)
      members[member].data = operands.workspace + member * scratch(planned);
    team.run(planned.items(), [&](std::size_t item, std::size_t member) {
      planned.run(input, output, item, item + 1, members[member]);
    });
  }

  const char* name() const override {
    switch (filter_.method()) {
      case kernels::Method::winograd2:
        return "Winograd 2x2";
      case kernels::Method::winograd4:
        return "Winograd 4x4";
      case kernels::Method::bfloat16:
        return "bfloat16";
      case kernels::Method::bfloat16x2:
        return "2 x bfloat16";
      case kernels::Method::bfloat16x3:
        return "3 x bfloat16";
      case kernels::Method::int8:
        return "int8";
      case kernels::Method::direct:
        break;
    }
    return "direct";
  }
  std::size_t bytes() const override { return filter_.bytes(); }

  /// Where there is more to read of weights than of the image.
  bool shares_weights() const override { return filter_.bytes() > image_bytes_; }

 private:
  std::size_t together(std::size_t images) const { return shares_weights() ? images : 1; }

  ConvolutionKernel(const Convolution& convolution, const kernels::Filter& filter,
                    const Tensor& read, const Tensor& written, const Computing& how)
      : input_(extent_of(read)),
        filter_(filter, method_for(convolution, filter, input_, how), convolution.weight.span(),
                convolution.scale, convolution.input_largest / kSteps),
        isa_(how.isa),
        bias_(convolution.bias),
        before_(convolution.before),
        relu_(convolution.relu),
        read_stride_(stride_of(read)),
        written_stride_(stride_of(written)),
        image_bytes_((read.floats() + written.floats()) * sizeof(float)) {}

  /// Of one thread; whole lines of the cache.
  static std::size_t scratch(const kernels::Convolution& planned) {
    return kernels::padded(planned.scratch_floats());
  }

  kernels::Extent input_;
  kernels::PackedFilter filter_;
  kernels::Isa isa_;
  std::vector<float> bias_;
  std::optional<Affine> before_;
  bool relu_;
  std::size_t read_stride_;
  std::size_t written_stride_;
  std::size_t image_bytes_;
  /// By the number of threads, and of images.
  std::map<std::pair<std::size_t, std::size_t>, kernels::Convolution> planned_;
};

}  // namespace

std::unique_ptr<Kernel> make_convolution(const Convolution& convolution, const Tensor& read,
                                         const Tensor& written, const Computing& how) {
  return std::make_unique<ConvolutionKernel>(convolution, read, written, how);
}

}  // namespace chestmap::engine
