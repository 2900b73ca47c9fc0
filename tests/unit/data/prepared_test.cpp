#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <numeric>

#include "base/file_lock.h"
#include "base/hash.h"
#include "data/chestxray14.h"
#include "data/loader.h"
#include "data/prepared/image_pack.h"
#include "data/prepared/manifest.h"
#include "data/prepared/prepare.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/records_file.h"
#include "data/readers.h"
#include "data/record_image.h"
#include "data/skipped.h"
#include "image/resize.h"
#include "image/sample_depth.h"
#include "mini_folder.h"
#include "tar.h"

namespace chestmap {
namespace {

using test::MiniFolder;
using test::tar_archive;
using test::TarMember;
using test::user_error;

/// Twelve records of the small tables, each with noise of its own as an image.
class PreparedTest : public ::testing::Test {
 protected:
  PreparedTest() : out_("") {
    for (const Record& record : read_chestxray14(data_.path()).records) {
      Image8 image(40, 30);
      RandomStream stream{members_.size()};
      for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
      members_.push_back({"images/" + record.image, encode_png(image)});
    }
  }

  void write_images() const {
    for (const TarMember& member : members_) data_.write(member.name, member.content);
  }

  static PrepareOptions options(std::size_t bits = 16, int zstd_level = 0) {
    PrepareOptions options;
    options.settings = {16, bits, zstd_level};
    options.threads = 3;
    return options;
  }

  [[nodiscard]] PrepareResult prepare_into(const std::string& name,
                                           const PrepareOptions& with = options()) const {
    return prepare(read_dataset(data_.path()), data_.path(), out_ / name, with);
  }

  /// The two folders hold the same files, byte for byte, but for the lock.
  void expect_same_folders(const std::string& a, const std::string& b) const {
    for (const char* file :
         {"prepared.json", "records.jsonl", "index.bin", "shard-00000.bin", "skipped.csv"})
      EXPECT_EQ(out_.read(a + "/" + file), out_.read(b + "/" + file)) << file;
  }

