#include "engine/convolution_kernel.h"
#include "engine/kernel.h"
#include "engine/simple_kernels.h"

namespace chestmap::engine {

namespace {

struct Maker {
  const Tensor& read;
  const Tensor& written;
  const Computing& how;

  std::unique_ptr<Kernel> operator()(Convolution& convolution) const {
    auto kernel = make_convolution(convolution, read, written, how);
    convolution.weight.drop();  // packed, it is not read again
    return kernel;
  }
  std::unique_ptr<Kernel> operator()(const Affine& affine) const {
    return make_affine(affine, read, written, how.isa);
  }
  std::unique_ptr<Kernel> operator()(const MaxPooling& /*pooling*/) const {
    return make_max_pooling(read, written, how.isa);
  }
  std::unique_ptr<Kernel> operator()(const Reorder& /*reorder*/) const {
    return make_reorder(read, written);
  }
  std::unique_ptr<Kernel> operator()(const Copy& /*copy*/) const { return make_copy(read); }
  std::unique_ptr<Kernel> operator()(const PlanarOperation& operation) const {
    return make_planar(operation, read);
  }
};

}  // namespace

void Kernel::run(const Operands& operands, Team& team) const {
  if (shares_weights()) return compute(operands, team);
  Operands one = operands;
  one.images = 1;
  for (std::size_t image = 0; image < operands.images; ++image) {
    compute(one, team);
    for (const float*& input : one.inputs)
      if (input != nullptr) input += operands.image_stride;
    one.output += operands.image_stride;
  }
}

std::unique_ptr<Kernel> make_kernel(const Network& network, Layer& layer, const Computing& how) {
  return std::visit(Maker{network.tensors[layer.inputs[0]], network.tensors[layer.output], how},
                    layer.operation);
}

}  // namespace chestmap::engine
