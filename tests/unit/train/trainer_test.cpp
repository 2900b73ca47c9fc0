#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>
#include <string>

#include "../image/scratch.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/random.h"
#include "image/codec.h"
#include "train/train_config.h"
#include "weights/backbone_fit.h"
#include "weights/weight_file.h"

namespace chestmap {
namespace {

using test::ScratchFolder;
using test::slurp;

constexpr std::size_t kSide = 32;
constexpr std::size_t kImages = 40;

/// Squares of noise; "Mass" is a bright square at a place of its own in each image, "Nodule" a
/// label that nothing in the image shows.
class Trainer : public testing::Test {
 protected:
  Trainer() {
    dataset_.name = "toy";
    dataset_.folder = folder_.path();
    dataset_.findings = FindingList({"Mass", "Nodule"});
    for (std::size_t i = 0; i < kImages; ++i) {
      Image8 image(kSide, kSide, 40);
      for (std::size_t p = 0; p < image.pixels().size(); ++p)
        image.pixels()[p] = static_cast<std::uint8_t>(40 + (i * 7 + p * 13) % 11);
      const bool mass = i % 2 == 0;
      if (mass)
        for (std::size_t y = 0; y < 8; ++y)
          for (std::size_t x = 0; x < 8; ++x) image.at(2 * (i % 9) + x + 2, i % 20 + y) = 230;
      Record record;
      record.image = std::to_string(i) + ".png";
      record.file = folder_ / record.image;
      record.patient = std::to_string(i);
      record.labels = {mass ? Label::positive : Label::negative,
                       i % 3 == 0 ? Label::positive : Label::negative};
      test::spill(record.file, encode_png(image));
      dataset_.records.push_back(record);
    }
    for (const char* change :
         {"model.backbone=densenet-compact", "model.size=32", "train.epochs=3", "train.batch=8",
          "train.threads=1", "data.threads=1", "train.learning_rate=0.003"})
      config_.set(change);
  }

  TrainResult run(const std::string& name, bool resume = false,
                  const std::function<bool()>& stop = {}, const BackboneFit* initial = nullptr) {
    TrainJob job;
    job.initial = initial;
    job.dataset = &dataset_;
    job.ranks = &alone_;
    job.threads = 1;
    for (std::size_t i = 0; i < kImages; ++i) (i < 28 ? job.train : job.valid).push_back(i);
    job.config = &config_;
    job.folder = folder_ / name;
    job.resume = resume;
    job.provenance = {{"dataset", "toy"}};
    job.stop_requested = stop;
    std::filesystem::create_directories(job.folder);
    return train(job);
  }

  [[nodiscard]] std::vector<std::vector<std::string>> log_of(const std::string& name) const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream in(slurp(folder_ / name / "log.csv"));
    for (std::string line; std::getline(in, line);) {
      rows.emplace_back();
      std::istringstream cells(line);
      for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
    }
    return rows;
  }

  ScratchFolder folder_;
  Dataset dataset_;
  Config config_ = train_config();
  Communicator alone_;
};

TEST_F(Trainer, WritesARowAnEpochAndKeepsTheBestOne) {
  const TrainResult result = run("run");
  EXPECT_FALSE(result.stopped);
  EXPECT_TRUE(result.skipped.empty());
  const auto log = log_of("run");
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[0][4], "valid_auroc");
  double best = -1.0;
  std::int64_t best_epoch = -1;
  for (std::size_t e = 1; e < log.size(); ++e) {
    EXPECT_EQ(log[e][0], std::to_string(e));
    const double auroc = std::stod(log[e][4]);
    // The mean of the findings' columns, each rounded to six digits.
    EXPECT_NEAR(auroc, (std::stod(log[e][5]) + std::stod(log[e][6])) / 2.0, 2e-6);
    if (auroc > best) {
      best = auroc;
      best_epoch = static_cast<std::int64_t>(e) - 1;
    }
  }
  EXPECT_EQ(result.best_epoch, best_epoch);
  EXPECT_NEAR(result.best_auroc, best, 1e-6);
  const auto model = load_model(folder_ / "run" / "best.safetensors");
  EXPECT_EQ(model->spec().provenance.at("epoch"), std::to_string(best_epoch + 1));
  EXPECT_EQ(model->spec().provenance.at("dataset"), "toy");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / "last.ckpt"));
}

