#include "train/device_images.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "train/device_augmentation.h"
#include "train/upload.h"

namespace chestmap {

namespace {

at::Tensor whole_numbers(const std::vector<std::size_t>& values) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::transform(values.begin(), values.end(), tensor.data_ptr<std::int64_t>(),
                 [](std::size_t value) { return static_cast<std::int64_t>(value); });
  return tensor;
}

}  // namespace

bool keeps_images(const std::string& mode, bool gpu, std::int64_t bytes, std::int64_t free) {
  if (mode == "auto") return gpu && bytes <= free / 2;
  return mode == "on";
}

std::int64_t bytes_of_images(std::size_t images, std::int64_t size, int bits) {
  constexpr int kBitsOfByte = 8;
  return static_cast<std::int64_t>(images) * size * size * bits / kBitsOfByte;
}

DeviceImages::DeviceImages(Loader& loader, std::size_t images, std::int64_t size,
                           c10::Device device, const GoesOn& goes_on) {
  const bool few = loader.bits() == 8;
  const float white = few ? 255.0F : 65535.0F;
  white_ = uploaded(at::full({1}, white), device);
  offset_ = few ? 0 : 32768;
  samples_ = at::zeros({static_cast<std::int64_t>(images), size, size},
                       at::device(device).dtype(few ? at::kByte : at::kShort));
  std::size_t read = 0;
  loader.start(0, 0, Content::stored);
  while (std::optional<Batch> batch = loader.next()) {
    read += batch->records.size();
    if (goes_on && !goes_on(read)) return;
    if (batch->records.empty()) continue;
    const at::Tensor values =
        at::from_blob(batch->pixels.data(),
                      {static_cast<std::int64_t>(batch->records.size()), size, size}, at::kFloat);
    // Values are whole numbers over white: rounding finds these again.
    const at::Tensor own = ((values * white).round() - offset_).to(samples_.scalar_type());
    samples_.index_copy_(0, uploaded(whole_numbers(batch->positions), device),
                         uploaded(own, device));
  }
}

at::Tensor DeviceImages::of(const Batch& batch) const {
  const at::Tensor positions = uploaded(whole_numbers(batch.positions), samples_.device());
  const at::Tensor stored = samples_.index_select(0, positions).to(at::kFloat);
  return augmented((stored + offset_) / white_, batch.draws);
}

}  // namespace chestmap
