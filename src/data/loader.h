#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// Random changes of a training image; all zero means none. Geometry is applied about the image
/// centre and samples bilinearly; what falls outside repeats the edge.
struct Augmentation {
  double shift = 0.0;       ///< largest shift, as a fraction of the side
  double scale = 0.0;       ///< scale factor in [1 - scale, 1 + scale]
  double rotation = 0.0;    ///< largest angle, degrees
  double flip = 0.0;        ///< probability of a left-right flip
  double brightness = 0.0;  ///< largest added offset, of [0, 1]
  double contrast = 0.0;    ///< factor about the image mean in [1 - contrast, 1 + contrast]
  double gamma = 0.0;       ///< exponent in [1 / (1 + gamma), 1 + gamma], log-uniform
};

struct LoaderOptions {
  std::size_t size = 224;  ///< side of the square that every image is resized to (area-antialiased)
  std::size_t batch = 16;
  std::size_t threads = 2;
  std::size_t prefetch = 4;  ///< batches decoded ahead
  bool shuffle = false;
  std::uint64_t seed = 0;
  Augmentation augmentation;
  std::size_t cache_mib = 1024;  ///< resized images kept in memory between epochs (16 bits a pixel)
  double most_skipped = 0.05;    ///< share of unreadable images above which the run stops
};

/// Images as spans for whoever computes on them.
struct Batch {
  std::size_t index = 0;  ///< of the batch in its epoch
  std::vector<std::size_t>
      records;                ///< indices into the data set's records; unreadable ones are left out
  std::vector<float> pixels;  ///< records x size x size, in [0, 1]
  std::vector<signed char> labels;  ///< records x findings, as `Label`
};

/// Decodes, resizes and augments in background threads. The batches of an epoch, their order and
/// every random choice are a function of (seed, epoch, position in `indices`) alone, whatever the
/// number of threads. An unreadable image is set aside and reported through `skipped()`; `next()`
/// throws UserError when their share of `indices` passes `most_skipped`.
class Loader {
 public:
  Loader(const Dataset& dataset, std::vector<std::size_t> indices, const LoaderOptions& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] std::size_t batches() const noexcept;
  /// Begins `epoch` at batch `first_batch`; a running epoch is given up.
  void start(std::uint64_t epoch, std::size_t first_batch = 0);
  /// The next batch in order, or nothing at the epoch's end.
  [[nodiscard]] std::optional<Batch> next();
  [[nodiscard]] std::vector<Skipped> skipped() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace chestmap
