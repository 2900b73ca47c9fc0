#include "nn/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace chestmap {

namespace {

void set(c10::Device device, bool on) {
#if TORCH_VERSION_MAJOR >= 2
  at::autocast::set_autocast_dtype(device.type(), at::kBFloat16);
  at::autocast::set_autocast_enabled(device.type(), on);
#else
  if (device.is_cpu()) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(on);
  } else {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(on);
  }
#endif
}

}  // namespace

Autocast::Autocast(c10::Device device, bool on) : device_(device), on_(on) {
  if (!on_) return;
  at::autocast::increment_nesting();
  set(device_, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  set(device_, false);
  // The weights that were rounded are about to change.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace chestmap
