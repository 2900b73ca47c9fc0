#include "distributed/rank_threads.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace chestmap {

std::int64_t rank_threads(std::int64_t asked, Communicator& communicator) {
  if (communicator.ranks() == 1) return asked;
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  ::sched_getaffinity(0, sizeof(cores), &cores);
  std::string place = host.data();
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &cores)) place += ' ' + std::to_string(core);
  // Each rank takes part, whatever it was asked for.
  const std::vector<std::string> places = communicator.gather(place);
  if (asked > 0) return asked;
  const auto sharers = std::count(places.begin(), places.end(), place);
  return std::max<std::int64_t>(1, CPU_COUNT(&cores) / sharers);
}

}  // namespace chestmap
