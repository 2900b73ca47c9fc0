#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "weights/backbone_fit.h"
#include "weights/convert.h"
#include "weights/weight_file.h"

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

// --- inspect

struct InspectArguments {
  std::filesystem::path file;
  bool json = false;
  bool summary = false;
};

std::uint64_t total_bytes(const WeightFile& file) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : file.tensors) total += tensor.bytes();
  return total;
}

std::uint64_t total_elements(const WeightFile& file) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : file.tensors) total += elements_of(tensor.shape).value_or(0);
  return total;
}

std::string megabytes(std::uint64_t bytes) {
  return bytes < 100'000 ? fmt::format("{} bytes", bytes)
                         : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

Json json_of(const BackboneFit& fit) {
  return {{"backbone", fit.backbone},   {"channels", fit.channels},
          {"fits", fit.exact()},        {"matched", fit.fitted.size()},
          {"missing", fit.missing},     {"unexpected", fit.unexpected},
          {"misshapen", fit.misshapen}, {"beside", fit.beside},
          {"uncounted", fit.uncounted}, {"notes", fit.notes}};
}

Json json_of(const WeightFile& file, const std::vector<BackboneFit>& fits) {
  Json json = {{"file", file.path.string()},
               {"format", file.format},
               {"bytes", file.file_bytes},
               {"key", file.key},
               {"beside", file.beside},
               {"other", file.other},
               {"metadata", file.metadata},
               {"elements", total_elements(file)},
               {"tensor_bytes", total_bytes(file)},
               {"tensors", Json::array()},
               {"backbones", Json::array()}};
  for (const StoredTensor& tensor : file.tensors)
    json["tensors"].push_back({{"name", tensor.name},
                               {"dtype", tensor.dtype},
                               {"shape", tensor.shape},
                               {"bytes", tensor.bytes()}});
  for (const BackboneFit& fit : fits) json["backbones"].push_back(json_of(fit));
  return json;
}

void print_tensors(const WeightFile& file) {
  std::size_t width = 0;
  for (const StoredTensor& tensor : file.tensors) width = std::max(width, tensor.name.size());
  for (const StoredTensor& tensor : file.tensors)
    fmt::print("{:<{}}  {:<5} [{}]\n", tensor.name, width, tensor.dtype,
               fmt::join(tensor.shape, ", "));
}

void print_summary(const WeightFile& file) {
  fmt::print("{}: {}, {}\n", file.path.string(), file.format, megabytes(file.file_bytes));
  if (!file.key.empty())
    fmt::print("  state dict under \"{}\"; beside it, and not read: {}\n", file.key,
               file.beside.empty() ? "nothing" : listed(file.beside));
  if (!file.other.empty()) fmt::print("  no tensors, and left out: {}\n", listed(file.other));
  std::map<std::string, std::size_t> types;
  for (const StoredTensor& tensor : file.tensors) ++types[tensor.dtype];
  std::vector<std::string> counts;
  for (const auto& [dtype, count] : types) counts.push_back(fmt::format("{} {}", count, dtype));
  fmt::print("  {} tensors ({}), {} elements, {}\n", file.tensors.size(), fmt::join(counts, ", "),
             total_elements(file), megabytes(total_bytes(file)));
}

void print_fits(const std::vector<BackboneFit>& fits) {
  fmt::print("\n{:<18} {:>8} {:>8} {:>8} {:>10} {:>9}\n", "backbone", "channels", "matched",
             "missing", "unexpected", "misshapen");
  for (const BackboneFit& fit : fits)
    fmt::print("{:<18} {:>8} {:>8} {:>8} {:>10} {:>9}\n", fit.backbone, fit.channels,
               fit.fitted.size(), fit.missing.size(), fit.unexpected.size(), fit.misshapen.size());
  const BackboneFit& best = fits.front();
  fmt::print("\n");
  if (best.exact()) {
    fmt::print("It fits {}.\n", best.backbone);
  } else if (best.fitted.empty()) {
    fmt::print("It fits no backbone that chestmap has.\n");
  } else {
    fmt::print("It fits no backbone wholly; {} is the nearest.\n", best.backbone);
    if (!best.missing.empty()) fmt::print("  missing: {}\n", listed(best.missing));
    if (!best.unexpected.empty()) fmt::print("  unexpected: {}\n", listed(best.unexpected));
    if (!best.misshapen.empty()) fmt::print("  misshapen: {}\n", listed(best.misshapen));
  }
  if (best.fitted.empty()) return;
  if (!best.beside.empty()) fmt::print("  left out: {}\n", listed(best.beside));
  for (const std::string& text : best.notes) fmt::print("  {}\n", text);
}

int inspect_command(const InspectArguments& arguments) {
  const WeightFile file = read_weights(arguments.file);
  const std::vector<BackboneFit> fits = fit_every_backbone(file);
  if (arguments.json) {
    fmt::print("{}\n", json_of(file, fits).dump(1, ' ', false, Json::error_handler_t::replace));
    return 0;
  }
  if (!arguments.summary) {
    print_tensors(file);
    fmt::print("\n");
  }
  print_summary(file);
  print_fits(fits);
  return 0;
}

void add_inspect(CLI::App& weights, Action& action) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command = weights.add_subcommand(
      "inspect", "List the tensors of a weight file, and say which backbones it fits");
  command->footer("Example:\n  chestmap weights inspect densenet121-a639ec97.pth --summary");
  command->add_option("file", arguments->file, "safetensors, its index, or a PyTorch checkpoint")
      ->required();
  command->add_flag("--summary", arguments->summary, "Leave the list of tensors out");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback(
      [arguments, &action] { action = [arguments] { return inspect_command(*arguments); }; });
}

