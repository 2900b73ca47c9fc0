#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "fake_backend.h"
#include "image/codec.h"
#include "localize/attention.h"
#include "localize/box_fit.h"
#include "localize/localizer.h"
#include "localize/map_alignment.h"
#include "localize/map_file.h"
#include "localize/map_methods.h"
#include "localize/result_files.h"

namespace chestmap {
namespace {

using test::FakeBackend;

ImageF one_map(const ImageF& map, const Grid& grid, double input_size, std::size_t resolution,
               double weight = 1.0) {
  const ImageF* pointer = &map;
  const PlaneGrid plane{grid, grid};
  return combine_maps({&pointer, 1}, {&plane, 1}, {&weight, 1}, input_size, resolution);
}

TEST(CombineMaps, InterpolatesBetweenTheCentresOfTheCells) {
  // Two cells centred on 2 and 6 of 8 pixels; asked for at 1, 3, 5, 7.
  ImageF row(2, 1);
  row.at(1, 0) = 10.0F;
  const ImageF fine = one_map(row, {4.0, 2.0}, 8.0, 4);
  ASSERT_EQ(fine.height(), 4U);
  for (std::size_t y = 0; y < 4; ++y) {
    EXPECT_FLOAT_EQ(fine.at(0, y), 0.0F);
    EXPECT_FLOAT_EQ(fine.at(1, y), 2.5F);
    EXPECT_FLOAT_EQ(fine.at(2, y), 7.5F);
    EXPECT_FLOAT_EQ(fine.at(3, y), 10.0F);
  }
  ImageF column(1, 2);
  column.at(0, 1) = 10.0F;
  EXPECT_FLOAT_EQ(one_map(column, {4.0, 2.0}, 8.0, 4).at(3, 1), 2.5F);
}

TEST(CombineMaps, ReproducesARampInsideTheCentresOfAShiftedGrid) {
  const Grid grid{8.0, 0.5};  // as after strided 3x3 convolutions
  ImageF map(5, 5);
  for (std::size_t y = 0; y < 5; ++y)
    for (std::size_t x = 0; x < 5; ++x)
      map.at(x, y) = static_cast<float>(2.0 * grid.centre(static_cast<double>(x)) -
                                        3.0 * grid.centre(static_cast<double>(y)));
  const ImageF fine = one_map(map, grid, 40.0, 20);
  for (std::size_t y = 0; y < 20; ++y)
    for (std::size_t x = 0; x < 20; ++x) {
      const double at_x = std::min(2.0 * static_cast<double>(x) + 1.0, 32.5);
      const double at_y = std::min(2.0 * static_cast<double>(y) + 1.0, 32.5);
      // Single precision of values up to 100.
      EXPECT_NEAR(fine.at(x, y), 2.0 * at_x - 3.0 * at_y, 1e-4);
    }
}

TEST(CombineMaps, AddsTheMapsByTheirWeights) {
  const ImageF one(1, 1, 3.0F);
  const ImageF two(2, 2, 5.0F);
  const ImageF unseen(1, 1, std::numeric_limits<float>::quiet_NaN());
  const std::vector<const ImageF*> maps = {&one, &two, &unseen};
  const std::vector<PlaneGrid> grids = geometric_grids({{8.0, 4.0}, {4.0, 2.0}, {8.0, 4.0}});
  const std::vector<double> weights = {0.25, 0.5, 0.0};
  const ImageF sum = combine_maps(maps, grids, weights, 8.0, 3);
  for (const float value : sum.pixels()) EXPECT_FLOAT_EQ(value, 0.75F + 2.5F);
}

TEST(AttentionMap, MovesEachStagesMapByTheFindingsOwnShift) {
  FakeBackend backend;
  const ImageF image(16, 16, 0.5F);
  const Inference inference = backend.infer({&image, 1})[0];
  const ImageF before = attention_map(backend, inference, 0, 16);
  // Stage 1 rises by 1 a cell of 4 pixels across, stage 2 by 100 a cell of 8 pixels down.
  backend.spec().alignment = Alignment{{}, {{{2.0, 5.0}, {3.0, -4.0}}, {{}, {}}}};
  const ImageF after = attention_map(backend, inference, 0, 16);
  // Inside of the outermost centres of both, moved or not.
  const double expected = 0.25 * (-2.0 / 4.0) + 0.75 * (4.0 * 100.0 / 8.0);
  EXPECT_NEAR(after.at(8, 5) - before.at(8, 5), expected, 1e-4);
  EXPECT_EQ(attention_map(backend, inference, 1, 16),
            combine_stages(inference, geometric_grids(backend.grids()), 1, backend.relevance()[1],
                           16.0, 16));
}

TEST(AttendedPoint, IsTheCentroidOfWhatRaisesTheCell) {
  ImageF image(32, 32, 0.5F);
  ImageF gradient(32, 32);
  image.at(4, 8) = 1.0F;
  gradient.at(4, 8) = 1.0F;
  image.at(12, 8) = 0.0F;  // darker than what is about it, where darker raises the cell
  gradient.at(12, 8) = -1.0F;
  image.at(30, 30) = 1.0F;  // lowers it
  gradient.at(30, 30) = -5.0F;
  gradient.at(20, 20) = 9.0F;  // no contrast
  const auto point = attended_point(gradient, image);
  ASSERT_TRUE(point.has_value());
  // Both rise by half; the mean about each differs by no more than 0.5 / 25 from 0.5.
  EXPECT_NEAR(point->x, 8.5, 0.2);
  EXPECT_NEAR(point->y, 8.5, 1e-9);
}

TEST(AttendedPoint, IsNowhereWhereNothingRaisesTheCell) {
  EXPECT_FALSE(attended_point(ImageF(8, 8), ImageF(8, 8, 0.5F)).has_value());
  EXPECT_FALSE(attended_point(ImageF(8, 8, 1.0F), ImageF(8, 8, 0.5F)).has_value());
}

TEST(AlignmentFit, IsTheMedianDisplacementOfEachFindingAndStage) {
  FakeBackend backend;
  AlignmentFit fit(backend.grids(), 2);
  // What is looked at stands out.
  for (const float p : {0.2F, 0.4F, 0.6F}) {
    ImageF image(16, 16, p);
    const Inference inference = backend.infer({&image, 1})[0];
    const auto differentiated = backend.differentiate(image);
    for (std::size_t f = 0; f < 2; ++f)
      for (std::size_t s = 0; s < 2; ++s) {
        const ImageF& map = inference.stage_maps[s][f];
        const auto peak = static_cast<std::size_t>(
            std::max_element(map.pixels().begin(), map.pixels().end()) - map.pixels().begin());
        const ImageF gradient = differentiated->input_gradient(s, f, peak);
        for (std::size_t i = 0; i < image.pixels().size(); ++i)
          if (gradient.pixels()[i] > 0.0F) image.pixels()[i] = 1.0F;
      }
    for (std::size_t f = 0; f < 2; ++f) fit.add(image, inference, *differentiated, f);
  }
  EXPECT_EQ(fit.images(0), 3U);
  const auto shifts = fit.shifts();
  for (std::size_t s = 0; s < 2; ++s) {
    // The pixel's centre lies half a pixel further.
    EXPECT_EQ(shifts[0][s], (MapShift{1.5, 2.5}));
    EXPECT_EQ(shifts[1][s], (MapShift{-0.5, 3.5}));
  }
}

TEST(AlignmentFit, LeavesMapsOfUnseenFindingsWhereTheyAre) {
  FakeBackend backend;
  EXPECT_EQ(AlignmentFit(backend.grids(), 2).shifts(),
            (std::vector<std::vector<MapShift>>(2, std::vector<MapShift>(2))));
}

std::vector<std::string> method_names(const Backend& backend) {
  std::vector<std::string> names;
  for (const MapMethod& method : map_methods(backend)) names.push_back(method.name);
  return names;
}

/// A back end of one stage.
class OneStage : public FakeBackend {
 public:
  [[nodiscard]] const std::vector<Grid>& grids() const override { return grid_; }

