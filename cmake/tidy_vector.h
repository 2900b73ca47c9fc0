// Read before each file that clang-tidy parses. In C++20 libstdc++ marks vector's members constexpr, and
// clang then instantiates vector<c10::IValue> where libtorch's headers have only declared IValue.
#include <algorithm>
#include <memory>
#include <string>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 __fill_bits  // declared constexpr above
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
