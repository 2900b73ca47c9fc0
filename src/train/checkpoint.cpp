#include "train/checkpoint.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/serialize/archive.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"

namespace chestmap {

namespace {

std::string archive_key(const char* kind, std::size_t index) {
  // Torch's archives split names at dots.
  return fmt::format("{}_{}", kind, index);
}

// Torch's archives carry check sums that its reader does not look at, so the file ends in one of
// its own: the FNV-1a hash of what stands before it.
constexpr std::size_t kHashDigits = 16;

std::string hash_of(std::string_view content) { return fmt::format("{:016x}", fnv1a(content)); }

void write_all(torch::serialize::OutputArchive& archive, const char* kind,
               const std::vector<at::Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    archive.write(archive_key(kind, i), tensors[i].cpu(), /*is_buffer=*/true);
}

/// Throws c10::Error where one is missing, or has another shape.
void read_all(torch::serialize::InputArchive& archive, const char* kind,
              const std::vector<at::Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    at::Tensor stored;
    archive.read(archive_key(kind, i), stored, /*is_buffer=*/true);
    TORCH_CHECK(stored.sizes() == tensors[i].sizes(), archive_key(kind, i), " has shape ",
                stored.sizes(), " where ", tensors[i].sizes(), " is needed");
    tensors[i].copy_(stored);
  }
}

[[nodiscard]] UserError damaged(const std::filesystem::path& file, const std::string& reason) {
  return UserError(fmt::format("{} cannot be read as a checkpoint: {}", file.string(), reason),
                   "it is damaged or of another configuration; start again in a new folder");
}

}  // namespace

std::string Progression::to_json() const {
  return nlohmann::ordered_json{{"epoch", epoch},
                                {"batch", batch},
                                {"step", step},
                                {"loss_sum", loss_sum},
                                {"images", images},
                                {"best_auroc", best_auroc},
                                {"best_epoch", best_epoch},
                                {"epochs_without_gain", epochs_without_gain},
                                {"plateau_scale", plateau_scale},
                                {"log", log},
                                {"relevance_log", relevance_log}}
      .dump();
}

Progression Progression::from_json(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  Progression p;
  p.epoch = json.at("epoch");
  p.batch = json.at("batch");
  p.step = json.at("step");
  p.loss_sum = json.at("loss_sum");
  p.images = json.at("images");
  p.best_auroc = json.at("best_auroc");
  p.best_epoch = json.at("best_epoch");
  p.epochs_without_gain = json.at("epochs_without_gain");
  p.plateau_scale = json.at("plateau_scale");
  p.log = json.at("log");
  p.relevance_log = json.at("relevance_log");
  return p;
}

void save_checkpoint(const std::filesystem::path& file, const Model& model,
                     const std::vector<at::Tensor>& average, const Optimizer& optimizer,
                     const Progression& progression) {
  torch::serialize::OutputArchive archive;
  archive.write("progression", c10::IValue(progression.to_json()));
  const std::vector<NamedTensor> state = named_state(model);
  for (std::size_t i = 0; i < state.size(); ++i)
    archive.write(archive_key("state", i), state[i].tensor.detach().cpu(), /*is_buffer=*/true);
  write_all(archive, "average", average);
  write_all(archive, "optimizer", optimizer.state());
  std::ostringstream out;
  archive.save_to(out);
  std::string content = std::move(out).str();
  content += hash_of(content);
  write_file(file, content);
}

std::string read_checkpoint(const std::filesystem::path& file) {
  std::string content = read_file(file);
  if (content.size() <= kHashDigits) throw damaged(file, "it is too short");
  const std::size_t archive = content.size() - kHashDigits;
  if (content.substr(archive) != hash_of(std::string_view(content).substr(0, archive)))
    throw damaged(file, "its content does not fit its check sum");
  return content;
}

Progression restore_checkpoint(const std::string& content, const std::filesystem::path& file,
                               Model& model, const std::vector<at::Tensor>& average,
                               const Optimizer& optimizer) {
  std::istringstream in(content.substr(0, content.size() - kHashDigits));
  try {
    const at::NoGradGuard no_gradient;
    torch::serialize::InputArchive archive;
    archive.load_from(in);
    const std::vector<NamedTensor> state = named_state(model);
    for (std::size_t i = 0; i < state.size(); ++i) {
      at::Tensor stored;
      archive.read(archive_key("state", i), stored, /*is_buffer=*/true);
      if (stored.sizes() != state[i].tensor.sizes())
        throw UserError(fmt::format("{}: {} has another shape than the configuration gives",
                                    file.string(), state[i].name),
                        "resume with the run's own config.toml");
      state[i].tensor.detach().copy_(stored);
    }
    read_all(archive, "average", average);
    read_all(archive, "optimizer", optimizer.state());
    c10::IValue progression;
    archive.read("progression", progression);
    return Progression::from_json(progression.toStringRef());
  } catch (const c10::Error& error) {
    throw damaged(file, error.what_without_backtrace());
  } catch (const nlohmann::json::exception& error) {
    throw damaged(file, error.what());
  }
}

}  // namespace chestmap