 private:
  std::vector<Grid> grid_ = {{8.0, 4.0}};
};

TEST(MapMethods, BeginWithTheModelsOwnAndLeaveOutWhatOneStageMakesEqual) {
  EXPECT_EQ(method_names(FakeBackend()),
            (std::vector<std::string>{
                "multiscale attention map", "uniform relevance", "point scores of the finest stage",
                "class activation map of the last stage", "Grad-CAM", "Grad-CAM++",
                "LayerCAM of the last stage", "LayerCAM fused over the stages"}));
  OneStage one;
  one.spec().stages = {2};
  EXPECT_EQ(method_names(one),
            (std::vector<std::string>{"class activation map", "Grad-CAM", "Grad-CAM++",
                                      "LayerCAM of the last stage"}));
}

/// A back end of three stages whose numbers are not their places.
class ThreeStages : public FakeBackend {
 public:
  ThreeStages() { spec().stages = {1, 3, 4}; }
  [[nodiscard]] const std::vector<Grid>& grids() const override { return grids_; }

 private:
  std::vector<Grid> grids_ = {{4.0, 2.0}, {8.0, 4.0}, {16.0, 8.0}};
};

TEST(MapMethods, CallAStageByItsNumber) {
  EXPECT_EQ(method_names(ThreeStages())[3], "stage 3 alone");
}

TEST(MapMethods, AnAlignedModelHasItsMapWithoutAlignmentBesideIt) {
  FakeBackend backend;
  backend.spec().alignment = Alignment{{}, {{{4.0, 0.0}, {4.0, 0.0}}, {{}, {}}}};
  const ImageF image(16, 16, 0.5F);
  const Inference inference = backend.infer({&image, 1})[0];
  MapSource source(backend, image, inference);
  const std::vector<MapMethod> methods = map_methods(backend);
  EXPECT_EQ(methods[1].name, "multiscale attention map, not aligned");
  EXPECT_EQ(methods[0].map(source, 0, 16), attention_map(backend, inference, 0, 16));
  const ImageF plain = methods[1].map(source, 0, 16);
  backend.spec().alignment.reset();
  EXPECT_EQ(plain, attention_map(backend, inference, 0, 16));
}

TEST(MapMethods, WeighTheStagesAsTheirNamesSay) {
  FakeBackend backend;
  const ImageF image(16, 16, 0.5F);
  const Inference inference = backend.infer({&image, 1})[0];
  const std::vector<MapMethod> methods = map_methods(backend);
  MapSource source(backend, image, inference);
  const auto value = [&](std::size_t method, std::size_t finding) {
    const ImageF map = methods[method].map(source, finding, 4);
    EXPECT_EQ(map.width(), 4U);
    return map.at(3, 3);
  };
  // At the lower right cell of 4 x 4: stage 1 is 0.5 + 3, stage 2 is 10 * 0.5 + 100.
  EXPECT_FLOAT_EQ(value(0, 0), 0.25F * 3.5F + 0.75F * 105.0F);
  EXPECT_FLOAT_EQ(value(0, 1), -(0.5F * 3.5F + 0.5F * 105.0F));
  EXPECT_FLOAT_EQ(value(1, 0), 0.5F * 3.5F + 0.5F * 105.0F);
  EXPECT_FLOAT_EQ(value(2, 0), 3.5F);
  EXPECT_FLOAT_EQ(value(3, 0), 105.0F);
  EXPECT_FLOAT_EQ(value(3, 1), -105.0F);
  EXPECT_EQ(backend.differentiations, 0) << "these need no gradient";
}

TEST(MapMethods, GradientMapsOfAFindingShareOnePassBackwards) {
  FakeBackend backend;
  const ImageF image(16, 16, 0.5F);
  const Inference inference = backend.infer({&image, 1})[0];
  MapSource source(backend, image, inference);
  const std::vector<MapMethod> methods = map_methods(backend);
  for (std::size_t f = 0; f < 2; ++f)
    for (const MapMethod& method : methods) (void)method.map(source, f, 4);
  EXPECT_EQ(backend.differentiations, 1);
  EXPECT_EQ(backend.gradient_passes, 2);
}

TEST(MapMethods, GradientMapsAreOfTheStagesThatTheirNamesSay) {
  FakeBackend backend;
  const ImageF image(16, 16, 0.5F);
  const Inference inference = backend.infer({&image, 1})[0];
  MapSource source(backend, image, inference);
  const std::vector<MapMethod> methods = map_methods(backend);
  const auto value = [&](std::size_t method, std::size_t finding, std::size_t at) {
    return methods[method].map(source, finding, 4).at(at, at);
  };
  // Grad-CAM at the last stage, 2 x 2: 2 * 0.5 - 1 * 1 in the last cell, 2 * 0.5 in the others; at
  // the corner of 4 x 4 the cell's own value.
  EXPECT_FLOAT_EQ(value(4, 0, 0), 1.0F);
  EXPECT_FLOAT_EQ(value(4, 0, 3), 0.0F);
  EXPECT_FLOAT_EQ(value(4, 1, 3), 3.0F - 0.5F);
  // Grad-CAM++: w_0 = 4 cells * 2 / (2 + 2 * 4 * 0.5) = 4/3 and w_1 = 0, the map 4/3 * 0.5.
  EXPECT_FLOAT_EQ(value(5, 0, 3), 2.0F / 3.0F);
  // w_0 = 0, w_1 = 4 * 3 / (2 + 3 * 1).
  EXPECT_FLOAT_EQ(value(5, 1, 3), 12.0F / 5.0F);
  // LayerCAM: 2 * 0.5 everywhere; 3 * 1 in the last cell alone.
  EXPECT_FLOAT_EQ(value(6, 0, 3), 1.0F);
  EXPECT_FLOAT_EQ(value(6, 1, 3), 3.0F);
  EXPECT_FLOAT_EQ(value(6, 1, 0), 0.0F);
  // Fused: both stages scaled to tanh(2) at their peak. At (2, 2) of 4 x 4, stage 1 has a cell of
  // its own, of value 0, where stage 2 (cells centred on 4 and 12, the point on 10) has
  // (0.75 * 0.75) tanh(2).
  EXPECT_FLOAT_EQ(value(7, 1, 3), std::tanh(2.0F));
  EXPECT_FLOAT_EQ(value(7, 1, 2), 0.5625F * std::tanh(2.0F));
  EXPECT_FLOAT_EQ(value(7, 1, 0), 0.0F);
}

TEST(Localizer, GivesMapsPeaksAndBoxesInTheRadiographsFrame) {
  FakeBackend backend;
  const ImageF radiograph(160, 80, 0.5F);
  const std::vector<LocalizedFinding> found = localize(backend, radiograph);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].finding, "Mass");
  EXPECT_NEAR(found[0].probability, 1.0 / (1.0 + std::exp(-0.5)), 1e-6);
  EXPECT_NEAR(found[1].probability, 1.0 / (1.0 + std::exp(0.5)), 1e-6);
  EXPECT_EQ(found[0].map.width(), 16U);
  // The map of finding 0 rises to the lower right, from centre to centre of the outermost cells
  // (14 of 16 across, 12 of 16 down) and holds from there; a cell is 10 x 5 pixels.
  EXPECT_NEAR(found[0].peak.x, 14.5 * 10.0, 1e-9);
  EXPECT_NEAR(found[0].peak.y, 12.5 * 5.0, 1e-9);
  EXPECT_NEAR(found[1].peak.x, 0.5 * 10.0, 1e-9);
  ASSERT_FALSE(found[0].boxes.empty());
  EXPECT_NEAR(found[0].boxes[0].box.right(), 160.0, 1e-9);
  EXPECT_NEAR(found[0].boxes[0].box.bottom(), 80.0, 1e-9);

