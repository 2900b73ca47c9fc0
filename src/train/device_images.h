#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <string>

#include "data/loader.h"

namespace chestmap {

/// Whether a split's images are kept on the device that trains. `mode`: "on", "off", or "auto", on
/// a GPU of whose `free` bytes they take at most half.
[[nodiscard]] bool keeps_images(const std::string& mode, bool gpu, std::int64_t bytes,
                                std::int64_t free);

/// The bytes of `images` squares of `size` pixels in that many bits.
[[nodiscard]] std::int64_t bytes_of_images(std::size_t images, std::int64_t size, int bits);

/// All images of a loader on the device, in 8 or 16 bits a pixel: the host reads each of them once,
/// and tells the device from then on which ones a batch takes and how it augments them.
class DeviceImages {
 public:
  /// Asked after each batch with the number of images read; false ends the reading.
  using GoesOn = std::function<bool(std::size_t)>;

  /// Reads all images of `loader` (an epoch of stored ones); `images` are their number, unreadable
  /// ones included. Where `goes_on` ended it the object is of no use. Throws UserError as the
  /// loader does.
  DeviceImages(Loader& loader, std::size_t images, std::int64_t size, c10::Device device,
               const GoesOn& goes_on = {});

  /// Of a batch without images: N x size x size, in [0, 1], augmented by its draws. Waits for
  /// nothing.
  [[nodiscard]] at::Tensor of(const Batch& batch) const;

 private:
  at::Tensor samples_;  // images x size x size
  at::Tensor white_;    // on the device: a GPU divides by a number of the host inexactly
  int offset_;          // of the stored numbers: torch has no 16-bit ones without a sign
};

}  // namespace chestmap
