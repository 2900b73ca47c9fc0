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
  if (const std::size_t terms = bfloat16_terms(method); terms > 0) return amx_kernels[terms - 1];
#endif
  static_cast<void>(method);
  return kernel_table(isa);
}

}  // namespace chestmap::kernels
