#pragma once

#include "kernels/convolution.h"
#include "kernels/job.h"

namespace chestmap::kernels {

/// The kernels for a set that the CPU supports.
[[nodiscard]] const KernelTable& kernel_table(Isa isa) noexcept;

/// Those for a convolution: of the unit for the methods in bfloat16 and int8.
[[nodiscard]] const KernelTable& kernel_table(Isa isa, Method method, Unit unit) noexcept;

[[nodiscard]] inline ReadPlanes planes(const Source& source) noexcept {
  return {source.data, source.image_stride, source.block_stride};
}
[[nodiscard]] inline WritePlanes planes(const Sink& sink) noexcept {
  return {sink.data, sink.image_stride, sink.block_stride};
}

}  // namespace chestmap::kernels
