#include "backend_torch/torch_backend.h"

#include "cli/backend_arguments.h"

namespace chestmap {

bool needs_torch(const BackendArguments& /*arguments*/, bool /*gradients*/) { return false; }

std::unique_ptr<Backend> make_backend(const std::filesystem::path& model,
                                      const BackendArguments& arguments) {
  return make_torch_backend(model, arguments.device, arguments.threads);
}

}  // namespace chestmap
