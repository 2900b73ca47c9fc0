#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

namespace chestmap {

/// A tensor of the host on `device`. To a GPU it goes through pinned memory, so that the copy is
/// queued and the host goes on; `host` may be freed at once.
[[nodiscard]] at::Tensor uploaded(const at::Tensor& host, c10::Device device);

}  // namespace chestmap
