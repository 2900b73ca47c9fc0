#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "predictions/load_map.h"
#include "unit/data/mini_folder.h"
#include "unit/image/scratch.h"

namespace chestmap {
namespace {

namespace fs = std::filesystem;
using test::MiniFolder;
using test::run_judge;
using test::ScratchFolder;
using test::slurp;
using test::user_error;

ImageF read_expected(const fs::path& file) {
  const std::string content = slurp(file);
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::memcpy(&width, content.data(), 4);
  std::memcpy(&height, content.data() + 4, 4);
  ImageF image(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
  std::memcpy(image.pixels().data(), content.data() + 8, image.pixels().size_bytes());
  return image;
}

TEST(Npy, HoldsWhatNumpyWrote) {
  const ScratchFolder folder;
  const int code = run_judge("write_maps.py", folder.path().string());
  if (code == 77) GTEST_SKIP() << "the judge lacks NumPy";
  ASSERT_EQ(code, 0);
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".npy") continue;
    ++count;
    const ImageF expected = read_expected(fs::path(entry.path()).replace_extension(".expected"));
    EXPECT_EQ(load_map(entry.path()), expected) << entry.path();  // to the bit
  }
  EXPECT_EQ(count, 6U * 2U * 2U + 4U);
}

/// A file of version 1 with `header` and `data`.
std::string npy(const std::string& header, const std::string& data) {
  std::string content = "\x93NUMPY";
  content += '\x01';
  content += '\0';
  content += static_cast<char>(header.size() & 0xffU);
  content += static_cast<char>(header.size() >> 8U);
  return content + header + data;
}

struct WrongMap {
  std::string content, reason;
};

void PrintTo(const WrongMap& wrong, std::ostream* out) { *out << wrong.reason; }

class WrongNpy : public ::testing::TestWithParam<WrongMap> {};

TEST_P(WrongNpy, IsRefusedWithItsReason) {
  const MiniFolder folder("");
  folder.write("m.npy", GetParam().content);
  const std::string error = user_error(folder, [&] { (void)load_map(folder / "m.npy"); });
  EXPECT_EQ(error, "cannot read the map m.npy: broken .npy: " + GetParam().reason +
                       " | numpy.save writes a readable file");
}

const std::string kEight(8, '\0');

INSTANTIATE_TEST_SUITE_P(
    Npy, WrongNpy,
    ::testing::Values(
        WrongMap{"", "it does not begin with \\x93NUMPY"},
        WrongMap{"\x93NUMPY\x01", "it ends in its header"},
        WrongMap{std::string("\x93NUMPY\x04\x00\x00\x00", 10),
                 "version 4.0; 1.0, 2.0 and 3.0 are read"},
        WrongMap{std::string("\x93NUMPY\x01\x00\xff\xff", 10),
                 "the header claims 65535 bytes, the file has 10"},
        WrongMap{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }", kEight),
                 "1 x 3 elements of 4 bytes were expected, 8 bytes are there"},
        WrongMap{npy("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999)}",
                     kEight),
                 "999999999 x 999999999 elements of 8 bytes were expected, 8 bytes are there"},
        WrongMap{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", kEight),
                 "1 axes; a map has two (height, width)"},
        WrongMap{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }", ""),
                 "a side of 0"},
        WrongMap{npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", kEight),
                 "in the header at offset 24: the type '|O'; f2, f4, f8, u1, u2 and i4 are read"},
        WrongMap{npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1), }", kEight),
                 "in the header at offset 25: the type '<c8'; f2, f4, f8, u1, u2 and i4 are read"},
        WrongMap{npy("{'descr': '<f4', 'shape': (1, 2), }", kEight),
                 "in the header at offset 45: one of descr, fortran_order, shape is missing"},
        WrongMap{npy("{'descr': '<f4', 'descr': '<f4'}", kEight),
                 "in the header at offset 35: the key 'descr' a second time"},
        WrongMap{npy("{'descr': [('a', '<f4')]}", kEight),
                 "in the header at offset 20: records are no map; a plain array was expected"},
        WrongMap{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}",
                     kEight.substr(4) + std::string("\x00\x00\xc0\x7f", 4)),
                 "the element 1 at offset 71 is no finite number"}));

std::string map_png(const std::vector<PngText>& text) {
  Image16 image(2, 1);
  image.at(0, 0) = 0;
  image.at(1, 0) = 65535;
  return encode_png(image, text);
}

TEST(LoadMap, APngWithItsScaleIsInLogits) {
  const MiniFolder folder("");
  folder.write("m.png", map_png({{"chestmap:low", "-16"}, {"chestmap:high", "16"}}));
  const ImageF map = load_map(folder / "m.png");
  EXPECT_EQ(map.at(0, 0), -16.0F);
  EXPECT_EQ(map.at(1, 0), 16.0F);
}

TEST(LoadMap, AnyOtherPngIsInUnits) {
  const MiniFolder folder("");
  folder.write("m.png", map_png({}));
  EXPECT_EQ(load_map(folder / "m.png").at(1, 0), 1.0F);
  Image8 eight(1, 1, 51);
  folder.write("e.png", encode_png(eight));
  EXPECT_FLOAT_EQ(load_map(folder / "e.png").at(0, 0), 0.2F);  // 51 / 255
}

TEST(LoadMap, WrongPngsAreNamed) {
  const MiniFolder folder("");
  const auto error_of = [&](const std::string& name, const std::string& content) {
    folder.write(name, content);
    return user_error(folder, [&] { (void)load_map(folder / name); });
  };
  EXPECT_EQ(error_of("a.png", map_png({{"chestmap:low", "-16"}})),
            "cannot read the map a.png: of the text chunks chestmap:low and chestmap:high one is "
            "missing | ");
  EXPECT_EQ(error_of("b.png", map_png({{"chestmap:low", "x"}, {"chestmap:high", "1"}})),
            "cannot read the map b.png: the text chunk chestmap:low holds \"x\", no finite number "
            "| ");
  // The tEXt chunk stands behind signature (8) and IHDR (25); the first byte of its length is set.
  std::string huge = map_png({{"chestmap:low", "-16"}, {"chestmap:high", "16"}});
  huge[33] = '\x70';
  EXPECT_EQ(error_of("h.png", huge).substr(0, 71),
            "cannot read the map h.png: broken PNG: a chunk at offset 33 claims 1879");
  EXPECT_EQ(error_of("c.png", "text"),
            "cannot read the map c.png: the content is neither PNG, JPEG nor DICOM | ");
  EXPECT_EQ(error_of("d.tif", "text"),
            "d.tif is no map: its name ends in neither .png nor .npy | ");
}

}  // namespace
}  // namespace chestmap
