#pragma once

#include <c10/core/Device.h>

#include <string>

namespace chestmap {

/// "cpu", "cuda" or "cuda:N", checked to be there; sets the compute threads (0: every core) and
/// asks torch for deterministic algorithms. Throws UserError for an unknown or absent device.
[[nodiscard]] c10::Device prepare_device(const std::string& name, std::int64_t threads);

/// "cuda:N", the GPU of the rank with this number among those of its machine; ranks share GPUs
/// where these are fewer. Throws UserError where no GPU can be used.
[[nodiscard]] std::string rank_cuda_device(int local_rank);

}  // namespace chestmap