  LocalizeOptions options;
  options.resolution = 32;
  options.frame = {1600, 800};
  const std::vector<LocalizedFinding> scaled = localize(backend, radiograph, options);
  EXPECT_EQ(scaled[0].map.width(), 32U);
  EXPECT_NEAR(scaled[0].boxes[0].box.right(), 1600.0, 1e-9);
}

TEST(Localizer, CalibratesProbabilitiesAndMapsAndKeepsPeaksAndBoxes) {
  FakeBackend backend;
  const ImageF radiograph(160, 80, 0.5F);
  const std::vector<LocalizedFinding> plain = localize(backend, radiograph);
  backend.spec().calibration = Calibration{{}, {FindingCalibration{2.0, -3.0, {}}, std::nullopt}};
  backend.spec().thresholds = Thresholds{{}, {0.25, std::nullopt}};
  const std::vector<LocalizedFinding> found = localize(backend, radiograph);
  // Logits 0.5 and -0.5.
  // 2 * 0.5 - 3; the radiograph was resized in single precision.
  EXPECT_NEAR(found[0].probability, 1.0 / (1.0 + std::exp(2.0)), 1e-6);
  EXPECT_EQ(found[1].probability, plain[1].probability);
  EXPECT_EQ(found[0].threshold, 0.25);
  EXPECT_EQ(found[0].predicted(), false);  // 0.12
  EXPECT_FALSE(found[1].predicted().has_value());
  EXPECT_FALSE(plain[0].predicted().has_value());
  for (std::size_t i = 0; i < found[0].map.pixels().size(); ++i)
    EXPECT_FLOAT_EQ(found[0].map.pixels()[i], 2.0F * plain[0].map.pixels()[i] - 3.0F);
  EXPECT_EQ(found[1].map, plain[1].map);
  EXPECT_EQ(found[0].peak.x, plain[0].peak.x);
  ASSERT_EQ(found[0].boxes.size(), plain[0].boxes.size());
  for (std::size_t b = 0; b < found[0].boxes.size(); ++b) {
    EXPECT_EQ(found[0].boxes[b].box, plain[0].boxes[b].box);
    EXPECT_NEAR(found[0].boxes[b].score, 2.0 * plain[0].boxes[b].score - 3.0, 1e-4);
  }
}