  MiniFolder data_;
  MiniFolder out_;
  std::vector<TarMember> members_;
};

std::vector<Batch> epoch_of(const Dataset& dataset, std::size_t size) {
  std::vector<std::size_t> all(dataset.records.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  LoaderOptions options;
  options.size = size;
  options.batch = 5;
  options.shuffle = true;
  options.seed = 3;
  options.augmentation = {0.1, 0.1, 10.0, 0.5, 0.1, 0.2, 0.3};
  Loader loader(dataset, all, options);
  loader.start(1);
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

TEST_F(PreparedTest, SixteenBitsTrainAsTheFilesDoToTheBit) {
  write_images();
  const PrepareResult result = prepare_into("cache");
  EXPECT_EQ(result.images, 12U);
  EXPECT_EQ(result.stored, 12U);
  EXPECT_TRUE(result.skipped.empty());
  const Dataset files = read_dataset(data_.path());
  const Dataset prepared = read_dataset(out_ / "cache");
  const auto expected = epoch_of(files, 16);
  const auto found = epoch_of(prepared, 16);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t b = 0; b < found.size(); ++b) {
    EXPECT_EQ(found[b].records, expected[b].records);
    EXPECT_EQ(found[b].labels, expected[b].labels);
    EXPECT_EQ(found[b].pixels, expected[b].pixels);
  }
}

TEST_F(PreparedTest, AnotherSizeIsMadeOfThePreparedSquares) {
  write_images();
  ASSERT_EQ(prepare_into("cache").stored, 12U);
  const auto expected = epoch_of(read_dataset(data_.path()), 8);
  const auto found = epoch_of(read_dataset(out_ / "cache"), 8);
  ASSERT_EQ(found.size(), expected.size());
  // The mean of means is the mean; 16 bits are rounded to twice, and gamma doubles at most.
  for (std::size_t b = 0; b < found.size(); ++b)
    for (std::size_t i = 0; i < found[b].pixels.size(); ++i)
      ASSERT_NEAR(found[b].pixels[i], expected[b].pixels[i], 2.0 / 65535.0);
}

TEST_F(PreparedTest, KeepsEveryFactOfTheDataSet) {
  write_images();
  ASSERT_EQ(prepare_into("cache").stored, 12U);
  const Dataset files = read_dataset(data_.path());
  const Dataset prepared = read_dataset(out_ / "cache");
  EXPECT_EQ(records_text(prepared), records_text(files));
  EXPECT_EQ(prepared.name, "chestxray14");
  EXPECT_EQ(read_record_image_size(prepared.records[4]), (ImageSize{40, 30}));
  EXPECT_EQ(size_of(read_record_image(prepared.records[4])), (ImageSize{16, 16}));
}

TEST_F(PreparedTest, EightBitsAreTheNearestOf255) {
  write_images();
  ASSERT_EQ(prepare_into("cache", options(8)).stored, 12U);
  const ImageF expected =
      resized(decode_image(std::as_bytes(std::span(members_[7].content))), 16, 16);
  const ImageF found = values_of(read_record_image(read_dataset(out_ / "cache").records[7]));
  for (std::size_t i = 0; i < 256; ++i)
    EXPECT_NEAR(found.pixels()[i], expected.pixels()[i], 0.5 / 255.0 + 1e-6);
}

TEST_F(PreparedTest, CompressedImagesAreTheSame) {
  write_images();
  ASSERT_EQ(prepare_into("plain").stored, 12U);
  ASSERT_EQ(prepare_into("packed", options(16, 3)).stored, 12U);
  const Dataset plain = read_dataset(out_ / "plain");
  const Dataset packed = read_dataset(out_ / "packed");
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_EQ(read_record_image(packed.records[i]), read_record_image(plain.records[i]));
}

TEST_F(PreparedTest, ArchivesGiveTheFilesOfAFolderInAnyOrderOnAnyNumberOfThreads) {
  data_.write("images_001.tar", tar_archive({members_[7], members_[2], members_[11], members_[0]}));
  data_.write("images_002.tar", tar_archive({{"images/README.txt", "no image"},
                                             members_[1],
                                             members_[3],
                                             members_[4],
                                             members_[5],
                                             members_[6],
                                             members_[8],
                                             members_[9],
                                             members_[10],
                                             {"images/stranger.png", members_[0].content}}));
  ASSERT_EQ(prepare_into("archives").stored, 12U);
  PrepareOptions alone = options();
  alone.threads = 1;
  ASSERT_EQ(prepare_into("alone", alone).stored, 12U);
  std::filesystem::remove(data_ / "images_001.tar");
  std::filesystem::remove(data_ / "images_002.tar");
  write_images();
  ASSERT_EQ(prepare_into("folder").stored, 12U);
  expect_same_folders("archives", "folder");
  expect_same_folders("alone", "folder");
}

TEST_F(PreparedTest, ImagesMayLieElsewhere) {
  const MiniFolder elsewhere("");
  elsewhere.write("a.tar", tar_archive(members_));
  PrepareOptions with = options();
  with.images = {elsewhere / "a.tar"};
  EXPECT_EQ(prepare_into("cache", with).stored, 12U);
  with.images = {elsewhere / "nowhere"};
  EXPECT_EQ(user_error(elsewhere, [&] { (void)prepare_into("other", with); }),
            "nowhere does not exist | name a folder of images or an archive");
}

TEST_F(PreparedTest, WhatCannotBeReadIsListedAndLeftOut) {
  members_[3].content.resize(members_[3].content.size() / 2);
  members_[5].content = "";
  members_[6].content = "GIF89a";
  members_.erase(members_.begin() + 8);
  data_.write("images.tar", tar_archive(members_));
  const PrepareResult result = prepare_into("cache");
  EXPECT_EQ(result.stored, 8U);
  ASSERT_EQ(result.skipped.size(), 4U);
  EXPECT_EQ(result.skipped[0].reason, "broken PNG: the file ends early");
  EXPECT_EQ(result.skipped[1].reason, "the file is empty (0 bytes)");
  EXPECT_EQ(result.skipped[2].reason, "the content is neither PNG, JPEG nor DICOM");
  EXPECT_EQ(result.skipped[3].reason, kImageNotInFolder);
  const Dataset prepared = read_dataset(out_ / "cache");
  EXPECT_EQ(prepared.records.size(), 8U);
  ASSERT_EQ(prepared.skipped.size(), 4U);
  EXPECT_EQ(prepared.skipped[3].item, result.skipped[3].item);
  // The lists lose their places with the records.
  const Dataset files = read_dataset(data_.path());
  EXPECT_LT(prepared.train_val.size() + prepared.test.size(),
            files.train_val.size() + files.test.size());
  for (const std::size_t i : prepared.test) EXPECT_TRUE(prepared.records[i].pack);

  // A sound copy comes later.
  data_.write("images_2.tar", tar_archive({members_[5]}));
  data_.write("images/" + result.skipped[1].item, members_[0].content);
  EXPECT_EQ(prepare_into("cache").stored, 8U);
  PrepareOptions again = options();
  again.retry = true;
  EXPECT_EQ(prepare_into("cache", again).stored, 9U);
  EXPECT_EQ(read_dataset(out_ / "cache").records.size(), 9U);
}

TEST_F(PreparedTest, ABrokenArchiveIsAnErrorAndItsWholeImagesAreKept) {
  const std::string whole = tar_archive(members_);
  data_.write("images.tar", whole.substr(0, whole.size() / 2));
  const std::string error = user_error(data_, [&] { (void)prepare_into("cache"); });
  EXPECT_EQ(error.find("not all archives could be read: images.tar: "), 0U) << error;
  EXPECT_NE(error.find("the same command then goes on"), std::string::npos) << error;
  EXPECT_NE(user_error(out_, [&] { (void)read_dataset(out_ / "cache"); })
                .find("cache is a prepared data set that is not complete"),
            std::string::npos);
  data_.write("images.tar", whole);
  const PrepareResult result = prepare_into("cache");
  EXPECT_GT(result.before, 2U);
  EXPECT_EQ(result.stored, 12U);
  ASSERT_EQ(prepare_into("at_once").stored, 12U);
  expect_same_folders("cache", "at_once");
}

using PreparedDeathTest = PreparedTest;

TEST_F(PreparedDeathTest, GoesOnWhereItWasKilled) {
  write_images();
  for (const int level : {0, 3}) {
    const std::string name = "killed" + std::to_string(level);
    PrepareOptions killed = options(8, level);
    killed.progress = [](std::size_t done, std::size_t) {
      if (done == 5) std::raise(SIGKILL);
    };
    EXPECT_EXIT((void)prepare_into(name, killed), ::testing::KilledBySignal(SIGKILL), "");
    EXPECT_NE(user_error(out_, [&] { (void)read_dataset(out_ / name); }).find("not complete"),
              std::string::npos);
    const PrepareResult result = prepare_into(name, options(8, level));
    EXPECT_GE(result.before, 5U);
    EXPECT_LT(result.before, 12U);
    EXPECT_EQ(result.stored, 12U);
  }
  ASSERT_EQ(prepare_into("at_once", options(8)).stored, 12U);
  expect_same_folders("killed0", "at_once");
  const Dataset at_once = read_dataset(out_ / "at_once");
  const Dataset packed = read_dataset(out_ / "killed3");
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_EQ(read_record_image(packed.records[i]), read_record_image(at_once.records[i]));
}

TEST_F(PreparedDeathTest, AFullDiskIsAnErrorAndTheWorkGoesOn) {
  write_images();
  // No file may grow beyond 3 KiB: as on a full disk, a write fails. An image has 256 bytes.
  const auto on_a_full_disk = [&] {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{3072, 3072};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
    PrepareOptions small = options(8);
    small.settings.side = 17;
    try {
      (void)prepare_into("cache", small);
    } catch (const UserError& error) {
      std::fputs((std::string(error.what()) + " | " + error.hint()).c_str(), stderr);
      std::_Exit(7);
    }
  };
  EXPECT_EXIT(
      on_a_full_disk(), ::testing::ExitedWithCode(7),
      "cannot write .*shard-00000.bin: File too large \\| what is there is kept: make room");
  PrepareOptions small = options(8);
  small.settings.side = 17;
  EXPECT_EQ(prepare_into("cache", small).stored, 12U);
}

TEST_F(PreparedTest, DamageIsNeverTrainedOn) {
  write_images();
  ASSERT_EQ(prepare_into("cache").stored, 12U);
  ASSERT_EQ(prepare_into("sound").stored, 12U);
  std::string shard = out_.read("cache/shard-00000.bin");
  shard[2 * 512 + 100] ^= 1;
  out_.write("cache/shard-00000.bin", shard);
  const Dataset damaged = read_dataset(out_ / "cache");
  EXPECT_THROW((void)read_record_image(damaged.records[2]), ImageError);
  EXPECT_NO_THROW((void)read_record_image(damaged.records[3]));

  PrepareOptions again = options();
  again.retry = true;
  EXPECT_EQ(prepare_into("cache", again).lost, 1U);
  expect_same_folders("cache", "sound");

  out_.write("cache/shard-00000.bin", shard.substr(0, 1000));
  EXPECT_NE(user_error(out_, [&] { (void)read_dataset(out_ / "cache"); })
                .find("cache/shard-00000.bin: it is cut short: it has 1000 bytes"),
            std::string::npos);
  for (const char* file : {"index.bin", "records.jsonl", "skipped.csv"}) {
    const std::string before = out_.read(std::string("sound/") + file);
    std::string content = before;
    content[content.size() - 2] ^= 1;
    out_.write(std::string("sound/") + file, content);
    EXPECT_NE(user_error(out_, [&] { (void)read_dataset(out_ / "sound"); }).find("its checksum"),
              std::string::npos)
        << file;
    out_.write(std::string("sound/") + file, before);
  }
  EXPECT_EQ(read_dataset(out_ / "sound").records.size(), 12U);
}

/// The error of opening a pack of one image with this entry, whose checksums fit, as an attacker
/// would have them.
std::string pack_error(const MiniFolder& folder, const PackEntry& entry, std::size_t claimed = 1) {
  const PackSettings settings{4, 8, 0};
  const std::string fingerprint(32, 'f');
  const PackHeader header = make_pack_header(settings, claimed, fingerprint);
  std::string index(reinterpret_cast<const char*>(&header), sizeof header);
  index.append(reinterpret_cast<const char*>(&entry), sizeof entry);
  folder.write("index.bin", index);
  folder.write("shard-00000.bin", std::string(16, 'p'));
  return user_error(folder, [&] {
    const ImagePack pack(folder.path(), settings, claimed, fingerprint,
                         hash64(std::as_bytes(std::span(index))));
    ADD_FAILURE() << "was opened";
  });
}

TEST(ImagePack, EntriesThatLieAreRefused) {
  const MiniFolder folder("");
  EXPECT_NE(pack_error(folder, {0, 0, 0, 4'000'000'000U, 16, 4, 4}).find("shard 4000000000"),
            std::string::npos);
  EXPECT_NE(pack_error(folder, {1, 0, 0, 0, 16, 4, 4}).find("cut short"), std::string::npos);
  // The sum of offset and length is 15, beyond 64 bits.
  EXPECT_NE(pack_error(folder, {~std::uint64_t{0}, 0, 0, 0, 16, 4, 4}).find("cut short"),
            std::string::npos);
  // As many entries as would take 40 TB.
  EXPECT_NE(pack_error(folder, {}, std::size_t{1} << 40U).find("bytes, "), std::string::npos);
}

TEST_F(PreparedTest, AFolderOfSomethingElseIsRefused) {
  write_images();
  ASSERT_EQ(prepare_into("cache").stored, 12U);
  EXPECT_EQ(user_error(out_, [&] { (void)prepare_into("cache", options(8, 2)); }).substr(0, 31),
            "cache holds the prepared data s");
  EXPECT_NE(user_error(out_, [&] { (void)prepare_into("cache", options(8, 2)); })
                .find("bits 16 there, 8 now; zstd level 0 there, 2 now"),
            std::string::npos);
  data_.edit("Data_Entry_2017_v2020.csv", "Effusion", "Edema");
  EXPECT_NE(user_error(out_, [&] { (void)prepare_into("cache"); })
                .find("other labels, boxes, patients or lists"),
            std::string::npos);
  out_.edit("cache/prepared.json", "\"version\": 1", "\"version\": 2");
  EXPECT_EQ(
      user_error(out_, [&] { (void)read_dataset(out_ / "cache"); }),
      "cache/prepared.json: the prepared data set is of version 2; this program reads version "
      "1 | prepare the data set again with this program, into a new folder");
  out_.write("full/notes.txt", "");
  EXPECT_EQ(user_error(out_, [&] { (void)prepare_into("full"); }),
            "full is not empty and holds no prepared data set (notes.txt is there) | name a new "
            "folder");
}

TEST_F(PreparedTest, OneProcessAtATime) {
  write_images();
  std::filesystem::create_directories(out_ / "cache");
  {
    const FileLock other(out_ / "cache/lock", "busy");
    EXPECT_EQ(user_error(out_, [&] { (void)prepare_into("cache"); }).substr(0, 28),
              "another process is preparing");
  }
  EXPECT_EQ(prepare_into("cache").stored, 12U);
}

TEST_F(PreparedTest, WithoutImagesThereIsNothingToPrepare) {
  EXPECT_NE(user_error(data_, [&] { (void)prepare_into("cache"); }).find("holds no images"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out_ / "cache"));
}

TEST(RecordsFile, IsLossless) {
  Dataset dataset;
  dataset.name = "coco";
  dataset.findings = FindingList({"Mass", "No finding \"at all\""});
  dataset.category_ids = {7, -3};
  dataset.train_val = {1};
  dataset.test = {0};
  Record record;
  record.image = "a/b \xc3\xa4.png";
  record.patient = "p,1";
  record.labels = {Label::unknown, Label::positive};
  record.boxes = {{1, {0.1, 1.0 / 3.0, 5e-7, 1e6}}};
  record.frame = {3000, 2500};
  record.view = ViewPosition::ap;
  record.sex = Sex::female;
  record.age_years = 0.1 + 0.2;
  record.id = "17";
  record.masks = {{0, Mask::from_box(30, 20, {3, 4, 5, 6})}};
  dataset.records = {record, Record{}};
  dataset.records[1].labels = {Label::negative, Label::negative};
  dataset.records[1].frame_is_assumed = true;
  const std::string text = records_text(dataset);
  const Dataset read = parse_records(text, "records.jsonl");
  EXPECT_EQ(records_text(read), text);
  ASSERT_EQ(read.records.size(), 2U);
  EXPECT_EQ(read.findings, dataset.findings);
  EXPECT_EQ(read.category_ids, dataset.category_ids);
  EXPECT_EQ(read.train_val, dataset.train_val);
  EXPECT_EQ(read.test, dataset.test);
  const Record& first = read.records[0];
  EXPECT_EQ(first.image, record.image);
  EXPECT_EQ(first.patient, record.patient);
  EXPECT_EQ(first.labels, record.labels);
  EXPECT_EQ(first.boxes[0].finding, 1U);
  EXPECT_EQ(first.boxes[0].box, record.boxes[0].box);
  EXPECT_EQ(first.frame, record.frame);
  EXPECT_EQ(first.view, record.view);
  EXPECT_EQ(first.sex, record.sex);
  EXPECT_EQ(first.age_years, record.age_years);
  EXPECT_EQ(first.id, record.id);
  EXPECT_EQ(first.masks[0].mask, record.masks[0].mask);
  EXPECT_TRUE(read.records[1].frame_is_assumed);
  const MiniFolder folder("");
  EXPECT_NE(user_error(folder,
                       [&] {
                         std::string bad = text;
                         bad.replace(bad.find("[1,"), 3, "[9,");
                         (void)parse_records(bad, "records.jsonl");
                       })
                .find("records.jsonl:2: "),
            std::string::npos);
}

TEST(SampleDepth, RoundsToTheNearestAndClamps) {
  const std::vector<float> values{0.0F, 1.0F, -1.0F, 2.0F, 0.5F, 0.49F / 255.0F, 0.51F / 255.0F};
  const auto bytes = to_samples(values, 8);
  const std::vector<int> expected{0, 255, 0, 255, 128, 0, 1};
  ASSERT_EQ(bytes.size(), expected.size());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(std::to_integer<int>(bytes[i]), expected[i]) << i;
  std::vector<float> back(values.size());
  from_samples(to_samples(values, 16), 16, back);
  EXPECT_EQ(back[1], 1.0F);
  EXPECT_EQ(back[4], 32768.0F / 65535.0F);
}

}  // namespace
}  // namespace chestmap
