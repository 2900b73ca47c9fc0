#include "kernels/isa.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace chestmap::kernels {

std::string_view name(Isa isa) noexcept {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::portable:
      break;
  }
  return "portable";
}

bool supported(Isa isa) noexcept {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return __builtin_cpu_supports("avx512f") != 0;
  if (isa == Isa::avx2)
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
#endif
  return isa == Isa::portable;
}

bool bfloat16_supported() noexcept {
#if defined(__x86_64__) && defined(__linux__)
  static const bool granted = [] {
    constexpr long request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
    constexpr long tile_data = 18;               // XFEATURE_XTILEDATA
    return supported(Isa::avx512) && __builtin_cpu_supports("avx512bf16") != 0 &&
           __builtin_cpu_supports("amx-bf16") != 0 &&
           syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  }();
  return granted;
#else
  return false;
#endif
}

Isa best_isa() noexcept {
  if (supported(Isa::avx512)) return Isa::avx512;
  return supported(Isa::avx2) ? Isa::avx2 : Isa::portable;
}

}  // namespace chestmap::kernels
