#include "distributed/rank_place.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace chestmap {

namespace {

constexpr std::uint16_t kPort = 29500;  // torchrun's
constexpr int kPortsOfJobs = 1000;

/// What a way to start processes calls its variables.
struct Launcher {
  const char* rank;
  const char* ranks;
  const char* local_rank;
  const char* local_ranks;
};

constexpr std::array<Launcher, 3> kLaunchers = {{
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NNODES"},
}};
constexpr const Launcher& kSlurm = kLaunchers.back();

int number(const std::string& name, const std::string& text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw UserError(fmt::format("the environment variable {} is \"{}\"; a number from {} to {} was "
                                "expected",
                                name, text, least, most),
                    "`chestmap launch`, torchrun, mpirun and srun set it; unset it to train in one "
                    "process");
  return value;
}

/// The first name of a list as Slurm writes it: "gpu[03-05,9],login" gives "gpu03".
std::string first_node(std::string_view list) {
  const std::size_t open = list.find('[');
  const std::size_t comma = list.find(',');
  if (open == std::string_view::npos || comma < open) return std::string(list.substr(0, comma));
  const std::size_t end = list.find_first_of(",-]", open);
  return std::string(list.substr(0, open)) + std::string(list.substr(open + 1, end - open - 1));
}

/// In a script of sbatch Slurm's variables are there, and yet it is no task of a step.
bool is_batch_script(const Variables& variables) {
  return variables("SLURM_JOB_ID") && !variables("SLURM_STEP_ID");
}

const Launcher* find_launcher(const Variables& variables) {
  for (const Launcher& launcher : kLaunchers) {
    const bool rank = variables(launcher.rank).has_value();
    const bool ranks = variables(launcher.ranks).has_value();
    if (&launcher == &kSlurm && (!rank || is_batch_script(variables))) return nullptr;
    if (rank != ranks)
      throw UserError(
          fmt::format("the environment variable {} is set, and {} is not",
                      rank ? launcher.rank : launcher.ranks, rank ? launcher.ranks : launcher.rank),
          "several processes that train together need both; unset it to train in one");
    if (rank) return &launcher;
  }
  return nullptr;
}

bool all_on_this_machine(const Launcher& launcher, const Variables& variables, int ranks) {
  const auto value = variables(launcher.local_ranks);
  if (!value) return false;
  const int count = number(launcher.local_ranks, *value, 1, 1'000'000);
  return &launcher == &kSlurm ? count == 1 : count == ranks;
}

std::string address_of(const Launcher& launcher, const Variables& variables, int ranks) {
  if (const auto given = variables("MASTER_ADDR")) return *given;
  if (all_on_this_machine(launcher, variables, ranks)) return "127.0.0.1";
  if (&launcher == &kSlurm)
    for (const char* list : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"})
      if (const auto nodes = variables(list)) return first_node(*nodes);
  throw UserError("the environment variable MASTER_ADDR is not set",
                  "it names the machine of rank 0, and MASTER_PORT a free port of it");
}

std::uint16_t port_of(const Launcher& launcher, const Variables& variables) {
  if (const auto given = variables("MASTER_PORT"))
    return static_cast<std::uint16_t>(number("MASTER_PORT", *given, 1, 65535));
  if (&launcher != &kSlurm) return kPort;
  // Jobs that share a node need ports of their own.
  const auto job = variables("SLURM_JOB_ID");
  const int id = job ? number("SLURM_JOB_ID", *job, 0, 2'000'000'000) : 0;
  return static_cast<std::uint16_t>(kPort + id % kPortsOfJobs);
}

}  // namespace

RankPlace rank_place(const Variables& variables) {
  const Launcher* launcher = find_launcher(variables);
  RankPlace place;
  if (launcher == nullptr) return place;
  place.ranks = number(launcher->ranks, *variables(launcher->ranks), 1, 1'000'000);
  place.rank = number(launcher->rank, *variables(launcher->rank), 0, place.ranks - 1);
  if (place.ranks == 1) return place;
  const auto local = variables(launcher->local_rank);
  if (!local)
    throw UserError(fmt::format("the environment variable {} is not set", launcher->local_rank),
                    "it is this process's number among those of its machine");
  place.local_rank = number(launcher->local_rank, *local, 0, place.ranks - 1);
  place.address = address_of(*launcher, variables, place.ranks);
  place.port = port_of(*launcher, variables);
  place.store_is_kept = variables("TORCHELASTIC_USE_AGENT_STORE") == "True";
  if (place.store_is_kept)
    place.store_prefix =
        fmt::format("/worker/attempt_{}", variables("TORCHELASTIC_RESTART_COUNT").value_or("0"));
  return place;
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace chestmap
