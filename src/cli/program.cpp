#include "cli/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/error.h"

namespace chestmap {

namespace {

constexpr const char* kVersionText =
    "chestmap " CHESTMAP_VERSION "\nResearch use only. Not a medical device; not for diagnosis.";

int report_user_error(const UserError& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", error.hint());
  return 1;
}

}  // namespace

int run_program(int argc, char** argv, const std::string& description,
                std::span<const AddCommand> commands) {
  CLI::App app(description, "chestmap");
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersionText);
  app.footer("Research use only. Not a medical device; not for diagnosis.");
  Action action;
  for (const AddCommand add : commands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  try {
    return action ? action() : 0;
  } catch (const UserError& error) {
    return report_user_error(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bug: {}\nhint: please report it with the command line and this text\n",
               error.what());
    return 2;
  }
}

}  // namespace chestmap