TEST(Localizer, LeavesMapsInTheModelsLogitsUnderAnIsotonicCurve) {
  FakeBackend backend;
  const ImageF radiograph(160, 80, 0.5F);
  const std::vector<LocalizedFinding> plain = localize(backend, radiograph);
  const FindingCalibration curve{1.0, 0.0, {{0.0, 0.25}, {1.0, 0.75}}};
  backend.spec().calibration = Calibration{{}, {curve, curve}};
  const std::vector<LocalizedFinding> found = localize(backend, radiograph);
  EXPECT_NEAR(found[0].probability, 0.5, 1e-6);   // half way from 0 to 1
  EXPECT_NEAR(found[1].probability, 0.25, 1e-9);  // below the first knot
  EXPECT_EQ(found[0].map, plain[0].map);
}

/// Pixels that are not grey, in the left half of an overlay: the panel is to the right.
std::size_t coloured(const ImageRgb& overlay) {
  std::size_t count = 0;
  for (std::size_t y = 0; y < overlay.height(); ++y)
    for (std::size_t x = 0; x < overlay.width() / 2; ++x) {
      const Rgb& pixel = overlay.at(x, y);
      count += pixel.r != pixel.g || pixel.g != pixel.b ? 1 : 0;
    }
  return count;
}

TEST(FindingOverlay, DrawsNothingOfTheMapBelowTheFindingsThreshold) {
  ModelSpec spec;
  spec.findings = {"Nodule", "Mass"};
  LocalizedFinding found;
  found.finding = "Mass";
  found.map = ImageF(32, 32);
  for (std::size_t y = 0; y < 32; ++y)
    for (std::size_t x = 0; x < 32; ++x)
      found.map.at(x, y) = static_cast<float>(x) / 4.0F - 2.0F;  // -2 to 5.75
  const Backdrop radiograph(ImageF(64, 64, 0.5F));
  const auto drawn = [&](std::optional<double> threshold) {
    spec.thresholds = Thresholds{{}, {0.999, threshold}};
    return coloured(finding_overlay(radiograph, found, spec, {64, 64}, {}));
  };
  const auto sigmoid = [](double logit) { return 1.0 / (1.0 + std::exp(-logit)); };
  const std::size_t from_half = drawn(std::nullopt);
  EXPECT_LT(drawn(sigmoid(1.0)), from_half);
  EXPECT_GT(drawn(sigmoid(-1.0)), from_half);
  EXPECT_GT(drawn(sigmoid(1.0)), 0U);
  EXPECT_EQ(drawn(sigmoid(7.0)), 0U);
  EXPECT_GT(drawn(0.0), drawn(sigmoid(-1.0)));
  EXPECT_EQ(drawn(1.0), 0U);
}

