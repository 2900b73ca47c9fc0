#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "localize/backend.h"

namespace chestmap {

class Model;

/// The model in `file` (model.safetensors) on `device` ("cpu", "cuda", "cuda:N") by libtorch.
/// `threads` 0 takes every core. Throws UserError as load_model and prepare_device do.
[[nodiscard]] std::unique_ptr<Backend> make_torch_backend(const std::filesystem::path& file,
                                                          const std::string& device,
                                                          std::int64_t threads);

/// The same of a model in memory, which is moved to the device.
[[nodiscard]] std::unique_ptr<Backend> make_torch_backend(std::shared_ptr<Model> model,
                                                          const std::string& device,
                                                          std::int64_t threads);

}  // namespace chestmap
