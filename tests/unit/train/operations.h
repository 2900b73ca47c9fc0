#pragma once

#include <ATen/record_function.h>

#include <memory>
#include <set>
#include <string>

namespace chestmap::test {

/// The names of torch's operations that this thread runs while it lives; one at a time. What waits
/// for a GPU shows in the names of operations on the CPU as well.
class Operations {
 public:
  Operations() {
    names().clear();
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(
        [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
          names().insert(function.name());
          return nullptr;
        }));
  }
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  ~Operations() { at::removeCallback(handle_); }

  [[nodiscard]] bool seen(const std::string& name) const { return names().contains(name); }

  /// Those seen that wait for a GPU: they read a value on the host, or make a tensor whose size
  /// depends on values.
  [[nodiscard]] std::set<std::string> waits() const {
    std::set<std::string> found;
    for (const char* name : {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select",
                             "aten::equal", "aten::_unique2", "aten::is_nonzero"})
      if (seen(name)) found.insert(name);
    return found;
  }

 private:
  static std::set<std::string>& names() {
    static std::set<std::string> names;
    return names;
  }

  at::CallbackHandle handle_;
};

}  // namespace chestmap::test