TEST(Localizer, TakesTheBoxRuleThatTheModelStoresForTheMap) {
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule"};
  spec.box_rules[own_map_name(spec)] = {{"median_peak", 0.7, true, 0.1},
                                        {"expected_area", 0.5, false, 0.02}};
  const BoxRule first = box_rule(spec, own_map_name(spec), 0);
  EXPECT_EQ(first.kind, BoxRule::Kind::median_peak);
  EXPECT_EQ(first.fraction, 0.7);
  const BoxRule second = box_rule(spec, own_map_name(spec), 1);
  EXPECT_EQ(second.kind, BoxRule::Kind::expected_area);
  EXPECT_EQ(second.area, 0.02);
  // Nothing is stored for it: the expected area is the model's, the level the middle.
  const BoxRule other = box_rule(spec, "Grad-CAM", 1);
  EXPECT_EQ(other.kind, BoxRule::Kind::expected_area);
  EXPECT_EQ(other.area, 0.02);
  const BoxRule middle = box_rule(spec, "Grad-CAM", 0);
  EXPECT_EQ(middle.kind, BoxRule::Kind::median_peak);
  EXPECT_EQ(middle.fraction, BoxRule().fraction);
  EXPECT_EQ(middle.area, 0.1);
  const BoxRule none = box_rule(ModelSpec{}, "Grad-CAM", 0);
  EXPECT_EQ(none.kind, BoxRule().kind);
  EXPECT_EQ(none.area, BoxRule().area);
}

