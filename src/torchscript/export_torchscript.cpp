#include "torchscript/export_torchscript.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "graph/localizer_graph.h"
#include "graph/localizer_metadata.h"
#include "torchscript/source_text.h"

namespace chestmap {

namespace {

at::Tensor tensor_of(const Constant& constant) {
  at::Tensor tensor = at::empty(constant.shape, at::kFloat);
  std::copy(constant.values.begin(), constant.values.end(), tensor.data_ptr<float>());
  return tensor;
}

}  // namespace

void export_torchscript(const std::filesystem::path& model, const std::filesystem::path& out,
                        std::int64_t resolution) {
  const LocalizerGraph localizer = localizer_graph(model, {.resolution = resolution});
  const TorchScriptSource source = torchscript_source(localizer.graph);
  torch::jit::Module module("Localizer");
  for (const Constant& constant : localizer.graph.constants)
    module.register_buffer(source.attributes.at(constant.name), tensor_of(constant));
  module.define(source.text);
  module.eval();
  const nlohmann::ordered_json metadata = localizer_metadata(localizer);
  std::ostringstream archive;
  module.save(archive, {{"chestmap.json", metadata.dump(1)}});
  write_file(out, archive.str());
}

}  // namespace chestmap
