#include "cli/simulated.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "base/atomic_file.h"

namespace chestmap {

bool is_simulated_data(const std::filesystem::path& folder) {
  const std::filesystem::path readme = folder / "README.txt";
  if (folder.empty() || !std::filesystem::exists(readme)) return false;
  std::string text = read_file(readme).substr(0, 200);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find("simulated") != std::string::npos;
}

}  // namespace chestmap
