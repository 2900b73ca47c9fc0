#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/augmentation.h"
#include "data/record.h"

namespace chestmap {

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
  /// Of each batch the images [n * part / parts, n * (part + 1) / parts) of its n are made: those
  /// of one process of several.
  std::size_t part = 0;
  std::size_t parts = 1;
};

/// What the batches of an epoch hold.
enum class Content {
  images,     ///< augmented
  no_images,  ///< the same batches without their pixels, for whoever keeps the images: see `draws`
  stored,     ///< every image of all parts, in the order of `indices`, not augmented; the memory
              ///< for images between epochs is left to those of other epochs
};

/// Images and labels for whoever computes on them.
struct Batch {
  std::size_t index = 0;       ///< of the batch in its epoch
  std::size_t unreadable = 0;  ///< images that were left out
  std::vector<std::size_t>
      records;  ///< indices into the data set's records; unreadable ones are left out
  std::vector<std::size_t> positions;   ///< of the records in `indices`
  std::vector<AugmentationDraw> draws;  ///< how each is augmented
  std::vector<float> pixels;            ///< records x size x size, in [0, 1]; empty without images
  std::vector<signed char> labels;      ///< records x findings, as `Label`
};

/// Decodes, resizes and augments in background threads. The batches of an epoch, their order and
/// every random choice are a function of (seed, epoch, position in `indices`) alone, whatever the
/// number of threads and the size of the cache. Batch b holds the positions [b * batch, (b + 1) *
/// batch) of the epoch's order, or this part of them; an unreadable image is left out of it,
/// reported once through `skipped()` and not tried again. `next()` throws UserError when the share
/// of such images among `indices` passes `most_skipped`. One thread calls a Loader; `dataset` must
/// outlive it. Throws UserError where `indices` is empty.
class Loader {
 public:
  Loader(const Dataset& dataset, std::vector<std::size_t> indices, const LoaderOptions& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] std::size_t batches() const noexcept;
  /// Bits that hold an image's values exactly: 8 where all come from packs of that depth, or 16.
  [[nodiscard]] int bits() const;
  /// Begins `epoch` at batch `first_batch`; a running epoch is given up. Without images only those
  /// that an earlier epoch could not read are known to be unreadable.
  void start(std::uint64_t epoch, std::size_t first_batch = 0, Content content = Content::images);
  /// The next batch in order, or nothing at the epoch's end. It may be empty, where none of its
  /// images is readable or they are fewer than the parts.
  [[nodiscard]] std::optional<Batch> next();
  /// What the batches given so far had to leave out, in the order of their discovery.
  [[nodiscard]] std::vector<Skipped> skipped() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace chestmap
