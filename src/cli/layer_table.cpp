#include "cli/layer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/median.h"
#include "engine/engine.h"
#include "engine/fma_peak.h"
#include "engine/localizer_network.h"
#include "engine/precision.h"

namespace chestmap {

namespace {

struct Row {
  std::string name;
  std::string kernel;
  std::string size;  ///< of what is written
  double seconds = 0.0;
  double operations = 0.0;
};

std::string kind_of(const engine::Layer& layer) {
  const auto* convolution = std::get_if<engine::Convolution>(&layer.operation);
  if (convolution == nullptr) return "other layers";
  return fmt::format("{0}x{0}, stride {1}", convolution->kernel, convolution->stride);
}

std::string line(const Row& row, double whole, double peak) {
  std::string text = fmt::format("{:<48} {:<16} {:>14} {:>9.3f} {:>5.1f}%", row.name, row.kernel,
                                 row.size, 1e3 * row.seconds, 100.0 * row.seconds / whole);
  if (row.operations > 0.0)
    text += fmt::format(" {:>8.1f} {:>6.1f}%", row.operations / row.seconds / 1e9,
                        100.0 * row.operations / row.seconds / peak);
  return text + "\n";
}

}  // namespace

std::string layer_table(const std::filesystem::path& model, const BackendArguments& arguments,
                        std::size_t repeats) {
  LocalizerNetwork localizer = localizer_network(model);
  const engine::Computing how =
      computing_for(precision_of(arguments.engine), localizer.spec, model);
  engine::Engine engine(std::move(localizer.network), static_cast<std::size_t>(arguments.threads),
                        how);
  const engine::Network& network = engine.network();
  const std::size_t pixels = network.tensors[network.input].floats();
  const auto load = [&](std::size_t /*image*/, float* input) { std::fill_n(input, pixels, 0.5F); };
  std::vector<std::vector<double>> taken(network.layers.size());
  (void)engine.timed(load);
  for (std::size_t i = 0; i < repeats; ++i) {
    const std::vector<engine::LayerTime> times = engine.timed(load);
    for (std::size_t l = 0; l < times.size(); ++l) taken[l].push_back(times[l].seconds);
  }
  const std::vector<engine::LayerTime> layers = engine.timed(load);
  std::vector<Row> rows;
  std::map<std::string, Row> kinds;
  double whole = 0.0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const engine::Layer& layer = *layers[l].layer;
    const engine::Tensor& written = network.tensors[layer.output];
    rows.push_back({layer.name, layers[l].kernel,
                    fmt::format("{}x{}x{}", written.channels, written.height, written.width),
                    upper_median(taken[l]), engine::operations_of(network, layer)});
    Row& kind = kinds[kind_of(layer)];
    kind.seconds += rows.back().seconds;
    kind.operations += rows.back().operations;
    whole += rows.back().seconds;
  }
  const double peak = engine::measured_fma_peak(engine.threads(), how.isa);
  std::string table = fmt::format("{:<48} {:<16} {:>14} {:>9} {:>6} {:>8} {:>7}\n", "layer", "by",
                                  "writes", "ms", "", "GFLOP/s", "of peak");
  for (const Row& row : rows) table += line(row, whole, peak);
  table += "\n";
  Row all{"all", "", "", whole, 0.0};
  for (auto& [name, kind] : kinds) {
    kind.name = name;
    all.operations += kind.operations;
    table += line(kind, whole, peak);
  }
  table += line(all, whole, peak);
  table += fmt::format(
      "measured peak of multiply-adds: {:.1f} GFLOP/s with {} threads ({}); floor: {:.2f} ms\n",
      peak / 1e9, engine.threads(), kernels::name(how.isa), 1e3 * all.operations / peak);
  table += fmt::format("weights: {:.1f} MB, all between the layers: {:.1f} MB\n\n",
                       static_cast<double>(engine.weight_bytes()) / 1e6,
                       static_cast<double>(engine.activation_bytes(engine.threads())) / 1e6);
  return table;
}

}  // namespace chestmap
