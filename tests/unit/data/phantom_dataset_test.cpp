#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "data/phantom/phantom.h"
#include "data/readers.h"
#include "image/codec.h"

namespace chestmap {
namespace {

namespace fs = std::filesystem;

class PhantomDataset : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("chestmap_phantom_") + info->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static PhantomOptions options() {
    PhantomOptions o;
    o.images = 60;
    o.size = 64;
    o.seed = 3;
    o.threads = 2;
    return o;
  }

  fs::path folder_;
};

/// Every file below a folder, by its relative name.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
  }
  return files;
}

std::vector<std::string> lines(const fs::path& file) {
  std::istringstream in(read_file(file));
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

TEST_F(PhantomDataset, IsReadUnderANameThatSaysSo) {
  write_phantom_dataset(folder_, options());
  EXPECT_TRUE(is_phantom_dataset(folder_));
  EXPECT_EQ(read_dataset(folder_).name, "phantoms");
  write_file(folder_ / "README.txt", std::string_view("Real radiographs.\n"));
  EXPECT_FALSE(is_phantom_dataset(folder_));
  EXPECT_EQ(read_dataset(folder_).name, "chestxray14");
}

TEST_F(PhantomDataset, HasTheSameBytesWithOneThreadAndWithThree) {
  PhantomOptions o = options();
  o.boxes_for_all_splits = true;
  o.threads = 1;
  write_phantom_dataset(folder_ / "one", o);
  o.threads = 3;
  write_phantom_dataset(folder_ / "three", o);
  const auto one = contents(folder_ / "one");
  EXPECT_EQ(one.size(), 60U + 6U);  // images; two tables, two lists, README, all boxes
  EXPECT_TRUE(one == contents(folder_ / "three"));
  o.seed = 4;
  write_phantom_dataset(folder_ / "other", o);
  EXPECT_FALSE(one == contents(folder_ / "other"));
}

TEST_F(PhantomDataset, HasTheLayoutAndColumnsOfChestXray14) {
  write_phantom_dataset(folder_, options());
  EXPECT_FALSE(fs::exists(folder_ / "BBox_List_all.csv"));
  const std::vector<std::string> entries = lines(folder_ / "Data_Entry_2017_v2020.csv");
  ASSERT_EQ(entries.size(), 61U);
  EXPECT_EQ(entries[0],
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View "
            "Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]");
  EXPECT_EQ(lines(folder_ / "BBox_List_2017.csv")[0],
            "Image Index,Finding Label,Bbox [x,y,w,h],,,");
  const CsvTable table = read_csv(folder_ / "Data_Entry_2017_v2020.csv");
  std::set<std::string> images;
  for (const CsvRow& row : table.rows) {
    ASSERT_EQ(row.fields.size(), 11U);
    const std::string& name = row.fields[0];
    ASSERT_EQ(name.size(), 16U);
    EXPECT_EQ(name[8], '_');
    EXPECT_EQ(std::stoul(name.substr(0, 8)), std::stoul(row.fields[3]));
    EXPECT_EQ(std::stoul(name.substr(9, 3)), std::stoul(row.fields[2]));
    EXPECT_TRUE(row.fields[5] == "M" || row.fields[5] == "F");
    EXPECT_TRUE(row.fields[6] == "PA" || row.fields[6] == "AP");
    EXPECT_EQ(row.fields[7], "64");
    images.insert(name);
    const std::string png = read_file(folder_ / "images" / name);
    // IHDR: width and height at bytes 16 and 20, bit depth 8 and colour type 0 (grey) at 24, 25.
    EXPECT_EQ(png.substr(16, 10), std::string("\0\0\0\x40\0\0\0\x40\x08\0", 10));
  }
  EXPECT_EQ(images.size(), 60U);
  const std::string readme = read_file(folder_ / "README.txt");
  EXPECT_NE(readme.find("SIMULATED"), std::string::npos);
  EXPECT_NE(readme.find("not images of patients"), std::string::npos);
}

TEST_F(PhantomDataset, RealTableHasTheSameHeader) {
  const fs::path real = fs::path(CHESTMAP_SHARED_DATA) / "chestxray14-sample";
  if (!fs::exists(real)) GTEST_SKIP() << "no real sample";
  write_phantom_dataset(folder_, options());
  for (const char* name : {"Data_Entry_2017_v2020.csv", "BBox_List_2017.csv"}) {
    EXPECT_EQ(lines(folder_ / name)[0], lines(real / name)[0]);
  }
}

TEST_F(PhantomDataset, ListsShareNoPatientAndNameEveryImageOnce) {
  write_phantom_dataset(folder_, options());
  std::set<std::string> train_patients;
  std::set<std::string> all;
  for (const std::string& name : lines(folder_ / "train_val_list.txt")) {
    train_patients.insert(name.substr(0, 8));
    EXPECT_TRUE(all.insert(name).second);
  }
  const std::vector<std::string> test = lines(folder_ / "test_list.txt");
  EXPECT_FALSE(test.empty());
  for (const std::string& name : test) {
    EXPECT_EQ(train_patients.count(name.substr(0, 8)), 0U);
    EXPECT_TRUE(all.insert(name).second);
  }
  EXPECT_EQ(all.size(), 60U);
  for (const std::string& name : all) EXPECT_TRUE(fs::exists(folder_ / "images" / name));
}

TEST_F(PhantomDataset, BoxesAreOfTestImagesAndOfTheirPositiveLabels) {
  PhantomOptions o = options();
  o.boxes_for_all_splits = true;
  o.label_noise = 0.3;
  write_phantom_dataset(folder_, o);
  std::map<std::string, std::string> labels;
  for (const CsvRow& row : read_csv(folder_ / "Data_Entry_2017_v2020.csv").rows) {
    labels[row.fields[0]] = "|" + row.fields[1] + "|";
  }
  const std::vector<std::string> list = lines(folder_ / "test_list.txt");
  const std::set<std::string> test(list.begin(), list.end());
  const auto check = [&](const std::string& file, bool only_test) {
    const CsvTable table = read_csv(folder_ / file);
    std::size_t outside = 0;
    for (const CsvRow& row : table.rows) {
      EXPECT_EQ(row.fields.size(), 6U);
      if (test.count(row.fields[0]) == 0) ++outside;
      const std::string name = row.fields[1] == "Infiltrate" ? "Infiltration" : row.fields[1];
      EXPECT_NE(labels[row.fields[0]].find("|" + name + "|"), std::string::npos);
      EXPECT_LE(std::stod(row.fields[2]) + std::stod(row.fields[4]), kPhantomFrame);
      EXPECT_LE(std::stod(row.fields[3]) + std::stod(row.fields[5]), kPhantomFrame);
    }
    EXPECT_EQ(outside == 0, only_test);
    return table.rows.size();
  };
  EXPECT_GT(check("BBox_List_all.csv", false), check("BBox_List_2017.csv", true));
}

TEST_F(PhantomDataset, ReportsProgressUpToTheTotal) {
  std::vector<std::size_t> done;
  PhantomOptions o = options();
  o.images = 9;
  write_phantom_dataset(folder_, o, [&](std::size_t n, std::size_t total) {
    EXPECT_EQ(total, 9U);
    done.push_back(n);
  });
  ASSERT_EQ(done.size(), 9U);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), 9U);
}

}  // namespace
}  // namespace chestmap
