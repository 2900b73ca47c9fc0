#include "engine/convolution_kernel.h"
#include "engine/kernel.h"
#include "engine/simple_kernels.h"

namespace chestmap::engine {

namespace {

struct Maker {
  const Tensor& read;
  const Tensor& written;
  kernels::Isa isa;

  std::unique_ptr<Kernel> operator()(Convolution& convolution) const {
    auto kernel = make_convolution(convolution, read, written, isa);
    convolution.weight = {};
    return kernel;
  }
  std::unique_ptr<Kernel> operator()(const Affine& affine) const {
    return make_affine(affine, read, written, isa);
  }
  std::unique_ptr<Kernel> operator()(const MaxPooling& /*pooling*/) const {
    return make_max_pooling(read, written, isa);
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

std::unique_ptr<Kernel> make_kernel(const Network& network, Layer& layer, kernels::Isa isa) {
  return std::visit(Maker{network.tensors[layer.inputs[0]], network.tensors[layer.output], isa},
                    layer.operation);
}

}  // namespace chestmap::engine
