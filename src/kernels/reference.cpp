#include "kernels/reference.h"

#include <algorithm>

namespace chestmap::kernels {
namespace {

/// A pixel of the input by its definition, `pre` and average included; zero outside.
class Pixels {
 public:
  Pixels(const Filter& filter, const Extent& extent, const Input& input)
      : filter_(filter), extent_(extent), input_(input) {}

  [[nodiscard]] double at(std::size_t image, std::size_t channel, std::ptrdiff_t y,
                          std::ptrdiff_t x) const {
    if (!filter_.average_input) return activated(image, channel, y, x);
    double sum = 0.0;
    for (const std::ptrdiff_t dy : {0, 1})
      for (const std::ptrdiff_t dx : {0, 1})
        sum += activated(image, channel, 2 * y + dy, 2 * x + dx);
    return sum / 4.0;
  }

 private:
  [[nodiscard]] double activated(std::size_t image, std::size_t channel, std::ptrdiff_t y,
                                 std::ptrdiff_t x) const {
    if (y < 0 || x < 0 || y >= static_cast<std::ptrdiff_t>(extent_.height) ||
        x >= static_cast<std::ptrdiff_t>(extent_.width))
      return 0.0;
    const std::size_t pixel =
        static_cast<std::size_t>(y) * extent_.width + static_cast<std::size_t>(x);
    const Source& source = input_.source;
    const float* plane = source.data + image * source.image_stride;
    const double value =
        filter_.planar_input
            ? plane[channel * source.block_stride + pixel]
            : plane[channel / lanes * source.block_stride + pixel * lanes + channel % lanes];
    if (input_.scale == nullptr) return value;
    return std::max(0.0, value * input_.scale[channel] + input_.shift[channel]);
  }

  const Filter& filter_;
  const Extent& extent_;
  const Input& input_;
};

double sum_of_products(const Filter& filter, const float* weights, const Pixels& pixels,
                       std::size_t image, std::size_t y, std::size_t x) {
  const auto first = [&](std::size_t at) {
    return static_cast<std::ptrdiff_t>(at * filter.stride) -
           static_cast<std::ptrdiff_t>(filter.padding);
  };
  double sum = 0.0;
  for (std::size_t channel = 0; channel < filter.in_channels; ++channel)
    for (std::size_t ky = 0; ky < filter.kernel; ++ky)
      for (std::size_t kx = 0; kx < filter.kernel; ++kx)
        sum += static_cast<double>(*weights++) *
               pixels.at(image, channel, first(y) + static_cast<std::ptrdiff_t>(ky),
                         first(x) + static_cast<std::ptrdiff_t>(kx));
  return sum;
}

}  // namespace

void reference_convolution(const Filter& filter, std::span<const float> weights,
                           const Extent& extent, const Input& input, const Output& output) {
  const Pixels pixels(filter, extent, input);
  const Extent out = output_extent(filter, extent);
  const std::size_t products = filter.in_channels * filter.kernel * filter.kernel;
  for (std::size_t image = 0; image < extent.batch; ++image)
    for (std::size_t channel = 0; channel < padded(filter.out_channels); ++channel)
      for (std::size_t pixel = 0; pixel < out.pixels(); ++pixel) {
        const std::size_t block = channel / lanes;
        const std::size_t offset = pixel * lanes + channel % lanes;
        double sum = channel < filter.out_channels
                         ? sum_of_products(filter, weights.data() + channel * products, pixels,
                                           image, pixel / out.width, pixel % out.width)
                         : 0.0;
        if (output.bias != nullptr) sum += output.bias[channel];
        const Source& residual = output.residual;
        if (residual.data != nullptr)
          sum +=
              residual.data[image * residual.image_stride + block * residual.block_stride + offset];
        if (output.relu) sum = std::max(0.0, sum);
        output.sink
            .data[image * output.sink.image_stride + block * output.sink.block_stride + offset] =
            static_cast<float>(sum);
      }
}

}  // namespace chestmap::kernels
