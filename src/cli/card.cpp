#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "report/model_card.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path out;
  std::filesystem::path evaluation;
  std::string split = "test";
};

std::uint64_t parameters_of(const SafetensorsFile& file) {
  std::uint64_t count = 0;
  for (const TensorView& tensor : file.tensors())
    if (tensor.dtype == "F32") count += tensor.data.size() / sizeof(float);
  return count;
}

RunScores read_scores(const std::filesystem::path& file) {
  try {
    return parse_scores(nlohmann::ordered_json::parse(read_file(file)), file.string());
  } catch (const nlohmann::json::parse_error& error) {
    throw UserError(fmt::format("{}: not JSON, at byte {}", file.string(), error.byte),
                    "was the file cut short?");
  }
}

/// The run folder's name, or the file's where it lies by itself.
std::string name_of(const std::filesystem::path& model) {
  const auto absolute = std::filesystem::absolute(model).lexically_normal();
  return absolute.filename() == "model.safetensors" ? absolute.parent_path().filename().string()
                                                    : absolute.stem().string();
}

int card_command(const Arguments& arguments) {
  const std::filesystem::path model = std::filesystem::is_directory(arguments.model)
                                          ? arguments.model / "model.safetensors"
                                          : arguments.model;
  const SafetensorsFile file(model);
  ModelCardInput input;
  input.name = name_of(model);
  input.spec = ModelSpec::from_metadata(file.metadata(), model);
  input.parameters = parameters_of(file);
  input.program = "chestmap " CHESTMAP_VERSION;
  std::filesystem::path evaluation = arguments.evaluation;
  if (evaluation.empty()) {
    evaluation = model.parent_path() / ("evaluation-" + arguments.split) / "evaluation.json";
    if (!std::filesystem::exists(evaluation)) {
      warn("{} is missing; the card says that the figures are not known", evaluation.string());
      evaluation.clear();
    }
  }
  if (!evaluation.empty()) {
    input.scores = read_scores(evaluation);
    input.evaluation_file = evaluation.lexically_relative(model.parent_path()).string();
    if (input.evaluation_file.empty() || input.evaluation_file.starts_with(".."))
      input.evaluation_file = evaluation.filename().string();
  }
  const CardDocument card = model_card(input);
  const std::filesystem::path folder = arguments.out.empty() ? model.parent_path() : arguments.out;
  write_file(folder / "model-card.md", card_markdown(card));
  write_file(folder / "model-card.html", card_html(card));
  note("written to {} and model-card.html", (folder / "model-card.md").string());
  return 0;
}

}  // namespace

void add_card_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("card", "Write a model's card: use, data, figures, thresholds, limits");
  command->footer("Example:\n  chestmap card runs/first");
  command->add_option("model", arguments->model, "model.safetensors, or a run folder")->required();
  command->add_option("--out", arguments->out,
                      "Folder for model-card.md and model-card.html (the model's)");
  command->add_option("--split", arguments->split, "Which evaluation of the run")
      ->check(CLI::IsMember({"test", "valid", "train"}))
      ->capture_default_str();
  command->add_option("--evaluation", arguments->evaluation, "evaluation.json from elsewhere");
  command->callback(
      [arguments, &action] { action = [arguments] { return card_command(*arguments); }; });
}

}  // namespace chestmap
