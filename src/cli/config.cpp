#include <fmt/format.h>

#include "cli/commands.h"
#include "train/train_config.h"

namespace chestmap {

void add_config_command(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("config", "Print every configuration key with its default, as TOML");
  command->footer("Example:\n  chestmap config > my.toml");
  command->callback([&action] {
    action = [] {
      fmt::print("{}", train_config().to_toml());
      return 0;
    };
  });
}

}  // namespace chestmap