TEST_F(Trainer, LearnsWhatTheImagesShow) {
  config_.set("train.epochs=12");
  config_.set("train.warmup_epochs=0");
  run("run");
  double best = 0.0;
  const auto log = log_of("run");
  for (std::size_t e = 1; e < log.size(); ++e) best = std::max(best, std::stod(log[e][5]));
  // 6 masses and 6 others: chance alone reaches this with a probability below 1%.
  EXPECT_GT(best, 0.9);
  EXPECT_LT(std::stod(log.back()[2]), std::stod(log[1][2]));
}

TEST_F(Trainer, TheSameSeedGivesTheSameBitsAndAnotherDoesNot) {
  run("a");
  run("b");
  EXPECT_EQ(slurp(folder_ / "a" / "best.safetensors"), slurp(folder_ / "b" / "best.safetensors"));
  config_.set("seed=1");
  run("c");
  EXPECT_NE(slurp(folder_ / "a" / "best.safetensors"), slurp(folder_ / "c" / "best.safetensors"));
}

TEST_F(Trainer, BeginsWithGivenWeightsAndKeepsFrozenOnes) {
  run("first");
  const WeightFile file = read_weights(folder_ / "first" / "best.safetensors");
  const BackboneFit fit = fit_backbone(file, backbone_layout("densenet-compact"), 1);
  config_.set("seed=9");
  config_.set("train.epochs=1");
  config_.set("train.freeze_stages=[1, 2]");
  config_.set("train.average_decay=0.9");
  run("second", false, {}, &fit);
  std::map<std::string, std::vector<float>> now;
  for (const StoredTensor& tensor : read_weights(folder_ / "second" / "best.safetensors").tensors)
    now[tensor.name] = floats_of(tensor);
  std::size_t moved = 0;
  for (const FittedTensor& tensor : fit.fitted) {
    const bool same = now.at(tensor.expected.name) == floats_of(*tensor.source);
    EXPECT_TRUE(same || tensor.expected.stage > 2) << tensor.expected.name;
    if (!same) ++moved;
  }
  EXPECT_GT(moved, 40U);
}

TEST_F(Trainer, StoppedAnywhereAndResumedItIsTheUnbrokenRun) {
  config_.set("train.average_decay=0.5");
  config_.set("train.stage_dropout=0.3");
  run("whole");
  for (const int steps : {1, 4, 6}) {
    const std::string name = "stopped-" + std::to_string(steps);
    int left = steps;
    const TrainResult stopped = run(name, false, [&] { return --left == 0; });
    EXPECT_TRUE(stopped.stopped);
    EXPECT_FALSE(run(name, true).stopped);
    for (const char* file : {"best.safetensors", "log.csv", "relevance.csv"})
      EXPECT_EQ(slurp(folder_ / "whole" / file), slurp(folder_ / name / file)) << name << file;
  }
}

TEST_F(Trainer, ImagesKeptOnTheDeviceTrainToTheSameNumbers) {
  test::spill(dataset_.records[3].file, "no image");
  config_.set("data.most_skipped=0.2");
  config_.set("augment.shift=0.1");
  config_.set("augment.flip=0.5");
  run("read");
  config_.set("data.device_cache=on");
  const TrainResult kept = run("kept");
  ASSERT_EQ(kept.skipped.size(), 1U);
  EXPECT_EQ(kept.skipped.front().item, "3.png");
  const auto read = log_of("read");
  const auto log = log_of("kept");
  ASSERT_EQ(log.size(), read.size());
  // Roundings of 1e-6 in the images, through a few steps: 2e-6 here.
  for (std::size_t e = 1; e < log.size(); ++e)
    for (const std::size_t loss : {2U, 3U})
      EXPECT_NEAR(std::stod(log[e][loss]), std::stod(read[e][loss]), 1e-4) << e << ' ' << loss;

  // Asked four times while the images are read, and once a step.
  for (const int asked : {1, 4, 5, 7}) {
    int left = asked;
    const std::string name = "stopped-" + std::to_string(asked);
    EXPECT_TRUE(run(name, false, [&] { return --left == 0; }).stopped);
    // Within an epoch, saving looks at the newest step, too.
    EXPECT_EQ(left, asked <= 4 ? 0 : -1);
    EXPECT_FALSE(run(name, true).stopped);
    EXPECT_EQ(slurp(folder_ / name / "log.csv"), slurp(folder_ / "kept" / "log.csv")) << asked;
  }
}

