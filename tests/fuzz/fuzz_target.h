#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/error.h"

// A target is a file NAME_fuzz.cpp that defines LLVMFuzzerTestOneInput and has a line in
// CMakeLists.txt. With CHESTMAP_FUZZ it is linked with libFuzzer; else with replay.cpp, which feeds
// it the files of corpus/NAME, so that every build tests what fuzzing once found.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace chestmap::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// Ends the program where something that must hold does not.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// Runs a parser. `Refusal` is how it may refuse its input; anything else ends the program.
template <typename Refusal = UserError, typename Work>
void run_parser(const Work& work) {
  try {
    work();
  } catch (const Refusal&) {
    return;
  }
}

}  // namespace chestmap::fuzz
