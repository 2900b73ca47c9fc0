#pragma once

#include <cstdint>

namespace chestmap {

/// The opcodes that are read, by their codes in CPython's Lib/pickletools.py.
enum class PickleOpcode : std::uint8_t {
  mark = '(',
  stop = '.',
  pop_top = '0',
  pop_mark = '1',
  none = 'N',
  newtrue = 0x88,
  newfalse = 0x89,
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  long1 = 0x8a,
  long4 = 0x8b,
  binfloat = 'G',
  binstring = 'T',
  short_binstring = 'U',
  binunicode = 'X',
  short_binunicode = 0x8c,
  binunicode8 = 0x8d,
  binbytes = 'B',
  short_binbytes = 'C',
  binbytes8 = 0x8e,
  bytearray8 = 0x96,
  empty_tuple = ')',
  tuple = 't',
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  empty_list = ']',
  list = 'l',
  append = 'a',
  appends = 'e',
  empty_dict = '}',
  dict = 'd',
  setitem = 's',
  setitems = 'u',
  empty_set = 0x8f,
  additems = 0x90,
  frozenset = 0x91,
  binput = 'q',
  long_binput = 'r',
  memoize = 0x94,
  binget = 'h',
  long_binget = 'j',
  global = 'c',
  stack_global = 0x93,
  reduce_call = 'R',
  newobj = 0x81,
  newobj_ex = 0x92,
  build_object = 'b',
  binpersid = 'Q',
  proto = 0x80,
  frame = 0x95,
};

/// pickletools' name of any opcode, for errors; "unknown" for a byte that is none.
[[nodiscard]] const char* name_of_opcode(PickleOpcode code) noexcept;

}  // namespace chestmap
