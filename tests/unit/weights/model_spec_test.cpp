#include "weights/model_spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"

namespace chestmap {
namespace {

using Json = nlohmann::ordered_json;

ModelSpec unusual_spec() {
  ModelSpec spec;
  spec.findings = {"Nodule", "Größe \"x\""};
  spec.backbone = "resnet50";
  spec.head = "pyramid";
  spec.stages = {2, 4};
  spec.relevance = "evidence";
  spec.normalise_maps = false;
  spec.fusion = "maps";
  spec.pooling = "pcam";
  spec.lse_r = 0.1;
  spec.input_size = 320;
  spec.input_channels = 3;
  spec.pixel_mean = 1.0 / 3.0;
  spec.pixel_deviation = 0.3;
  spec.box_rules["multiscale attention map"] = {{"expected_area", 0.3, true, 0.01},
                                                {"median_peak", 0.7, false, 0.2}};
  spec.box_rule_provenance = "validation split";
  spec.box_levels = Fit{"area-prior", "chestxray14", "valid", "0123456789abcdef", 12, "2026-01-31"};
  spec.alignment = Alignment{{"attended point", "chestxray14", "valid", "0123456789abcdef", 9, ""},
                             {{{1.5, -2.0}, {0.1, 1.0 / 3.0}}, {{0.0, 0.0}, {-7.25, 3.0}}}};
  spec.calibration =
      Calibration{{"isotonic", "chestxray14", "valid", "0123456789abcdef", 1000, "2026-01-31"},
                  {FindingCalibration{1.0, 0.0, {{-2.5, 0.0}, {0.1, 1.0 / 3.0}, {7.0, 1.0 / 3.0}}},
                   std::nullopt}};
  spec.thresholds = Thresholds{
      {"sensitivity=0.9", "größer", "test", "fedcba9876543210", 7, "2026-02-01T10:00:00Z"},
      {std::nullopt, 0.1}};
  spec.input_ranges =
      InputRanges{{"largest input", "chestxray14", "train", "0123456789abcdef", 256, "2026-01-31"},
                  {{"layer1.0.conv1", 1.0 / 3.0}, {"conv \"2\"", 40.5}}};
  spec.provenance = {{"seed", "3"}, {"split", "abc\n"}};
  spec.program_version = "9.9.9";
  return spec;
}

TEST(ModelSpec, ComesBackFromItsMetadata) {
  const ModelSpec spec = unusual_spec();
  const ModelSpec read = ModelSpec::from_metadata(spec.to_metadata(), "m.safetensors");
  EXPECT_EQ(read.findings, spec.findings);
  EXPECT_EQ(read.backbone, spec.backbone);
  EXPECT_EQ(read.head, spec.head);
  EXPECT_EQ(read.stages, spec.stages);
  EXPECT_EQ(read.relevance, spec.relevance);
  EXPECT_EQ(read.normalise_maps, spec.normalise_maps);
  EXPECT_EQ(read.fusion, spec.fusion);
  EXPECT_EQ(read.pooling, spec.pooling);
  EXPECT_EQ(read.lse_r, spec.lse_r);
  EXPECT_EQ(read.input_size, spec.input_size);
  EXPECT_EQ(read.input_channels, spec.input_channels);
  EXPECT_EQ(read.pixel_mean, spec.pixel_mean);
  EXPECT_EQ(read.pixel_deviation, spec.pixel_deviation);
  EXPECT_EQ(read.box_rule_provenance, spec.box_rule_provenance);
  EXPECT_EQ(read.box_levels, spec.box_levels);
  EXPECT_EQ(read.alignment, spec.alignment);
  EXPECT_EQ(read.calibration, spec.calibration);
  EXPECT_EQ(read.thresholds, spec.thresholds);
  EXPECT_EQ(read.input_ranges, spec.input_ranges);
  EXPECT_EQ(read.provenance, spec.provenance);
  EXPECT_EQ(read.program_version, spec.program_version);
  ASSERT_EQ(read.box_rules.size(), 1U);
  const auto& [method, rules] = *read.box_rules.begin();
  EXPECT_EQ(method, "multiscale attention map");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].rule, "expected_area");
  EXPECT_EQ(rules[0].fraction, 0.3);
  EXPECT_TRUE(rules[0].fitted);
  EXPECT_EQ(rules[0].area, 0.01);
  EXPECT_EQ(rules[1].rule, "median_peak");
  EXPECT_EQ(read.to_metadata(), spec.to_metadata());
}

