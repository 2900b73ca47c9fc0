#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace chestmap {

/// "cpu", "cuda" or "cuda:N", checked to be there; sets the compute threads (0: every core) and
/// asks torch for deterministic algorithms. Throws UserError for an unknown or absent device.
[[nodiscard]] c10::Device prepare_device(const std::string& name, std::int64_t threads);

/// "cuda:N", the GPU of the rank with this number among those of its machine; ranks share GPUs
/// where these are fewer. Throws UserError where no GPU can be used.
[[nodiscard]] std::string rank_cuda_device(int local_rank);

/// Bytes of a GPU that nobody uses; 0 on the CPU and where this libtorch has no CUDA.
[[nodiscard]] std::int64_t free_device_bytes(c10::Device device);
/// Gives memory that torch keeps for reuse back to the GPU; nothing on the CPU.
void release_device_memory(c10::Device device);
/// The most memory that this process has had in use on a GPU at a time; 0 on the CPU and where
/// this libtorch has no CUDA.
[[nodiscard]] std::int64_t peak_device_bytes(c10::Device device);

}  // namespace chestmap
