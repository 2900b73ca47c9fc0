#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace chestmap {

/// The place of this process among those that train together.
struct RankPlace {
  int rank = 0;
  int ranks = 1;
  int local_rank = 0;   ///< among those of its machine
  std::string address;  ///< where rank 0 is found; empty for a rank alone
  std::uint16_t port = 0;
  /// torchrun's agent keeps the store at that address, so that rank 0 does not; keys begin with
  /// `store_prefix`, which tells its attempts apart.
  bool store_is_kept = false;
  std::string store_prefix;
};

/// The value of an environment variable, or nothing where it is not set or empty.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// From the variables of `chestmap launch` and torchrun (RANK, WORLD_SIZE, LOCAL_RANK), of Open
/// MPI's mpirun (OMPI_COMM_WORLD_RANK and so on) or of srun (SLURM_PROCID, SLURM_NTASKS,
/// SLURM_LOCALID), whichever come first; one rank alone without any. MASTER_ADDR and MASTER_PORT
/// say where rank 0 is; without them it is this machine where every rank runs on it, and under srun
/// the first of the step's nodes with a port that follows from the job's number. Throws UserError,
/// naming the variable, where they are incomplete, no numbers, or contradict each other.
[[nodiscard]] RankPlace rank_place(const Variables& variables);

/// Of this process.
[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

}  // namespace chestmap
