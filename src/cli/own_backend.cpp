#include "cli/backend_arguments.h"
#include "engine/engine_backend.h"

namespace chestmap {

bool needs_torch(const BackendArguments& arguments, bool gradients) {
  return gradients || arguments.engine == "torch" || arguments.device != "cpu";
}

std::unique_ptr<Backend> make_backend(const std::filesystem::path& model,
                                      const BackendArguments& arguments) {
  return make_engine_backend(model, arguments.threads, arguments.engine == "bf16");
}

}  // namespace chestmap
