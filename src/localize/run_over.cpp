#include "localize/run_over.h"

#include <algorithm>
#include <optional>

#include "base/progress.h"
#include "data/loader.h"

namespace chestmap {

std::vector<Skipped> run_over(
    Backend& backend, const Dataset& dataset, const std::vector<std::size_t>& indices,
    const std::string& title, double most_skipped,
    const std::function<void(std::size_t record, const ImageF& image, const Inference&)>& visit) {
  const auto size = static_cast<std::size_t>(backend.spec().input_size);
  LoaderOptions options;
  options.size = size;
  options.batch = 16;
  options.threads = backend.threads();
  options.cache_mib = 0;
  options.most_skipped = most_skipped;
  Loader loader(dataset, indices, options);
  Progress bar(title, indices.size(), "images");
  std::size_t done = 0;
  loader.start(0);
  while (std::optional<Batch> batch = loader.next()) {
    std::vector<ImageF> images;
    for (std::size_t i = 0; i < batch->records.size(); ++i) {
      images.emplace_back(size, size);
      const auto begin = batch->pixels.begin() + static_cast<std::ptrdiff_t>(i * size * size);
      std::copy_n(begin, size * size, images.back().pixels().begin());
    }
    if (images.empty()) continue;
    const std::vector<Inference> inferences = backend.infer(images);
    for (std::size_t i = 0; i < images.size(); ++i)
      visit(batch->records[i], images[i], inferences[i]);
    done += images.size();
    bar.update(done);
  }
  return loader.skipped();
}

}  // namespace chestmap
