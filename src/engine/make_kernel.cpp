#include "engine/kernel.h"
#include "engine/onednn_convolution.h"
#include "engine/plain_convolution.h"
#include "engine/simple_kernels.h"

namespace chestmap::engine {

namespace {

struct Maker {
  const Tensor& read;
  const Tensor& written;

  std::unique_ptr<Kernel> operator()(Convolution& convolution) const {
    auto kernel = make_onednn_convolution(convolution, read, written);
    if (!kernel) kernel = make_plain_convolution(convolution, read, written);
    convolution.weight = {};
    return kernel;
  }
  std::unique_ptr<Kernel> operator()(const Affine& affine) const {
    return make_affine(affine, read);
  }
  std::unique_ptr<Kernel> operator()(const Pooling& pooling) const {
    return make_pooling(pooling, read, written);
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

std::unique_ptr<Kernel> make_kernel(const Network& network, Layer& layer) {
  return std::visit(Maker{network.tensors[layer.inputs[0]], network.tensors[layer.output]},
                    layer.operation);
}

}  // namespace chestmap::engine