// --- convert

struct ConvertArguments {
  std::filesystem::path file;
  std::filesystem::path out;
  std::string backbone;
  std::int64_t channels = 0;  // 0: as in the file
  bool partial = false;
  bool unchanged = false;
};

BackboneFit chosen_fit(const WeightFile& file, const ConvertArguments& arguments) {
  std::vector<BackboneFit> fits = fit_every_backbone(file);
  BackboneFit best = fits.front();
  if (!arguments.backbone.empty()) {
    static_cast<void>(backbone_layout(arguments.backbone));  // an unknown name ends here
    for (const BackboneFit& fit : fits)
      if (fit.backbone == arguments.backbone) best = fit;
  }
  if (arguments.channels != 0 && arguments.channels != best.channels)
    best = fit_backbone(file, backbone_layout(best.backbone), arguments.channels);
  return best;
}

int convert_command(const ConvertArguments& arguments) {
  const WeightFile file = read_weights(arguments.file);
  std::error_code ignored;
  if (std::filesystem::equivalent(arguments.file, arguments.out, ignored))
    throw UserError(arguments.out.string() + " is the file that is read",
                    "name another file to write");
  if (arguments.unchanged) {
    if (!arguments.backbone.empty() || arguments.channels != 0 || arguments.partial)
      throw UserError("--unchanged keeps every tensor as it is",
                      "leave --backbone, --channels and --partial out");
    write_unchanged(file, arguments.out);
    note("{}: {} tensors under their own names", arguments.out.string(), file.tensors.size());
    return 0;
  }
  const BackboneFit fit = chosen_fit(file, arguments);
  if (!arguments.partial) require_exact(fit, file);
  if (fit.fitted.empty())
    throw UserError(fmt::format("{} has no tensor of {}", file.path.string(), fit.backbone),
                    "`chestmap weights inspect` lists what it has");
  for (const std::string& text : fit.notes) note("{}", text);
  if (!fit.beside.empty()) note("left out: {}", listed(fit.beside));
  if (!fit.unexpected.empty()) note("unexpected, and left out: {}", listed(fit.unexpected));
  for (const std::string& text : fit.misshapen) note("left out: {}", text);
  if (!fit.missing.empty())
    note("not written, so that training starts them at random: {} missing: {}", fit.missing.size(),
         listed(fit.missing));
  write_backbone(fit, file, arguments.out);
  note("{}: {} tensors of {}", arguments.out.string(), fit.fitted.size() + fit.uncounted.size(),
       fit.backbone);
  return 0;
}

void add_convert(CLI::App& weights, Action& action) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command = weights.add_subcommand(
      "convert", "Write a backbone's weights as safetensors, under torchvision's names");
  command->footer("Example:\n  chestmap weights convert m-25012018.pth.tar chexnet.safetensors");
  command->add_option("file", arguments->file, "safetensors, its index, or a PyTorch checkpoint")
      ->required();
  command->add_option("out", arguments->out, "safetensors file to write")->required();
  command->add_option("--backbone", arguments->backbone,
                      "Which; found by its tensors if not given");
  command->add_option("--channels", arguments->channels, "Of the input, 1 or 3; as in the file")
      ->check(CLI::IsMember({1, 3}));
  command->add_flag("--partial", arguments->partial, "Write what fits, and say what does not");
  command->add_flag("--unchanged", arguments->unchanged,
                    "Every tensor under its own name and in its own type");
  command->callback(
      [arguments, &action] { action = [arguments] { return convert_command(*arguments); }; });
}

}  // namespace

void add_weights_command(CLI::App& app, Action& action) {
  CLI::App* weights =
      app.add_subcommand("weights", "Look into weight files of PyTorch, and convert them");
  weights->require_subcommand(1);
  add_inspect(*weights, action);
  add_convert(*weights, action);
}

}  // namespace chestmap
