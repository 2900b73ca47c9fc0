#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace chestmap {

/// Cores that this process may use, at least 1: those of its CPU affinity (taskset, Slurm), but no
/// more than its control group has processor time for (a container's --cpus).
[[nodiscard]] std::size_t available_cores() noexcept;

/// How many cores the text of a control group's cpu.max allows, rounded up: "QUOTA PERIOD" in
/// microseconds, or none where it sets no limit ("max PERIOD"). Linux, cgroup-v2.rst, "CPU".
[[nodiscard]] std::optional<std::size_t> cores_of_quota(std::string_view cpu_max) noexcept;

}  // namespace chestmap
