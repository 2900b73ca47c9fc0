#include "weights/pickle_opcodes.h"

#include <array>
#include <utility>

namespace chestmap {

namespace {

// Those that pickle.cpp refuses: text forms of protocols 0 and 1, classes by other means, and
// buffers outside the stream.
constexpr auto kRefused = std::to_array<std::pair<std::uint8_t, const char*>>({
    {'I', "INT"},
    {'L', "LONG"},
    {'F', "FLOAT"},
    {'S', "STRING"},
    {'V', "UNICODE"},
    {'g', "GET"},
    {'p', "PUT"},
    {'2', "DUP"},
    {'P', "PERSID"},
    {'i', "INST"},
    {'o', "OBJ"},
    {0x82, "EXT1"},
    {0x83, "EXT2"},
    {0x84, "EXT4"},
    {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
});

}  // namespace

const char* name_of_opcode(PickleOpcode code) noexcept {
  for (const auto& [refused, name] : kRefused)
    if (static_cast<std::uint8_t>(code) == refused) return name;
  return "unknown";
}

}  // namespace chestmap
