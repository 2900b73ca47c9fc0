#include "cli/initial_weights.h"

#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"

namespace chestmap {

namespace {

void tell(const BackboneFit& fit, const WeightFile& file) {
  note("{} tensors of {} from {}", fit.fitted.size(), fit.backbone, file.path.string());
  for (const std::string& text : fit.notes) note("{}", text);
  if (!fit.beside.empty()) note("left out: {}", listed(fit.beside));
  if (!fit.unexpected.empty()) warn("unexpected, and left out: {}", listed(fit.unexpected));
  for (const std::string& text : fit.misshapen) warn("begins at random: {}", text);
  if (!fit.missing.empty())
    warn("{} tensors begin at random, being missing: {}", fit.missing.size(), listed(fit.missing));
}

}  // namespace

InitialWeights read_initial_weights(const std::filesystem::path& file, const Config& config,
                                    bool partial) {
  InitialWeights out;
  out.file = read_weights(file);
  out.fit = fit_backbone(out.file, backbone_layout(config.text("model.backbone")),
                         config.whole("model.channels"));
  if (out.fit.fitted.empty())
    throw UserError(file.string() + " has no tensor of " + out.fit.backbone,
                    "`chestmap weights inspect " + file.string() + "` says what it fits");
  if (!partial) require_exact(out.fit, out.file, "--init-partial");
  tell(out.fit, out.file);
  out.record = {{"file", file.filename().string()},
                {"sha256", sha256_of(file)},
                {"format", out.file.format},
                {"tensors", out.fit.fitted.size()},
                {"at_random", out.fit.missing.size() + out.fit.misshapen.size()},
                {"notes", out.fit.notes}};
  return out;
}

std::map<std::string, std::string> initial_weights_provenance(const std::filesystem::path& record) {
  try {
    const auto json = nlohmann::json::parse(read_file(record));
    return {{"init", json.at("file").get<std::string>()},
            {"init_sha256", json.at("sha256").get<std::string>()},
            {"init_tensors", std::to_string(json.at("tensors").get<std::size_t>())}};
  } catch (const nlohmann::json::exception& error) {
    throw UserError(record.string() + " cannot be read: " + error.what(),
                    "`chestmap train --init` writes it; was it changed by hand?");
  }
}

}  // namespace chestmap
