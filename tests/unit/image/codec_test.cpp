#include "image/codec.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>
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
using test::spill;

std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span(content.data(), content.size()));
}

/// Images of every kind, written once by the judge.
class CodecFiles : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    code_ = run_judge("write_images.py", folder_->path().string());
    for (const auto& entry : fs::directory_iterator(folder_->path()))
      if (entry.path().extension() != ".expected") files_.push_back(entry.path());
    std::sort(files_.begin(), files_.end());
  }
  static void TearDownTestSuite() {
    folder_.reset();
    files_.clear();
  }
  void SetUp() override {
    if (code_ == 77) GTEST_SKIP() << "the judge lacks PIL or numpy";
    ASSERT_EQ(code_, 0);
    ASSERT_EQ(files_.size(), 48U);  // 2 x (5 grey, 8 palette, 6 colour or alpha) + 7 + 3 by PIL
  }

  static inline std::unique_ptr<ScratchFolder> folder_;
  static inline std::vector<fs::path> files_;
  static inline int code_ = 77;
};

TEST_F(CodecFiles, EveryKindDecodesToTheJudgesGrey) {
  for (const fs::path& file : files_) expect_as_judged(file);
}

TEST_F(CodecFiles, SizeComesFromTheHeaderAlone) {
  for (const fs::path& file : files_) {
    EXPECT_EQ(read_image_size(file), (ImageSize{37, 23})) << file;
    const std::string content = slurp(file);
    spill(*folder_ / "cut", content.substr(0, content.size() * 9 / 10));
    EXPECT_EQ(read_image_size(*folder_ / "cut"), (ImageSize{37, 23})) << file;
    fs::remove(*folder_ / "cut");
  }
}

TEST_F(CodecFiles, AFileCutShortIsAnImageError) {
  for (const fs::path& file : files_) {
    const std::string content = slurp(file);
    for (std::size_t tenth = 0; tenth < 10; ++tenth) {
      const std::string cut = content.substr(0, content.size() * tenth / 10);
      EXPECT_THROW((void)decode_image(bytes_of(cut)), ImageError) << file << " at " << tenth;
    }
    const std::string all_but_the_last = content.substr(0, content.size() - 1);
    EXPECT_THROW((void)decode_image(bytes_of(all_but_the_last)), ImageError) << file;
  }
}

