#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "onnx/export_onnx.h"
#include "onnx/onnx_file.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path out;
  std::int64_t opset = 13;
  std::int64_t resolution = 0;
  bool fp16 = false;
};

int export_command(const Arguments& arguments) {
  const std::filesystem::path model = std::filesystem::is_directory(arguments.model)
                                          ? arguments.model / "model.safetensors"
                                          : arguments.model;
  export_onnx(model, arguments.out,
              {.resolution = arguments.resolution,
               .precision = arguments.fp16 ? Precision::half : Precision::single},
              arguments.opset);
  note("written to {} (ONNX, operator set {}, {}); research use only", arguments.out.string(),
       arguments.opset, arguments.fp16 ? "float16" : "float32");
  return 0;
}

void add_onnx(CLI::App& parent, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      parent.add_subcommand("onnx", "The whole localizer as one ONNX file, preprocessing inside");
  command->footer("Example:\n  chestmap export onnx runs/first first.onnx");
  command->add_option("model", arguments->model, "model.safetensors, or a run folder")->required();
  command->add_option("out", arguments->out, "ONNX file to write")->required();
  command->add_flag("--fp16", arguments->fp16,
                    "Backbone in half precision; what goes in and out, pooling and maps stay in "
                    "single");
  command
      ->add_option("--opset", arguments->opset,
                   fmt::format("Operator set, {} to {}", kOldestOpset, kNewestOpset))
      ->capture_default_str();
  command
      ->add_option("--resolution", arguments->resolution,
                   "Side of the attention map in cells; 0: the model's input size")
      ->check(CLI::Range(0, 4096));
  command->callback(
      [arguments, &action] { action = [arguments] { return export_command(*arguments); }; });
}

}  // namespace

void add_export_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("export", "Write a model for other programs to run");
  command->require_subcommand(1);
  command->footer("Example:\n  chestmap export onnx runs/first first.onnx");
  add_onnx(*command, action);
  // For --help alone: main hands it over before anything is parsed.
  command->add_subcommand("torchscript", "The same for libtorch, Triton and torch.jit.load");
}

}  // namespace chestmap
