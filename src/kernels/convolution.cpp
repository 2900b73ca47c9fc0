#include "kernels/convolution.h"

#include <algorithm>

#include "kernels/reference.h"

namespace chestmap::kernels {

Extent output_extent(const Filter& filter, const Extent& input) noexcept {
  if (filter.average_input) return {input.batch, input.height / 2, input.width / 2};
  const auto side = [&](std::size_t length) {
    return (length + 2 * filter.padding - filter.kernel) / filter.stride + 1;
  };
  return {input.batch, side(input.height), side(input.width)};
}

Method choose_method(const Filter&, const Extent&) noexcept { return Method::direct; }

PackedFilter::PackedFilter(const Filter& filter, Method method, std::span<const float> weights)
    : filter_(filter), method_(method), packed_(weights.size()) {
  std::copy(weights.begin(), weights.end(), packed_.data());
}

Convolution::Convolution(const PackedFilter& filter, const Extent& input, Isa isa, std::size_t)
    : filter_(&filter),
      input_(input),
      output_(output_extent(filter.filter(), input)),
      isa_(isa),
      items_(1) {}

void Convolution::run(const Input& input, const Output& output, std::size_t begin, std::size_t end,
                      float*) const {
  if (begin < end)
    reference_convolution(filter_->filter(), {filter_->data(), filter_->bytes() / sizeof(float)},
                          input_, input, output);
}

}  // namespace chestmap::kernels
