#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

// DCMTK's configuration must come before its other headers.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

namespace chestmap {

/// A DICOM file in memory, parsed by DCMTK. Nothing of what it reads is printed or logged by
/// DCMTK, so that no patient's name can end up in a log.
class DicomFile {
 public:
  enum class Part { whole, header };
  /// `header`: stops before the pixels; `content` may be cut there. `content` must outlive it.
  /// Throws ImageError.
  DicomFile(std::span<const std::byte> content, Part part);

  /// The file's data set.
  [[nodiscard]] DcmDataset& data_set() noexcept { return *file_.getDataset(); }
  /// How its pixels are stored.
  [[nodiscard]] E_TransferSyntax transfer_syntax() noexcept;

 private:
  DcmFileFormat file_;
};

/// The value `place` of a whole or decimal number; nothing where it is missing, empty or no number.
[[nodiscard]] std::optional<unsigned> whole_number(DcmItem& item, const DcmTagKey& tag);
[[nodiscard]] std::optional<double> decimal_number(DcmItem& item, const DcmTagKey& tag,
                                                   unsigned long place = 0);
/// Numbers of 16 bits whose sign depends on other attributes (VR "US or SS"): by their VR, and as
/// two's complement where `is_signed`.
[[nodiscard]] std::optional<int> sample_number(DcmItem& item, const DcmTagKey& tag, bool is_signed,
                                               unsigned long place = 0);
/// The first value of a code string, in upper case without blanks around it; empty where it is
/// missing.
[[nodiscard]] std::string code_string(DcmItem& item, const DcmTagKey& tag);
/// `code` in quotation marks, for messages; a replacement where it holds what no code string of the
/// standard does, and might be anything.
[[nodiscard]] std::string quoted_code(const std::string& code);

}  // namespace chestmap
