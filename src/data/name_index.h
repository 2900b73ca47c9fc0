#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "data/finding.h"
#include "data/record.h"

namespace chestmap {

/// Finds findings by names as other programs spell them: case, spaces, underscores and hyphens do
/// not count. Where that finds nothing, names that the field uses for the same finding do:
/// Infiltrate and Infiltration, Effusion and Pleural Effusion, Airspace Opacity and Lung Opacity.
class FindingIndex {
 public:
  explicit FindingIndex(const FindingList& findings);
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::size_t> places_;
};

/// "No Finding", "none" and the like: the name of an image without a finding, not of a finding.
[[nodiscard]] bool means_no_finding(std::string_view name);

/// `name` without the ending of an image file (.png, .jpg, .jpeg, .dcm, .dicom).
[[nodiscard]] std::string_view image_stem(std::string_view name) noexcept;

/// Finds records by the names that other programs give their images. In this order: the record's
/// name or id; the name without its ending; that without its folders, with and without ending; the
/// last three parts of a path joined by "_" (CheXpert's `patient1/study1/view1_frontal.jpg` is
/// CheXlocalize's `patient1_study1_view1_frontal`). A name that fits two records finds none.
class ImageNameIndex {
 public:
  explicit ImageNameIndex(std::span<const Record> records);
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  static constexpr std::size_t kAmbiguous = static_cast<std::size_t>(-1);
  using Places = std::unordered_map<std::string, std::size_t>;
  [[nodiscard]] static std::optional<std::size_t> look_up(const Places& places,
                                                          std::string_view name);
  Places names_;
  Places stems_;
};

}  // namespace chestmap
