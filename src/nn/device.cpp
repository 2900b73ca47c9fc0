#include "nn/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>
#ifdef CHESTMAP_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#endif

#include <cstdlib>
#include <string_view>

#include "base/cores.h"
#include "base/error.h"
#include "base/memory.h"

namespace chestmap {

namespace {

bool is_numbered_cuda(std::string_view name) {
  constexpr std::string_view kPrefix = "cuda:";
  constexpr std::size_t kMostDigits = 2;
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  return !name.empty() && name.size() <= kMostDigits &&
         name.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_cuda(const std::string& name) {
  if (!torch::cuda::is_available())
    throw UserError(
        "--device " + name + ": no CUDA device can be used",
        "this libtorch has no CUDA, or no driver is loaded; --device cpu works everywhere");
}

}  // namespace

std::string rank_cuda_device(int local_rank) {
  check_cuda("cuda");
  return "cuda:" +
         std::to_string(static_cast<std::size_t>(local_rank) % torch::cuda::device_count());
}

c10::Device prepare_device(const std::string& name, std::int64_t threads) {
  const bool cuda = name == "cuda" || is_numbered_cuda(name);
  if (!cuda && name != "cpu")
    throw UserError("unknown device \"" + name + "\"", "cpu, cuda or cuda:N");
  // cuBLAS reads it when it is first used; without it its results may differ from run to run.
  if (cuda) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);  // NOLINT(concurrency-mt-unsafe)
  keep_freed_memory();
  at::set_num_threads(
      static_cast<int>(threads > 0 ? threads : static_cast<std::int64_t>(available_cores())));
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
#if TORCH_VERSION_MAJOR >= 2
  // Or each new tensor is filled before it is written.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
#endif
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
  if (!cuda) return c10::Device(c10::kCPU);
  check_cuda(name);
  c10::Device device(name);
  if (device.index() >= static_cast<c10::DeviceIndex>(torch::cuda::device_count()))
    throw UserError("--device " + name + ": there are " +
                    std::to_string(torch::cuda::device_count()) + " CUDA devices");
  return device;
}

std::int64_t free_device_bytes(c10::Device device) {
#ifdef CHESTMAP_CUDA
  if (device.is_cuda()) {
    const c10::cuda::CUDAGuard guard(device);
    std::size_t free = 0;
    std::size_t total = 0;
    if (cudaMemGetInfo(&free, &total) == cudaSuccess) return static_cast<std::int64_t>(free);
  }
#endif
  (void)device;
  return 0;
}

void release_device_memory(c10::Device device) {
#ifdef CHESTMAP_CUDA
  if (device.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();
#endif
  (void)device;
}

std::int64_t peak_device_bytes(c10::Device device) {
#ifdef CHESTMAP_CUDA
  if (device.is_cuda()) {
    constexpr std::size_t kAllPools = 0;
    return c10::cuda::CUDACachingAllocator::getDeviceStats(device.index())
        .reserved_bytes[kAllPools]
        .peak;
  }
#endif
  (void)device;
  return 0;
}

}  // namespace chestmap
