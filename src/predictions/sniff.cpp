#include "predictions/sniff.h"

#include <fstream>
#include <string>

namespace chestmap {

char first_character(const std::filesystem::path& file, std::string_view ending) {
  if (std::filesystem::is_directory(file)) return '\0';
  if (!ending.empty() && file.extension() != ending) return '\0';
  std::ifstream in(file, std::ios::binary);
  std::string text(4096, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string::npos ? '\0' : text[at];
}

}  // namespace chestmap
