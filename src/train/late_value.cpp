#include "train/late_value.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <thread>

namespace chestmap {

LateValue::LateValue(const at::Tensor& scalar) {
  const at::Tensor value = scalar.detach().to(at::kDouble);
  if (value.is_cpu()) {
    host_ = value.clone();
    return;
  }
  host_ = at::empty({}, value.options().device(at::kCPU).pinned_memory(true));
  host_.copy_(value, /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl device(value.device().type());
  copied_.emplace(value.device().type());
  copied_->record(device.getStream(value.device()));
}

double LateValue::wait() const {
  using namespace std::chrono_literals;
  // libtorch 1.13's event can be asked, but not waited for.
  while (copied_ && !copied_->query()) std::this_thread::sleep_for(20us);
  return host_.item<double>();
}

}  // namespace chestmap
