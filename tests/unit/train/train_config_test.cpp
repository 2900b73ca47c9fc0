#include "train/train_config.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"

namespace chestmap {
namespace {

std::string error_of(const std::string& assignment) {
  Config config = train_config();
  try {
    config.set(assignment);
    check_config(config);
  } catch (const UserError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

TEST(TrainConfig, EveryKeyIsNamedOnceAndExplained) {
  std::set<std::string> names;
  const Config config = train_config();
  for (const ConfigKey& key : config.keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_GT(key.help.size(), 5U) << key.name;
  }
}

TEST(TrainConfig, DefaultsPassTheirOwnCheck) { EXPECT_NO_THROW(check_config(train_config())); }

TEST(TrainConfig, WhatCannotBeUsedIsNamedBeforeTheRun) {
  EXPECT_NE(error_of("model.channels=2").find("model.channels = 2"), std::string::npos);
  EXPECT_NE(error_of("model.stages=[2, 1]").find("[2, 1] is not a rising list"), std::string::npos);
  EXPECT_NE(error_of("model.stages=[3, 3]").find("not a rising list"), std::string::npos);
  EXPECT_NE(error_of("model.stages=[]").find("not a rising list"), std::string::npos);
  EXPECT_NE(error_of("boxes.area_prior=[\"Mass\"]").find("\"Mass\" is not Finding=percent"),
            std::string::npos);
  EXPECT_NE(error_of("boxes.area_prior=[\"Mass=0\"]").find("not Finding=percent"),
            std::string::npos);
  EXPECT_NE(error_of("boxes.area_prior=[\"Mass=101\"]").find("not Finding=percent"),
            std::string::npos);
  EXPECT_NE(error_of("train.epochs=0").find("train.epochs"), std::string::npos);
  EXPECT_NE(error_of("model.backbone=densenet120").find("densenet121"), std::string::npos);
}

TEST(TrainConfig, ThePapersPlainFormSetsEveryKeyThatItStandsFor) {
  Config config = train_config();
  for (const char* change :
       {"model.head=sedai2018", "model.pooling=pcam", "model.fusion=maps", "model.stages=[4]",
        "model.relevance=uniform", "train.stage_dropout=0.5", "train.auxiliary_loss=2",
        "train.agreement_loss=2", "train.relevance_entropy=1"})
    config.set(change);
  resolve_head(config);
  const ModelSpec spec = model_spec(config, {"Mass"});
  EXPECT_EQ(spec.head, "multiscale");
  EXPECT_EQ(spec.stages, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(spec.relevance, "learned");
  EXPECT_FALSE(spec.normalise_maps);
  EXPECT_EQ(spec.fusion, "scores");
  EXPECT_EQ(spec.pooling, "average");
  const TrainOptions options = train_options(config);
  EXPECT_EQ(options.stage_dropout, 0.0);
  EXPECT_EQ(options.auxiliary_loss, 0.0);
  EXPECT_EQ(options.agreement_loss, 0.0);
  EXPECT_EQ(options.relevance_entropy, 0.0);
}

TEST(TrainConfig, OtherHeadsAreLeftAsTheyAre) {
  Config config = train_config();
  config.set("model.head=pyramid");
  config.set("train.auxiliary_loss=2");
  resolve_head(config);
  EXPECT_EQ(model_spec(config, {"Mass"}).head, "pyramid");
  EXPECT_EQ(train_options(config).auxiliary_loss, 2.0);
}

TEST(TrainConfig, KeysReachTheOptionsTheyAreNamedAfter) {
  Config config = train_config();
  for (const char* change :
       {"seed=7", "train.epochs=3", "train.optimizer=sgd", "train.learning_rate=0.25",
        "train.relevance_learning_rate=0.5", "train.weight_decay=0.125", "train.momentum=0.75",
        "train.schedule=plateau", "train.warmup_epochs=1.5", "train.plateau_patience=4",
        "train.plateau_factor=0.0625", "train.gradient_clip=9", "train.average_decay=0.9",
        "train.balance=batch", "train.early_stopping=6", "train.threads=5",
        "train.checkpoint_batches=8", "train.agreement_loss=0.375"})
    config.set(change);
  const TrainOptions o = train_options(config);
  EXPECT_EQ(o.seed, 7U);
  EXPECT_EQ(o.epochs, 3);
  EXPECT_EQ(o.optimizer, "sgd");
  EXPECT_EQ(o.learning_rate, 0.25);
  EXPECT_EQ(o.relevance_learning_rate, 0.5);
  EXPECT_EQ(o.weight_decay, 0.125);
  EXPECT_EQ(o.momentum, 0.75);
  EXPECT_EQ(o.schedule, "plateau");
  EXPECT_EQ(o.warmup_epochs, 1.5);
  EXPECT_EQ(o.plateau_patience, 4);
  EXPECT_EQ(o.plateau_factor, 0.0625);
  EXPECT_EQ(o.gradient_clip, 9.0);
  EXPECT_EQ(o.average_decay, 0.9);
  EXPECT_EQ(o.balance, "batch");
  EXPECT_EQ(o.early_stopping, 6);
  EXPECT_EQ(o.threads, 5);
  EXPECT_EQ(o.checkpoint_batches, 8);
  EXPECT_EQ(o.agreement_loss, 0.375);
}

TEST(TrainConfig, OnlyTheTrainingLoaderShufflesAndAugments) {
  Config config = train_config();
  config.set("augment.shift=0.2");
  config.set("model.size=96");
  const LoaderOptions training = loader_options(config, true);
  EXPECT_TRUE(training.shuffle);
  EXPECT_EQ(training.augmentation.shift, 0.2);
  EXPECT_EQ(training.size, 96U);
  const LoaderOptions other = loader_options(config, false);
  EXPECT_FALSE(other.shuffle);
  EXPECT_EQ(other.augmentation.shift, 0.0);
  EXPECT_EQ(other.augmentation.rotation, 0.0);
  EXPECT_EQ(other.augmentation.gamma, 0.0);
}

TEST(TrainConfig, AreasAreFractionsAndUnnamedFindingsTakeTheOther) {
  Config config = train_config();
  config.set("boxes.area_prior=[\"Mass=2.5\"]");
  config.set("boxes.area_prior_other=8");
  const auto prior = area_prior(config, {"Mass", "Hernia"});
  EXPECT_EQ(prior.size(), 2U);
  EXPECT_DOUBLE_EQ(prior.at("Mass"), 0.025);
  EXPECT_DOUBLE_EQ(prior.at("Hernia"), 0.08);
}

}  // namespace
}  // namespace chestmap
