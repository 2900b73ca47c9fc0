#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace chestmap {

namespace {

constexpr const char* kVersionText =
    "chestmap " CHESTMAP_VERSION "\nResearch use only. Not a medical device; not for diagnosis.";

/// The mistyped first word of the command line, if it is one; CLI11 would only say that a command
/// is missing.
void check_command_name(const CLI::App& app, int argc, char** argv) {
  if (argc < 2) return;
  const std::string given = argv[1];
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (given.starts_with("-") || std::find(names.begin(), names.end(), given) != names.end()) return;
  const std::string near = nearest_word(given, names);
  throw UserError(fmt::format("unknown command \"{}\"", given),
                  near.empty() ? fmt::format("the commands are {}", fmt::join(names, ", "))
                               : fmt::format("did you mean \"{}\"?", near));
}

/// Help and version go to the standard output and are no error.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  return report_user_error(
      UserError(error.what(), fmt::format("`chestmap{} --help` shows what it takes", command)));
}

/// What was printed may still lie in a buffer, and a full disk shows only when that is written.
int flushed(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return code;
  fmt::print(stderr, "error: cannot write the standard output\nhint: is the disk full?\n");
  return code == 0 ? 1 : code;
}

int run_action(const Action& action) {
  try {
    return action ? action() : 0;
  } catch (const UserError& error) {
    return report_user_error(error);
  } catch (const std::filesystem::filesystem_error& error) {
    return report_user_error(UserError(error.path1().string() + ": " + error.code().message(),
                                       "is the path right, and may you read and write there?"));
  } catch (const std::system_error& error) {  // fmt's where a print fails
    return report_user_error(UserError(error.what(), "is the disk full?"));
  } catch (const std::bad_alloc&) {
    return report_user_error(
        UserError("there is not enough memory", "smaller images or batches need less"));
  } catch (const std::exception& error) {
    // What torch says of itself ends in a list of its functions' addresses.
    const std::string text = error.what();
    fmt::print(stderr, "bug: {}\nhint: please report it with the command line and this text\n",
               text.substr(0, text.find("\nException raised from")));
    return 2;
  }
}

}  // namespace

int report_user_error(const UserError& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", error.hint());
  return 1;
}

int run_program(int argc, char** argv, const std::string& description,
                std::span<const AddCommand> commands) {
  CLI::App app(description, "chestmap");
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersionText);
  app.footer("Research use only. Not a medical device; not for diagnosis.");
  Action action;
  for (const AddCommand add : commands) add(app, action);
  try {
    check_command_name(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return flushed(report_parse_error(app, error));
  } catch (const UserError& error) {
    return report_user_error(error);
  }
  return flushed(run_action(action));
}

}  // namespace chestmap
