#include "torchscript/export_torchscript.h"

#include <filesystem>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path out;
  std::int64_t resolution = 0;
};

int export_command(const Arguments& arguments) {
  const std::filesystem::path model = std::filesystem::is_directory(arguments.model)
                                          ? arguments.model / "model.safetensors"
                                          : arguments.model;
  export_torchscript(model, arguments.out, arguments.resolution);
  note("written to {} (TorchScript); research use only", arguments.out.string());
  return 0;
}

}  // namespace

void add_export_torchscript_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* parent = app.add_subcommand("export", "Write a model for other programs to run");
  parent->require_subcommand(1);
  CLI::App* command = parent->add_subcommand(
      "torchscript", "The whole localizer for libtorch, Triton and torch.jit.load");
  command->footer("Example:\n  chestmap export torchscript runs/first first.pt");
  command->add_option("model", arguments->model, "model.safetensors, or a run folder")->required();
  command->add_option("out", arguments->out, "TorchScript file to write")->required();
  command
      ->add_option("--resolution", arguments->resolution,
                   "Side of the attention map in cells; 0: the model's input size")
      ->check(CLI::Range(0, 4096));
  command->callback(
      [arguments, &action] { action = [arguments] { return export_command(*arguments); }; });
}

}  // namespace chestmap