TEST(ModelSpec, MetadataSaysThatItIsForResearchOnly) {
  EXPECT_NE(unusual_spec().to_metadata().at("chestmap").find("Research use only"),
            std::string::npos);
}

/// The error that reading gives after `change` was made to the stored JSON.
std::string error_after(const std::function<void(Json&)>& change) {
  Json json = Json::parse(unusual_spec().to_metadata().at("chestmap"));
  change(json);
  try {
    (void)ModelSpec::from_metadata({{"chestmap", json.dump()}}, "m.safetensors");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ModelSpec, EveryMissingOrMistypedEntryIsAUserErrorThatNamesTheFile) {
  const Json json = Json::parse(unusual_spec().to_metadata().at("chestmap"));
  int tried = 0;
  const auto try_both = [&](const nlohmann::ordered_json::json_pointer& parent,
                            const std::string& key) {
    if (key == "notice" || key == "resize") return;  // for human readers
    const std::string missing = error_after([&](Json& j) { j[parent].erase(key); });
    EXPECT_TRUE(missing.starts_with("m.safetensors: ")) << key << ": " << missing;
    EXPECT_NE(missing.find(key), std::string::npos) << missing;
    const std::string mistyped = error_after([&](Json& j) {
      j[parent][key] = Json{{"x", nullptr}};
    });
    EXPECT_TRUE(mistyped.starts_with("m.safetensors: ")) << key << ": " << mistyped;
    ++tried;
  };
  const Json::json_pointer root;
  for (const auto& [key, value] : json.items()) {
    try_both(root, key);
    if (!value.is_object() || key == "provenance") continue;
    for (const auto& [inner, ignored] : value.items()) try_both(root / key, inner);
    for (const auto& part : {root / key / "fit", root / key / "levels"})
      if (json.contains(part))
        for (const auto& [inner, ignored] : json.at(part).items()) try_both(part, inner);
  }
  EXPECT_EQ(tried, 11 + 8 + 4 + 3 + 2 + 2 + 2 + 2 + 5 * 6);
}

TEST(ModelSpec, ANewerFormatIsRefusedAsSuch) {
  EXPECT_EQ(error_after([](Json& j) { j["format_version"] = 5; }),
            "m.safetensors was written by a newer chestmap (model format 5)");
}

TEST(ModelSpec, AModelOfTheFirstFormatHasNothingFitted) {
  Json json = Json::parse(unusual_spec().to_metadata().at("chestmap"));
  json["format_version"] = 1;
  json.erase("calibration");
  json.erase("thresholds");
  json["boxes"].erase("levels");
  const ModelSpec read = ModelSpec::from_metadata({{"chestmap", json.dump()}}, "m.safetensors");
  EXPECT_EQ(read.findings.size(), 2U);
  EXPECT_FALSE(read.calibration || read.thresholds || read.box_levels);
}

TEST(ModelSpec, AModelOfTheSecondFormatHasItsMapsWhereTheyAre) {
  Json json = Json::parse(unusual_spec().to_metadata().at("chestmap"));
  json["format_version"] = 2;
  json.erase("alignment");
  const ModelSpec read = ModelSpec::from_metadata({{"chestmap", json.dump()}}, "m.safetensors");
  EXPECT_FALSE(read.alignment);
  EXPECT_TRUE(read.calibration);
}

TEST(ModelSpec, AModelOfTheThirdFormatHasNoRanges) {
  Json json = Json::parse(unusual_spec().to_metadata().at("chestmap"));
  json["format_version"] = 3;
  json.erase("input_ranges");
  const ModelSpec read = ModelSpec::from_metadata({{"chestmap", json.dump()}}, "m.safetensors");
  EXPECT_FALSE(read.input_ranges);
  EXPECT_TRUE(read.alignment);
}

TEST(ModelSpec, RangesThatNoNumbersHaveAreAnError) {
  EXPECT_EQ(error_after([](Json& j) { j["input_ranges"]["largest"]["conv"] = 0.0; }),
            "m.safetensors: its metadata gives a largest input of conv that is not above 0");
}

TEST(ModelSpec, WhatWasNotFittedStaysSo) {
  ModelSpec spec = unusual_spec();
  spec.input_ranges.reset();
  spec.alignment.reset();
  spec.box_levels.reset();
  spec.calibration.reset();
  spec.thresholds.reset();
  const ModelSpec read = ModelSpec::from_metadata(spec.to_metadata(), "m.safetensors");
  EXPECT_FALSE(read.alignment || read.calibration || read.thresholds || read.box_levels);
}

TEST(ModelSpec, CalibrationsAndThresholdsThatNoFitGivesAreNamed) {
  const auto error = [](const std::string& pointer, const Json& value) {
    return error_after([&](Json& j) { j[Json::json_pointer(pointer)] = value; });
  };
  const std::string prefix = "m.safetensors: its metadata gives ";
  EXPECT_EQ(error("/calibration/findings/0/slope", -1.0),
            prefix + "a calibration whose slope is not above 0");
  EXPECT_EQ(error("/calibration/findings/0/knots/1", {-3.0, 0.5}),
            prefix + "a calibration that falls");
  EXPECT_EQ(error("/calibration/findings/0/knots/2", {7.0, 0.1}),
            prefix + "a calibration that falls");
  EXPECT_EQ(error("/calibration/findings/0/knots/2", {7.0, 1.1}),
            prefix + "a calibration that leads out of 0 to 1");
  EXPECT_EQ(error("/calibration/findings", Json::array()),
            prefix + "0 calibrations for 2 findings");
  EXPECT_EQ(error("/thresholds/probabilities", {0.1, 0.2, 0.3}),
            prefix + "3 thresholds for 2 findings");
  EXPECT_EQ(error("/alignment/shifts/1", {{1.0, 2.0}}),
            prefix + "1 shifts of a finding's maps for 2 findings");
  EXPECT_EQ(error("/alignment/shifts", Json::array()),
            prefix + "0 rows of map shifts for 2 findings");
  EXPECT_EQ(error("/thresholds/probabilities/1", 1.5), prefix + "a threshold outside of 0 to 1");
}

TEST(ModelSpec, ForeignFilesAreRefused) {
  EXPECT_THROW((void)ModelSpec::from_metadata({}, "m"), UserError);
  EXPECT_THROW((void)ModelSpec::from_metadata({{"format", "pt"}}, "m"), UserError);
  EXPECT_THROW((void)ModelSpec::from_metadata({{"chestmap", "no JSON"}}, "m"), UserError);
  EXPECT_THROW((void)ModelSpec::from_metadata({{"chestmap", "[]"}}, "m"), UserError);
}

TEST(ModelSpec, BoxRulesMustBeOneAFinding) {
  EXPECT_NE(error_after([](Json& j) {
              j["boxes"]["rules"]["multiscale attention map"].erase(0);
            }).find("1 box rules of \"multiscale attention map\" for 2 findings"),
            std::string::npos);
}

TEST(ModelSpec, ValuesThatNoNetworkCanHaveAreRefused) {
  const std::vector<std::function<void(Json&)>> changes = {
      [](Json& j) {
        j["findings"] = Json::array();
        j["boxes"]["rules"] = Json::object();
      },
      [](Json& j) { j["preprocessing"]["size"] = 0; },
      [](Json& j) { j["preprocessing"]["size"] = 1'000'000; },
      [](Json& j) { j["preprocessing"]["channels"] = 2; },
      [](Json& j) { j["preprocessing"]["deviation"] = 0.0; },
  };
  for (const auto& change : changes) EXPECT_NE(error_after(change), "");
}

}  // namespace
}  // namespace chestmap
