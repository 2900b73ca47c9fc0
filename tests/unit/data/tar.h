#pragma once

#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

namespace chestmap::test {

struct TarMember {
  std::string name;
  std::string content;
};

/// A tar archive (POSIX ustar) of regular files.
inline std::string tar_archive(const std::vector<TarMember>& members) {
  constexpr std::size_t block = 512;
  std::string archive;
  for (const TarMember& member : members) {
    std::string header(block, '\0');
    const auto put = [&header](std::size_t at, const std::string& text) {
      header.replace(at, text.size(), text);
    };
    const auto octal = [](std::size_t value) {
      std::string digits(11, '0');
      for (std::size_t at = digits.size(); value > 0; value /= 8)
        digits[--at] = static_cast<char>('0' + value % 8);
      return digits;
    };
    put(0, member.name);
    put(100, "0000644");
    put(124, octal(member.content.size()));
    put(136, octal(0));
    put(148, std::string(8, ' '));
    put(156, "0");
    put(257, std::string("ustar\0"
                         "00",
                         8));
    const auto sum = std::accumulate(
        header.begin(), header.end(), std::size_t{0},
        [](std::size_t total, char c) { return total + static_cast<unsigned char>(c); });
    put(148, octal(sum).substr(5) + std::string("\0 ", 2));
    archive += header + member.content;
    archive.resize((archive.size() + block - 1) / block * block, '\0');
  }
  return archive + std::string(2 * block, '\0');
}

}  // namespace chestmap::test
