#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <system_error>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "data/phantom/phantom.h"
#include "image/png.h"
#include "report/report.h"
#include "report/text.h"
#include "weights/model_spec.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

constexpr const char* kSimulated =
    "Simulated radiographs (phantoms), not images of patients: the figures say nothing about how a "
    "model does on real ones.";

/// A folder of `chestmap score` holds the evaluation itself, a run folder one a split.
std::filesystem::path evaluation_file(const std::filesystem::path& run, const std::string& split) {
  if (std::filesystem::exists(run / "evaluation.json")) return run / "evaluation.json";
  return run / ("evaluation-" + split) / "evaluation.json";
}

nlohmann::ordered_json read_evaluation(const std::filesystem::path& run, const std::string& split) {
  if (!std::filesystem::is_directory(run))
    throw UserError(run.string() + " is not a folder",
                    "name the run folders of `chestmap train` or the folders of `chestmap score`");
  const std::filesystem::path file = evaluation_file(run, split);
  if (!std::filesystem::exists(file))
    throw UserError(
        file.string() + " is missing",
        fmt::format("`chestmap evaluate {} --data DIR --split {}` writes it", run.string(), split));
  try {
    return nlohmann::ordered_json::parse(read_file(file));
  } catch (const nlohmann::json::parse_error& error) {
    throw UserError(fmt::format("{}: not JSON, at byte {}", file.string(), error.byte),
                    "was the file cut short?");
  }
}

std::optional<CsvTable> read_table(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? std::optional(read_csv(file)) : std::nullopt;
}

/// Captions by file name; none where there is no captions.csv.
std::map<std::string, std::string> read_captions(const std::filesystem::path& file) {
  const std::optional<CsvTable> table = read_table(file);
  if (!table) return {};
  if (table->header != std::vector<std::string>{"file", "caption"})
    throw UserError(file.string() + ": the header \"file,caption\" was expected");
  std::map<std::string, std::string> captions;
  for (const CsvRow& row : table->rows) {
    if (row.fields.size() != 2)
      throw UserError(at_row(file, row.number, "two fields were expected"),
                      "a caption with a comma stands in quotes");
    captions[row.fields[0]] = row.fields[1];
  }
  for (const auto& [name, caption] : captions)
    if (!std::filesystem::exists(file.parent_path() / name))
      throw UserError(fmt::format("{}: \"{}\" is not in the folder", file.string(), name),
                      "each row names a PNG beside the table");
  return captions;
}

std::vector<GalleryItem> read_gallery(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return {};
  const auto captions = read_captions(folder / "captions.csv");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<GalleryItem> items;
  for (const std::filesystem::path& file : files) {
    GalleryItem item{file.filename().string(), read_file(file), ""};
    if (!is_png(std::as_bytes(std::span(item.png))))
      throw UserError(file.string() + " is not a PNG file");
    if (const auto caption = captions.find(item.image); caption != captions.end())
      item.caption = caption->second;
    items.push_back(std::move(item));
  }
  return items;
}

/// A model that cannot be read costs the report its lines on the model and nothing else.
std::vector<std::pair<std::string, std::string>> read_provenance(
    const std::filesystem::path& model) {
  if (!std::filesystem::exists(model)) return {};
  try {
    const ModelSpec spec = ModelSpec::from_metadata(SafetensorsFile(model).metadata(), model);
    std::vector<std::pair<std::string, std::string>> provenance = {
        {"trained by", spec.program_version}, {"box rules", spec.box_rule_provenance}};
    for (const auto& [key, value] : spec.provenance) provenance.emplace_back("model " + key, value);
    return provenance;
  } catch (const UserError& error) {
    warn("{}; the report says nothing of the model", error.what());
    return {};
  }
}

std::string folder_name(const std::filesystem::path& folder) {
  const auto normal = std::filesystem::absolute(folder).lexically_normal();
  return normal.has_filename() ? normal.filename().string()
                               : normal.parent_path().filename().string();
}

ReportRun read_run(const ReportArguments& arguments, std::size_t index) {
  const std::filesystem::path& folder = arguments.runs[index];
  ReportRun run;
  run.name = arguments.names.empty() ? folder_name(folder) : arguments.names[index];
  run.evaluation = read_evaluation(folder, arguments.split);
  run.evaluation_file = evaluation_file(folder, arguments.split).string();
  run.log = read_table(folder / "log.csv");
  run.relevance = read_table(folder / "relevance.csv");
  if (std::filesystem::exists(folder / "config.toml"))
    run.config = read_file(folder / "config.toml");
  run.provenance = read_provenance(folder / "model.safetensors");
  run.gallery = read_gallery(folder / "gallery");
  return run;
}

/// By the folder of the images, or by the name of an evaluation's data set.
bool is_simulated(const ReportArguments& arguments, const std::vector<ReportRun>& runs) {
  if (!arguments.data.empty() && is_phantom_dataset(arguments.data)) return true;
  return std::any_of(runs.begin(), runs.end(), [](const ReportRun& run) {
    const auto name = nlohmann::ordered_json::json_pointer("/data/name");
    return run.evaluation.contains(name) && run.evaluation[name].is_string() &&
           names_phantoms(run.evaluation[name].get<std::string>());
  });
}

}  // namespace

void write_report(const ReportArguments& arguments) {
  if (!arguments.names.empty() && arguments.names.size() != arguments.runs.size())
    throw UserError(
        fmt::format("{} names for {} runs", arguments.names.size(), arguments.runs.size()),
        "give --name once for each run, in their order, or leave it out");
  if (!arguments.data.empty() && !std::filesystem::is_directory(arguments.data))
    throw UserError(arguments.data.string() + " is not a folder", "name the data set's folder");
  ReportInput input;
  input.title = arguments.title;
  input.program = "chestmap " CHESTMAP_VERSION;
  for (std::size_t i = 0; i < arguments.runs.size(); ++i)
    input.runs.push_back(read_run(arguments, i));
  input.notice = arguments.notice;
  if (input.notice.empty() && is_simulated(arguments, input.runs)) input.notice = kSimulated;
  write_file(arguments.out, report_html(input));
  if (!arguments.summary.empty()) write_file(arguments.summary, summary_json(input).dump(1) + "\n");
}

void add_report_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command =
      app.add_subcommand("report", "Write evaluated runs side by side into one HTML file");
  command->footer(
      "Example:\n  chestmap report runs/multiscale runs/last --name multiscale --name \"last stage "
      "only\" --out report.html");
  command
      ->add_option(
          "runs", arguments->runs,
          "Run folders that `chestmap evaluate` scored, or folders of `chestmap score --out`")
      ->required();
  command->add_option("--out", arguments->out, "HTML file")->capture_default_str();
  command->add_option("--summary", arguments->summary, "Also write the main figures as JSON");
  command->add_option("--split", arguments->split, "Which evaluation of the runs")
      ->check(CLI::IsMember({"test", "valid", "train"}))
      ->capture_default_str();
  command->add_option("--name", arguments->names, "Name of a run, in their order (folder name)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--title", arguments->title, "Title")->capture_default_str();
  command->add_option("--notice", arguments->notice, "Text at the top");
  command->add_option("--data", arguments->data, "Data set folder, to tell simulated images");
  command->callback([arguments, &action] {
    action = [arguments] {
      write_report(*arguments);
      note("written to {}", arguments->out.string());
      return 0;
    };
  });
}

}  // namespace chestmap
