#include "train/upload.h"

#include <ATen/ATen.h>

namespace chestmap {

at::Tensor uploaded(const at::Tensor& host, c10::Device device) {
  // The allocator of pinned memory keeps it until the copy is done.
  return device.is_cpu() ? host.clone() : host.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace chestmap
