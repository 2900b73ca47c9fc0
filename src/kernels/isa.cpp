#include "kernels/isa.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace chestmap::kernels {
namespace {

/// What CPUID says of AMX and of the conversion to bfloat16; compilers' names for it differ.
struct MatrixUnit {
  bool tiles = false;
  bool bfloat16 = false;
  bool int8 = false;
};

#if defined(__x86_64__) && defined(__linux__)

MatrixUnit matrix_unit() {
  constexpr unsigned features = 7;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(features, 0, &a, &b, &c, &d) == 0) return {};
  MatrixUnit unit{(d >> 24 & 1U) != 0, (d >> 22 & 1U) != 0, (d >> 25 & 1U) != 0};
  const bool converts = __get_cpuid_count(features, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1U) != 0;
  unit.bfloat16 = unit.bfloat16 && converts;
  return unit;
}

/// Tile registers are the operating system's to grant, to each process that asks.
bool tiles_granted() {
  constexpr long request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long tile_data = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

/// What of it this process may use.
MatrixUnit granted_unit() {
  static const MatrixUnit unit = supported(Isa::avx512) && matrix_unit().tiles && tiles_granted()
                                     ? matrix_unit()
                                     : MatrixUnit{};
  return unit;
}

#else

MatrixUnit granted_unit() { return {}; }

#endif

}  // namespace

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

bool bfloat16_by(Unit unit) noexcept {
  if (unit == Unit::tiles) return granted_unit().bfloat16;
#if defined(__x86_64__)
  return supported(Isa::avx512) && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

bool int8_by(Unit unit) noexcept {
  if (unit == Unit::tiles) return granted_unit().int8;
#if defined(__x86_64__)
  return supported(Isa::avx512) && __builtin_cpu_supports("avx512vnni") != 0;
#else
  return false;
#endif
}

bool bfloat16_supported() noexcept {
  if (bfloat16_by(Unit::tiles)) return true;
#if defined(__x86_64__)
  return bfloat16_by(Unit::dots) && __builtin_cpu_is("amd") != 0;
#else
  return false;
#endif
}

bool int8_supported() noexcept { return int8_by(Unit::tiles) || int8_by(Unit::dots); }

Isa best_isa() noexcept {
  if (supported(Isa::avx512)) return Isa::avx512;
  return supported(Isa::avx2) ? Isa::avx2 : Isa::portable;
}

}  // namespace chestmap::kernels
