#pragma once

#include <c10/core/Device.h>

namespace chestmap {

/// While it lives, torch's operations on `device` that gain by it (convolutions, products) compute
/// in bfloat16, and those that need it (softmax, losses) in single precision, where it is `on`.
/// The one place that knows how libtorch 1.13 and PyTorch 2 differ in it.
class Autocast {
 public:
  Autocast(c10::Device device, bool on);
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast();

 private:
  c10::Device device_;
  bool on_;
};

}  // namespace chestmap
