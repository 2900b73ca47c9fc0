#include "engine/input_ranges.h"

#include <algorithm>

#include "engine/localizer_network.h"

namespace chestmap {

namespace {

using engine::Convolution;
using engine::kBlock;
using engine::Tensor;

/// A channel's number at a pixel, as the convolution multiplies it but for its average.
float activated(const Convolution& convolution, std::int64_t channel, float value) {
  if (!convolution.before) return value;
  const auto c = static_cast<std::size_t>(channel);
  return std::max(0.0F, value * convolution.before->scale[c] + convolution.before->shift[c]);
}

/// Calls `see` for every number that is multiplied.
template <typename See>
void for_each_input(const Convolution& convolution, const Tensor& read, const float* data,
                    const See& see) {
  const std::int64_t window = convolution.averages ? 2 : 1;
  for (std::int64_t channel = 0; channel < read.physical; ++channel) {
    const float* plane = data + channel / kBlock * read.stride() + channel % kBlock;
    const auto at = [&](std::int64_t y, std::int64_t x) {
      return activated(convolution, channel, plane[(y * read.width + x) * kBlock]);
    };
    for (std::int64_t y = 0; y + window <= read.height; y += window)
      for (std::int64_t x = 0; x + window <= read.width; x += window)
        see(window == 1 ? at(y, x)
                        : (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) / 4.0F);
  }
}

}  // namespace

InputRangeObserver::InputRangeObserver(const std::filesystem::path& model, std::int64_t threads)
    : engine_(localizer_network(model).network, static_cast<std::size_t>(threads)),
      ranges_(engine_.network().layers.size()) {}

void InputRangeObserver::see(const ImageF& image) {
  const engine::Network& network = engine_.network();
  engine_.run_watched(
      [&](std::size_t /*image*/, float* input) {
        std::copy(image.pixels().begin(), image.pixels().end(), input);
      },
      [&](std::size_t l, const engine::Operands& operands) {
        const engine::Layer& layer = network.layers[l];
        const auto* convolution = std::get_if<Convolution>(&layer.operation);
        const Tensor& read = network.tensors[layer.inputs[0]];
        if (convolution == nullptr || !read.blocked) return;
        for_each_input(*convolution, read, operands.inputs[0], [&range = ranges_[l]](float value) {
          range.smallest = std::min(range.smallest, value);
          range.largest = std::max(range.largest, value);
        });
      });
}

std::map<std::string, double> InputRangeObserver::largest() const {
  std::map<std::string, double> result;
  for (std::size_t l = 0; l < ranges_.size(); ++l)
    if (ranges_[l].largest > 0.0F && !(ranges_[l].smallest < 0.0F))
      result.emplace(engine_.network().layers[l].name, static_cast<double>(ranges_[l].largest));
  return result;
}

}  // namespace chestmap
