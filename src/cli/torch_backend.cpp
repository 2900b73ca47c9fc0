#include "backend_torch/torch_backend.h"

#include "base/error.h"
#include "cli/backend_arguments.h"
#include "cli/layer_table.h"

namespace chestmap {

bool needs_torch(const BackendArguments& /*arguments*/, bool /*gradients*/) { return false; }

std::unique_ptr<Backend> make_backend(const std::filesystem::path& model,
                                      const BackendArguments& arguments) {
  return make_torch_backend(model, arguments.device, arguments.threads);
}

void make_ready_to_time(const std::filesystem::path& /*model*/,
                        const BackendArguments& /*arguments*/) {}

std::string layer_table(const std::filesystem::path& /*model*/,
                        const BackendArguments& /*arguments*/, std::size_t /*repeats*/) {
  throw UserError("--layers: libtorch's layers cannot be timed", "leave --engine torch out");
}

}  // namespace chestmap
