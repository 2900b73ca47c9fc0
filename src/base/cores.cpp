#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace chestmap {

namespace {

/// Cores of the affinity mask; the set is made larger until the kernel's fits.
std::size_t cores_of_affinity() {
  constexpr std::size_t kMost = std::size_t{1} << 16;
  for (std::size_t cores = CPU_SETSIZE; cores <= kMost; cores *= 2) {
    std::vector<cpu_set_t> mask(cores / CPU_SETSIZE);
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, mask.data()));
  }
  return std::thread::hardware_concurrency();
}

/// A container sees its own group at the root; outside of containers the root sets no limit.
std::optional<std::size_t> cores_of_group() {
  std::string text;
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  return std::getline(file, text) ? cores_of_quota(text) : std::nullopt;
}

}  // namespace

std::optional<std::size_t> cores_of_quota(std::string_view cpu_max) noexcept {
  std::size_t quota = 0;
  std::size_t period = 0;
  const char* end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota == 0 || period == 0) return std::nullopt;
  return (quota - 1) / period + 1;
}

std::size_t available_cores() noexcept {
  const std::size_t allowed = std::max<std::size_t>(1, cores_of_affinity());
  return std::min(allowed, cores_of_group().value_or(allowed));
}

}  // namespace chestmap
