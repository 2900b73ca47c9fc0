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

const KernelTable& kernel_table(Isa isa, Method method, Unit unit) noexcept {
#if defined(__x86_64__)
  const bool tiles = unit == Unit::tiles;
  if (method == Method::int8) return tiles ? amx_int8_kernels : avx512_int8_kernels;
  if (const std::size_t terms = narrow_operands(method).terms; terms > 0)
    return tiles ? amx_bfloat16_kernels[terms - 1] : avx512_bfloat16_kernels;
#endif
  static_cast<void>(method);
  static_cast<void>(unit);
  return kernel_table(isa);
}

}  // namespace chestmap::kernels
