#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <optional>

namespace chestmap {

/// A number of the device, copied to the host behind the work that makes it: whoever reads it waits
/// for that work alone, and not for what was queued since.
class LateValue {
 public:
  /// `scalar` has one element.
  explicit LateValue(const at::Tensor& scalar);

  [[nodiscard]] double wait() const;

 private:
  at::Tensor host_;
  mutable std::optional<c10::Event> copied_;  // of a device with a queue
};

}  // namespace chestmap
