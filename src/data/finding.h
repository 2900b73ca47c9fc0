#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chestmap {

/// An ordered list of finding names ("Nodule", "Pleural_Thickening", ...); a finding is named by
/// its index in the list.
class FindingList {
 public:
  FindingList() = default;
  explicit FindingList(std::vector<std::string> names) : names_(std::move(names)) {}

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] const std::string& operator[](std::size_t index) const { return names_[index]; }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
  friend bool operator==(const FindingList&, const FindingList&) = default;

 private:
  std::vector<std::string> names_;
};

/// What the image-level label says of a finding. `unknown` takes no part in the loss or in any
/// measure.
enum class Label : signed char { negative = 0, positive = 1, unknown = -1 };

}  // namespace chestmap
