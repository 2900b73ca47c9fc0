#pragma once

#include "kernels/blocked.h"
#include "kernels/isa.h"
#include "kernels/job.h"

namespace chestmap::kernels {

/// The kernels for a set that the CPU supports.
[[nodiscard]] const KernelTable& kernel_table(Isa isa) noexcept;

[[nodiscard]] inline ReadPlanes planes(const Source& source) noexcept {
  return {source.data, source.image_stride, source.block_stride};
}
[[nodiscard]] inline WritePlanes planes(const Sink& sink) noexcept {
  return {sink.data, sink.image_stride, sink.block_stride};
}

}  // namespace chestmap::kernels