constexpr std::size_t kSide = 128;

ImageF gaussian(double deviation) {
  ImageF map(kSide, kSide);
  constexpr double kCentre = 64.0;
  for (std::size_t y = 0; y < kSide; ++y)
    for (std::size_t x = 0; x < kSide; ++x) {
      const double dx = static_cast<double>(x) - kCentre;
      const double dy = static_cast<double>(y) - kCentre;
      map.at(x, y) = static_cast<float>(
          5.0 * std::exp(-(dx * dx + dy * dy) / (2.0 * deviation * deviation)) - 1.0);
    }
  return map;
}

TEST(BoxFit, FindsTheLevelAtWhichAGaussianHasTheExpectedArea) {
  // The map's median is its floor (deviation 12 of 128 cells), so that the level of fraction f lies
  // at the radius r = 12 sqrt(-2 ln f), and the box of side 2 r has the area (2 r / 128)^2.
  for (const double fraction : {0.2, 0.5, 0.7}) {
    const double radius = 12.0 * std::sqrt(-2.0 * std::log(fraction));
    const double area = std::pow(2.0 * radius / kSide, 2);
    BoxFit fit;
    for (const double deviation : {4.0, 12.0, 30.0}) fit.add(gaussian(deviation));  // median: 12
    EXPECT_EQ(fit.maps(), 3U);
    // Candidates are 0.02 apart, and a box ends on whole cells: one in 30 of its side is 0.03 of f.
    EXPECT_NEAR(fit.fraction(area).value(), fraction, 0.04);
  }
}

