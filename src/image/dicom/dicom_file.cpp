#include "image/dicom/dicom_file.h"

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/oflog/oflog.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <memory>
#include <mutex>

#include "image/codec.h"

namespace chestmap {

namespace {

/// Once a program, when it reads its first DICOM file.
void set_up_dcmtk() {
  static std::once_flag done;
  std::call_once(done, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation, EUC_never,
                                          EPC_colorByPixel);
  });
}

/// The UID of the file's transfer syntax where DCMTK does not know it; else nothing.
std::string unknown_transfer_syntax(DcmFileFormat& file) {
  const char* uid = nullptr;
  if (file.getMetaInfo()->findAndGetString(DCM_TransferSyntaxUID, uid).bad() || uid == nullptr ||
      DcmXfer(uid).getXfer() != EXS_Unknown)
    return {};
  const std::string text(uid);
  const bool plain = text.size() <= 64 &&
                     std::all_of(text.begin(), text.end(),
                                 [](unsigned char c) { return c == '.' || std::isdigit(c) != 0; });
  return plain ? text : "no UID";
}

/// A stream over a file in memory from which DCMTK may load long values later, as it does from
/// files on disk. It then skips them at first, and so learns that a length leaves the file before
/// it allocates as much.
class MemoryStream final : public DcmInputBufferStream {
 public:
  MemoryStream(std::span<const std::byte> content, std::size_t from)
      : content_(content), from_(from), raw_(currentProducer()) {
    const auto part = content.subspan(from);
    setBuffer(part.data(), static_cast<offile_off_t>(part.size()));
    setEos();
  }

  DcmInputStreamFactory* newFactory() const override;

 private:
  std::span<const std::byte> content_;
  std::size_t from_;
  const DcmProducer* raw_;  ///< what gives the file's own bytes, and not inflated ones
};

class MemoryStreamFactory final : public DcmInputStreamFactory {
 public:
  MemoryStreamFactory(std::span<const std::byte> content, std::size_t from)
      : content_(content), from_(from) {}
  [[nodiscard]] DcmInputStream* create() const override {
    return std::make_unique<MemoryStream>(content_, from_).release();
  }
  [[nodiscard]] DcmInputStreamFactory* clone() const override {
    return std::make_unique<MemoryStreamFactory>(content_, from_).release();
  }
  [[nodiscard]] DcmInputStreamFactoryType ident() const override {
    return DFT_DcmInputFileStreamFactory;
  }

 private:
  std::span<const std::byte> content_;
  std::size_t from_;
};

DcmInputStreamFactory* MemoryStream::newFactory() const {
  if (currentProducer() != raw_) return nullptr;
  return std::make_unique<MemoryStreamFactory>(content_, from_ + static_cast<std::size_t>(tell()))
      .release();
}

}  // namespace

DicomFile::DicomFile(std::span<const std::byte> content, Part part) {
  set_up_dcmtk();
  MemoryStream stream(content, 0);
  file_.transferInit();
  const OFCondition status =
      part == Part::whole
          ? file_.read(stream)
          : file_.readUntilTag(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength, DCM_PixelData);
  file_.transferEnd();
  if (const std::string uid = unknown_transfer_syntax(file_); !uid.empty())
    throw ImageError(fmt::format("the DICOM file's transfer syntax ({}) is not supported", uid));
  if (status.bad()) throw ImageError(fmt::format("broken DICOM: {}", status.text()));
}

E_TransferSyntax DicomFile::transfer_syntax() noexcept { return data_set().getOriginalXfer(); }

std::optional<unsigned> whole_number(DcmItem& item, const DcmTagKey& tag) {
  Uint16 value = 0;
  if (item.findAndGetUint16(tag, value).bad()) return std::nullopt;
  return value;
}

std::optional<double> decimal_number(DcmItem& item, const DcmTagKey& tag, unsigned long place) {
  Float64 value = 0.0;
  if (item.findAndGetFloat64(tag, value, place).bad() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int> sample_number(DcmItem& item, const DcmTagKey& tag, bool is_signed,
                                 unsigned long place) {
  Sint16 negative = 0;
  if (item.findAndGetSint16(tag, negative, place).good()) return negative;
  Uint16 value = 0;
  if (item.findAndGetUint16(tag, value, place).bad()) return std::nullopt;
  return is_signed ? static_cast<std::int16_t>(value) : static_cast<int>(value);
}

std::string code_string(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFString(tag, value).bad()) return {};
  std::string code(value.c_str(), value.size());
  const auto is_blank = [](unsigned char c) { return c == ' ' || c == '\0'; };
  while (!code.empty() && is_blank(static_cast<unsigned char>(code.back()))) code.pop_back();
  code.erase(code.begin(), std::find_if_not(code.begin(), code.end(), is_blank));
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return code;
}

std::string quoted_code(const std::string& code) {
  const bool plain =
      code.size() <= 16 && std::all_of(code.begin(), code.end(), [](unsigned char c) {
        return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == ' ' || c == '_';
      });
  return plain ? "\"" + code + "\"" : std::string("(no code)");
}

}  // namespace chestmap
