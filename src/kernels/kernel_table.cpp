#include "kernels/kernel_table.h"

namespace chestmap::kernels {

const KernelTable& kernel_table(Isa isa) noexcept {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return avx512_kernels;
  if (isa == Isa::avx2) return avx2_kernels;
#endif
  static_cast<void>(isa);
  return portable_kernels;
}

const KernelTable& kernel_table(Isa isa, Method method) noexcept {
#if defined(__x86_64__)
  if (method == Method::int8) return amx_int8_kernels;
  if (const std::size_t terms = matrix_operands(method).terms; terms > 0)
    return amx_bfloat16_kernels[terms - 1];
#endif
  static_cast<void>(method);
  return kernel_table(isa);
}

}  // namespace chestmap::kernels