TEST(BoxFit, HasNothingToSayWithoutMaps) {
  const BoxFit fit;
  EXPECT_EQ(fit.maps(), 0U);
  EXPECT_FALSE(fit.fraction(0.1).has_value());
}

TEST(BoxFit, StaysWithinItsLevelsForAreasOutOfReach) {
  BoxFit fit;
  fit.add(gaussian(12.0));
  EXPECT_LT(fit.fraction(1.0).value(), 0.05);
  EXPECT_GT(fit.fraction(1e-6).value(), 0.9);
}

TEST(MapFile, HoldsLogitsOnTheFixedScale) {
  const test::ScratchFolder folder;
  ImageF map(3, 2);
  const std::vector<float> logits = {-16.0F, -3.25F, 0.0F, 1.0F / 3.0F, 7.5F, 16.0F};
  std::copy(logits.begin(), logits.end(), map.pixels().begin());
  write_map(folder / "m.png", map);
  const ImageF stored = read_image(folder / "m.png");
  ASSERT_EQ(stored.width(), 3U);
  for (std::size_t i = 0; i < logits.size(); ++i)
    // Half of one of 65535 steps over 32 logits.
    EXPECT_NEAR(kMapFileLow + stored.pixels()[i] * (kMapFileHigh - kMapFileLow), logits[i],
                16.0 / 65535.0 + 1e-5);
  const std::string content = test::slurp(folder / "m.png");
  EXPECT_NE(content.find(std::string("chestmap:low\0-16", 16)), std::string::npos);
  EXPECT_NE(content.find(std::string("chestmap:high\0"
                                     "16",
                                     16)),
            std::string::npos);
  EXPECT_NE(content.find("Research use only"), std::string::npos);
}

TEST(MapFile, ClipsWhatLiesBeyondTheScale) {
  const test::ScratchFolder folder;
  ImageF map(2, 1, -40.0F);
  map.at(1, 0) = 40.0F;
  write_map(folder / "m.png", map);
  const ImageF stored = read_image(folder / "m.png");
  EXPECT_EQ(stored.at(0, 0), 0.0F);
  EXPECT_EQ(stored.at(1, 0), 1.0F);
}

TEST(MapFile, IsNamedAfterImageAndFinding) {
  EXPECT_EQ(map_file_name("00000001_000.png", "Mass"), "00000001_000.Mass.png");
  EXPECT_EQ(map_file_name("00000001_000", "Mass"), "00000001_000.Mass.png");
  EXPECT_EQ(map_file_name("a.b.jpg", "Pleural_Thickening"), "a.b.Pleural_Thickening.png");
  EXPECT_EQ(map_file_name("patient1/study2/view1.jpg", "Mass"), "patient1/study2/view1.Mass.png");
  EXPECT_EQ(map_file_name("../../view1.jpg", "Mass"), "view1.Mass.png");
  EXPECT_EQ(map_file_name("a/../../view1.jpg", "Mass"), "view1.Mass.png");
  EXPECT_EQ(map_file_name("/etc/view1.jpg", "Mass"), "etc/view1.Mass.png");
}

}  // namespace
}  // namespace chestmap
