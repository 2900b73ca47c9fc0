#include "image/dicom/dicom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "expected.h"
#include "scratch.h"

namespace chestmap {
namespace {

namespace fs = std::filesystem;
using test::expect_as_judged;
using test::run_judge;
using test::ScratchFolder;
using test::slurp;

constexpr const char* kPatient = "Doe";

std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span(content.data(), content.size()));
}

/// The error's text; "no error" where the content decodes.
std::string error_of(const std::string& content) {
  try {
    (void)decode_image(bytes_of(content));
  } catch (const ImageError& error) {
    EXPECT_EQ(std::string(error.what()).find(kPatient), std::string::npos) << error.what();
    return error.what();
  }
  return "no error";
}

/// Files of every kind, written once by the judge.
class DicomFiles : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    code_ = run_judge("write_dicom.py", folder_->path().string());
    for (const auto& entry : fs::directory_iterator(folder_->path()))
      if (entry.path().extension() == ".dcm") files_.push_back(entry.path());
    std::sort(files_.begin(), files_.end());
  }
  static void TearDownTestSuite() {
    folder_.reset();
    files_.clear();
  }
  void SetUp() override {
    if (code_ == 77) GTEST_SKIP() << "the judge lacks pydicom, PIL or numpy";
    ASSERT_EQ(code_, 0);
    ASSERT_GE(files_.size(), 84U);  // three more where CharLS writes JPEG-LS
  }

  static inline std::unique_ptr<ScratchFolder> folder_;
  static inline std::vector<fs::path> files_;
  static inline int code_ = 77;
};

// 1e-6 where the file holds the values themselves: both round numbers of [0, 1] to floats. The
// judge states more for lossy JPEG.
TEST_F(DicomFiles, EveryKindShowsTheJudgesGrey) {
  for (const fs::path& file : files_) expect_as_judged(file);
}

TEST_F(DicomFiles, SizeComesFromTheHeaderAlone) {
  for (const fs::path& file : files_) {
    EXPECT_EQ(read_image_size(file), (ImageSize{37, 23})) << file;
    const std::string content = slurp(file);
    const std::size_t pixels = content.find(std::string("\xe0\x7f\x10\x00", 4));
    if (pixels == std::string::npos) continue;  // deflated, or big-endian
    EXPECT_EQ(dicom_size(bytes_of(content.substr(0, pixels + 40))), (ImageSize{37, 23})) << file;
  }
}

TEST_F(DicomFiles, AFileCutShortIsAnImageError) {
  for (const fs::path& file : files_) {
    const std::string content = slurp(file);
    for (std::size_t tenth = 0; tenth < 10; ++tenth) {
      const std::string cut = content.substr(0, content.size() * tenth / 10);
      EXPECT_NE(error_of(cut), "no error") << file << " at " << tenth;
    }
  }
}

TEST_F(DicomFiles, DamagedBytesDecodeOrAreAnImageError) {
  RandomStream stream{11};
  for (const fs::path& file : files_) {
    const std::string content = slurp(file);
    for (int trial = 0; trial < 40; ++trial) {
      std::string damaged = content;
      for (int i = 0; i < 3; ++i)
        damaged[stream.below(damaged.size())] = static_cast<char>(stream.below(256));
      EXPECT_NE(error_of(damaged), "");
    }
  }
}

TEST_F(DicomFiles, WhatCannotBeReadSaysWhy) {
  const std::map<std::string, std::string> expected = {
      {"no_pixels", "the DICOM file holds no pixel data"},
      {"no_rows", "the DICOM file holds no image: Rows or Columns are missing"},
      {"frames", "the DICOM file holds 3 frames; a radiograph has one"},
      {"huge", "the header claims 65535 x 65535 pixels; 1 to 16384 a side are accepted"},
      {"short", "the pixel data are cut short: 1000 bytes of 1702"},
      {"palette", "Photometric Interpretation is \"PALETTE COLOR\" with 1 samples a pixel; "},
      {"named_photometric", "Photometric Interpretation is (no code) with 1 samples a pixel; "},
      {"bits32", "Bits Allocated is 32; 8 and 16 are read"},
      {"stored_bits", "Bits Stored 17 and High Bit 11 do not fit 16 bits allocated"},
      {"slope", "Rescale Slope is no number"},
      {"table", "a lookup table holds 100 entries, its descriptor says 357"},
      {"mpeg",
       "the DICOM file's transfer syntax (MPEG2 Main Profile @ Main Level) is not supported"},
      {"htj2k", "the DICOM file's transfer syntax (1.2.840.10008.1.2.4.201) is not supported"},
      {"jpeg2000", "broken JPEG 2000: "},
      {"jpeg",
       "the DICOM file's pixels (JPEG Lossless, Non-hierarchical, 1st Order Prediction) "
       "cannot be decoded: "},
      {"jpeg_cut", "broken JPEG: the stream ends before its end marker"},
      {"jpeg_baseline_cut", "broken JPEG: Premature end of JPEG file"},
      {"rle_cut", "broken run lengths: a segment ends before all pixels"},
      {"jpeg_ls_cut", "broken JPEG-LS: "},
      {"jpeg_ls", "broken JPEG-LS: "},
      {"rle", "broken run lengths: a segment lies outside of the data"},
      {"jpeg2000_size",
       "its JPEG 2000 codestream holds 20 x 23 pixels of 1 samples, the header says 37 x 23 of 1"},
      {"jpeg2000_cut", "broken JPEG 2000: "},
      {"bomb",
       "the header claims 512000000 bytes of pixels, which 100 bytes of compressed data "
       "cannot hold"},
      {"length", "broken DICOM: "}};
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(*folder_ / "refused")) {
    ++files;
    const auto text = expected.find(entry.path().stem().string());
    ASSERT_NE(text, expected.end()) << entry.path();
    EXPECT_EQ(error_of(slurp(entry.path())).substr(0, text->second.size()), text->second)
        << entry.path();
  }
  EXPECT_GE(files + 1, expected.size());  // jpeg_ls_cut needs CharLS
}

}  // namespace
}  // namespace chestmap
