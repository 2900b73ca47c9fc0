#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "base/free_port.h"
#include "distributed/communicator.h"

namespace chestmap::test {

inline RankPlace place_of(int rank, int ranks, std::uint16_t port) {
  RankPlace place;
  place.rank = place.local_rank = rank;
  place.ranks = ranks;
  place.address = "127.0.0.1";
  place.port = port;
  return place;
}

/// Runs `work` in a thread a rank, each with its communicator over Gloo, and throws again what the
/// lowest rank threw.
inline void with_ranks(int ranks, const std::function<void(Communicator&)>& work,
                       std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
  const std::uint16_t port = free_port();
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(ranks));
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < ranks; ++rank)
      threads.emplace_back([&, rank] {
        try {
          Communicator communicator(place_of(rank, ranks, port), c10::Device(c10::kCPU), timeout);
          work(communicator);
        } catch (...) {
          errors[static_cast<std::size_t>(rank)] = std::current_exception();
        }
      });
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace chestmap::test