TEST_F(CodecFiles, DamagedBytesDecodeOrAreAnImageError) {
  RandomStream stream{11};
  for (const fs::path& file : files_) {
    const std::string content = slurp(file);
    for (int trial = 0; trial < 40; ++trial) {
      std::string damaged = content;
      for (int i = 0; i < 3; ++i)
        damaged[stream.below(damaged.size())] = static_cast<char>(stream.below(256));
      try {
        const ImageF image = decode_image(bytes_of(damaged));
        EXPECT_FALSE(image.empty());
      } catch (const ImageError& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
}

std::string error_of(const std::string& content) {
  try {
    (void)decode_image(bytes_of(content));
  } catch (const ImageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Codec, ForeignContentIsNamed) {
  EXPECT_EQ(error_of(""), "the file is empty (0 bytes)");
  EXPECT_EQ(error_of("GIF89a, which is neither"), "the content is neither PNG, JPEG nor DICOM");
  EXPECT_EQ(error_of("\x89PNG"), "the content is neither PNG, JPEG nor DICOM");
}

TEST(Codec, AbsentFilesAndFoldersAreImageErrors) {
  const ScratchFolder folder;
  EXPECT_THROW((void)read_image(folder / "absent.png"), ImageError);
  EXPECT_THROW((void)read_image(folder.path()), ImageError);
  EXPECT_THROW((void)read_image_size(folder / "absent.png"), ImageError);
}

/// A PNG signature and header that claim this size, in big-endian bytes.
std::string png_claiming(std::uint32_t width, std::uint32_t height) {
  std::string content = encode_png(Image8(1, 1));
  for (std::size_t i = 0; i < 4; ++i) {
    content[16 + i] = static_cast<char>(width >> (24 - 8 * i) & 0xffU);
    content[20 + i] = static_cast<char>(height >> (24 - 8 * i) & 0xffU);
  }
  return content;
}

TEST(Codec, AbsurdDimensionsAreRefusedBeforeAnythingIsAllocated) {
  EXPECT_EQ(error_of(png_claiming(100000, 10)),
            "the header claims 100000 x 10 pixels; 1 to 16384 a side are accepted");
  EXPECT_EQ(error_of(png_claiming(0, 10)),
            "the header claims 0 x 10 pixels; 1 to 16384 a side are accepted");
  EXPECT_NE(error_of(png_claiming(16384, 16384)).find("cannot hold"), std::string::npos);
}

TEST(Codec, AChunkThatClaimsMoreThanTheFileIsRefusedWhereverTheFileEnds) {
  const std::string start = encode_png(Image8(1, 1)).substr(0, 33);  // signature and header
  using namespace std::string_literals;
  for (const std::string& tail : {""s, "\0E"s, "\0Edge of a text"s}) {
    const std::string content = start + "\x32\0\0\x10tEXt"s + tail;
    EXPECT_NE(error_of(content).find("claims 838860816 bytes"), std::string::npos) << tail.size();
    EXPECT_THROW((void)read_png_text(bytes_of(content)), ImageError) << tail.size();
  }
}

TEST(Codec, EncodedPixelsComeBackExactly) {
  RandomStream stream{3};
  Image8 bytes(13, 7);
  for (auto& value : bytes.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
  Image16 words(7, 13);
  for (auto& value : words.pixels()) value = static_cast<std::uint16_t>(stream.below(65536));
  const ImageF from_bytes = decode_image(bytes_of(encode_png(bytes)));
  const ImageF from_words = decode_image(bytes_of(encode_png(words)));
  for (std::size_t i = 0; i < bytes.pixels().size(); ++i) {
    EXPECT_EQ(from_bytes.pixels()[i], static_cast<float>(bytes.pixels()[i]) / 255.0F);
    EXPECT_EQ(from_words.pixels()[i], static_cast<float>(words.pixels()[i]) / 65535.0F);
  }
}

/// Ramps and edges in every direction, so that each of PNG's filters is the best for some row.
TEST(Codec, EveryFilterIsUndoneByTheDecoder) {
  RandomStream stream{4};
  for (int kind = 0; kind < 6; ++kind) {
    Image8 image(61, 47);
    for (std::size_t y = 0; y < image.height(); ++y)
      for (std::size_t x = 0; x < image.width(); ++x) {
        const std::size_t noise = stream.below(3);
        const std::array<std::size_t, 6> values{
            4 * x, 5 * y, 2 * x + 3 * y, x * y / 11, 2 * x + noise, (x > y ? 200U : 20U) + noise};
        image.at(x, y) = static_cast<std::uint8_t>(values[static_cast<std::size_t>(kind)]);
      }
    const ImageF decoded = decode_image(bytes_of(encode_png(image)));
    for (std::size_t i = 0; i < image.pixels().size(); ++i)
      ASSERT_EQ(decoded.pixels()[i], static_cast<float>(image.pixels()[i]) / 255.0F) << kind;
  }
}

std::string described(const ScratchFolder& folder, const std::string& png) {
  spill(folder / "a.png", png);
  const int code = run_judge("describe_png.py",
                             (folder / "a.png").string() + " > " + (folder / "a.txt").string());
  return code == 77 ? "" : slurp(folder / "a.txt");
}

TEST(Codec, ForeignReadersSeeModePixelsAndText) {
  const ScratchFolder folder;
  const std::vector<PngText> text{{"Software", "chestmap"}, {"Comment", "Research use only"}};
  const std::string grey = described(folder, encode_png(Image8(5, 3, 7), text));
  if (grey.empty()) GTEST_SKIP() << "the judge lacks PIL or numpy";
  EXPECT_EQ(grey, "L 5 3 105\nSoftware=chestmap\nComment=Research use only\n");  // 15 pixels x 7
  EXPECT_EQ(described(folder, encode_png(Image16(2, 2, 1000))), "I 2 2 4000\n");
  EXPECT_EQ(described(folder, encode_png(ImageRgb(2, 1, {1, 2, 4}))), "RGB 2 1 14\n");
  ImageRgb colours(37, 21);
  RandomStream stream{5};
  std::size_t sum = 0;
  for (std::size_t i = 0; i < colours.pixels().size(); ++i) {
    const auto value = static_cast<std::uint8_t>(i / 4 + stream.below(4));
    colours.pixels()[i] = {value, static_cast<std::uint8_t>(value / 2), 9};
    sum += value + value / 2 + 9U;
  }
  EXPECT_EQ(described(folder, encode_png(colours)), fmt::format("RGB 37 21 {}\n", sum));
}

TEST(Codec, EncodingIsAFunctionOfItsArguments) {
  const Image16 image(64, 64, 12345);
  EXPECT_EQ(encode_png(image), encode_png(image));
}

}  // namespace
}  // namespace chestmap