TEST_F(Trainer, AFinishedRunReadsNoImagesToKeep) {
  config_.set("data.device_cache=on");
  run("run");
  for (std::size_t i = 0; i < 28; ++i) std::filesystem::remove(dataset_.records[i].file);
  EXPECT_TRUE(run("run", true).skipped.empty());
}

TEST_F(Trainer, SaysWhatShareOfTheTimeWentIntoWaitingForImages) {
  // Large files, read during the only batch of an epoch: the wait for them comes before its step.
  Image8 image(1500, 1500);
  RandomStream stream{1};
  for (auto& value : image.pixels()) value = static_cast<std::uint8_t>(stream.below(256));
  test::spill(folder_ / "large.png", encode_png(image));
  for (std::size_t i = 0; i < 28; ++i) dataset_.records[i].file = folder_ / "large.png";
  config_.set("train.batch=28");
  config_.set("train.epochs=2");
  testing::internal::CaptureStderr();
  run("run");
  const std::string said = testing::internal::GetCapturedStderr();
  const std::regex line("; ([0-9]+) % of the training time went into waiting for images");
  std::vector<int> percent;
  for (std::sregex_iterator found(said.begin(), said.end(), line), end; found != end; ++found)
    percent.push_back(std::stoi((*found)[1]));
  ASSERT_EQ(percent.size(), 2U) << said;
  EXPECT_LE(percent[0], 100);
  EXPECT_LE(percent[1], 100);
  // The second epoch finds them in the cache.
  EXPECT_GT(percent[0], percent[1]);
}

TEST_F(Trainer, ALossThatIsNoNumberEndsTheRunWithTheLastCheckpointIntact) {
  run("run");
  const std::string before = slurp(folder_ / "run" / "last.ckpt");
  config_.set("train.epochs=4");
  config_.set("train.learning_rate=1e30");
  config_.set("train.gradient_clip=0");
  config_.set("train.schedule=constant");
  try {
    run("run", true);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no longer a number in epoch 4"), std::string::npos)
        << error.what();
    EXPECT_NE(error.hint().find("train.learning_rate"), std::string::npos);
  }
  EXPECT_EQ(slurp(folder_ / "run" / "last.ckpt"), before);
}

TEST_F(Trainer, EndsEarlyWhenNothingGetsBetter) {
  config_.set("train.epochs=9");
  config_.set("train.learning_rate=0");
  config_.set("train.relevance_learning_rate=0");
  config_.set("train.early_stopping=2");
  const TrainResult result = run("run");
  // Running statistics of the batch norms move without any rate, so that a later epoch may win.
  EXPECT_EQ(log_of("run").size(), 1U + static_cast<std::size_t>(result.best_epoch) + 1U + 2U);
}

TEST_F(Trainer, AFindingWithoutBothLabelsHasNoAurocAndTheMeanLeavesItOut) {
  for (Record& record : dataset_.records) record.labels[1] = Label::unknown;
  run("run");
  const auto log = log_of("run");
  for (std::size_t e = 1; e < log.size(); ++e) {
    EXPECT_EQ(log[e].size(), 6U);  // the last cell is empty
    EXPECT_EQ(log[e][4], log[e][5]);
  }
  for (Record& record : dataset_.records) record.labels[0] = Label::negative;
  EXPECT_THROW(run("none"), UserError);
}

TEST_F(Trainer, RelevanceIsLoggedAsSharesThatSumToOne) {
  run("run");
  std::istringstream in(slurp(folder_ / "run" / "relevance.csv"));
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "epoch,finding,stage,relevance");
  double sum = 0.0;
  std::size_t rows = 0;
  for (; std::getline(in, line); ++rows) sum += std::stod(line.substr(line.rfind(',') + 1));
  EXPECT_EQ(rows, 3U * 2U * 3U);      // epochs, findings, stages
  EXPECT_NEAR(sum, 3.0 * 2.0, 1e-4);  // six digits a share
}

}  // namespace
}  // namespace chestmap
