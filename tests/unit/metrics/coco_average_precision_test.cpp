#include "metrics/coco_average_precision.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "base/random.h"
#include "judges/ask.h"

namespace chestmap {
namespace {

const std::vector<double> kThresholds = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75};
constexpr std::size_t kSide = 64;

struct Image {
  std::vector<Box> truth;
  std::vector<ScoredBox> detected;
};

/// Some true boxes, detections near them and elsewhere; a quarter of the images are normal. Scores
/// on a grid where `tied`.
std::vector<Image> random_images(std::size_t count, bool tied, RandomStream& stream) {
  const auto whole = [&](std::uint64_t below) { return static_cast<double>(stream.below(below)); };
  std::vector<Image> images(count);
  for (Image& image : images) {
    const std::uint64_t truths = stream.chance(0.25) ? 0 : 1 + stream.below(3);
    for (std::uint64_t i = 0; i < truths; ++i)
      image.truth.push_back({whole(40), whole(40), 4 + whole(20), 4 + whole(20)});
    for (const Box& box : image.truth)
      for (std::uint64_t i = 0, near = stream.below(3); i < near; ++i)
        image.detected.push_back({{box.x + whole(6), box.y + whole(6), box.width, box.height}, 0});
    for (std::uint64_t i = 0, far = stream.below(3); i < far; ++i)
      image.detected.push_back({{whole(40), whole(40), 4 + whole(20), 4 + whole(20)}, 0});
    for (ScoredBox& found : image.detected) found.score = tied ? whole(8) / 8.0 : stream.uniform();
  }
  images[0].truth = {{1, 1, 9, 9}};  // pycocotools needs a detection, and a mean needs a truth
  images[0].detected = {{{2, 1, 9, 9}, 0.5}};
  return images;
}

std::vector<DetectionCase> cases_of(const std::vector<Image>& images) {
  std::vector<DetectionCase> cases;
  cases.reserve(images.size());
  for (const Image& image : images)
    cases.push_back(detection_case(cases.size(), image.detected, image.truth, Overlap::iou));
  return cases;
}

DetectionCase one_image(std::vector<double> scores, std::size_t truths,
                        std::vector<double> overlaps, std::size_t image = 0) {
  return {image, truths, std::move(scores), std::move(overlaps)};
}

std::optional<double> precision_at(const std::vector<DetectionCase>& cases, double threshold,
                                   std::span<const double> weights = {}, std::size_t most = 100) {
  const MatchedDetections detections(cases, std::vector{threshold}, most);
  return coco_average_precision(detections.weighed(weights).front());
}

double precision_of(const std::vector<DetectionCase>& cases, double threshold) {
  return precision_at(cases, threshold).value();
}

TEST(CocoAveragePrecision, WorkedExample) {
  // Two true regions; right, wrong, right: precision 1 up to recall 1/2, 2/3 up to 1.
  const std::vector<DetectionCase> cases = {
      one_image({0.9, 0.8, 0.7}, 2, {0.9, 0.0, 0.0, 0.0, 0.0, 0.6})};
  EXPECT_NEAR(precision_of(cases, 0.5), (51.0 + 50.0 * 2.0 / 3.0) / 101.0, 1e-15);
  // At .7 the third is wrong too: recall ends at 1/2.
  EXPECT_NEAR(precision_of(cases, 0.7), 51.0 / 101.0, 1e-15);
}

TEST(CocoAveragePrecision, AnOverlapOfExactlyTheThresholdMatches) {
  EXPECT_EQ(precision_of({one_image({0.9}, 1, {0.5})}, 0.5), 1.0);
  EXPECT_EQ(precision_of({one_image({0.9}, 1, {0.4999})}, 0.5), 0.0);
  EXPECT_EQ(precision_of({one_image({0.9}, 1, {1.0})}, 1.0), 1.0);
}

TEST(CocoAveragePrecision, ATrueRegionIsTakenOnceByTheHighestScore) {
  // The lower score overlaps more, and comes too late: right, wrong.
  EXPECT_EQ(precision_of({one_image({0.2, 0.9}, 1, {0.9, 0.6})}, 0.5), 1.0);
  EXPECT_EQ(precision_of({one_image({0.2, 0.9}, 1, {0.9, 0.4})}, 0.5), 0.5);  // now in time
}

TEST(CocoAveragePrecision, AnImageHasAtMostOneHundredDetections) {
  std::vector<double> scores(101);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = 1.0 - static_cast<double>(i) / 200.0;
  std::vector<double> overlaps(101, 0.0);
  overlaps.back() = 0.9;  // the last one alone is right, at precision 1/101
  const std::vector<DetectionCase> cases = {one_image(scores, 1, overlaps)};
  EXPECT_EQ(precision_of(cases, 0.5), 0.0);
  EXPECT_NEAR(precision_at(cases, 0.5, {}, 101).value(), 1.0 / 101.0, 1e-15);
}

TEST(CocoAveragePrecision, DetectionsOnNormalImagesAreWrong) {
  const std::vector<DetectionCase> cases = {one_image({0.5}, 1, {0.9}), one_image({0.9}, 0, {}, 1)};
  EXPECT_EQ(precision_of(cases, 0.5), 0.5);
}

TEST(CocoAveragePrecision, IsUndefinedWithoutTrueRegionsAndZeroWithoutDetections) {
  const std::vector<DetectionCase> normal = {one_image({0.5}, 0, {})};
  EXPECT_FALSE(precision_at(normal, 0.5).has_value());
  EXPECT_EQ(precision_of({one_image({}, 2, {})}, 0.5), 0.0);
  const std::vector<ScoredBox> broken = {{{0, 0, 1, 1}, std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THROW(static_cast<void>(detection_case(0, broken, {}, Overlap::iou)),
               std::invalid_argument);
}

TEST(CocoAveragePrecision, WeightsEqualRepetition) {
  // Scores are distinct within an image: two equal ones would alternate among the copies.
  RandomStream stream{41};
  for (int round = 0; round < 20; ++round) {
    const auto images = random_images(30, false, stream);
    std::vector<double> weights;
    std::vector<Image> repeated;
    for (const Image& image : images) {
      weights.push_back(weights.empty() ? 1.0 : static_cast<double>(stream.below(4)));
      repeated.insert(repeated.end(), static_cast<std::size_t>(weights.back()), image);
    }
    const auto cases = cases_of(images);
    for (const double threshold : kThresholds)
      EXPECT_NEAR(precision_at(cases, threshold, weights).value(),
                  precision_of(cases_of(repeated), threshold), 1e-12);
  }
}

TEST(CocoAveragePrecision, DoesNotDependOnTheOrderOfTheImages) {
  RandomStream stream{42};
  auto cases = cases_of(random_images(60, true, stream));
  const double before = precision_of(cases, 0.3);
  shuffle(cases, stream);
  EXPECT_EQ(precision_of(cases, 0.3), before);
}

TEST(CocoAveragePrecision, FallsAsTheThresholdRises) {
  RandomStream stream{43};
  const auto cases = cases_of(random_images(60, false, stream));
  for (std::size_t i = 1; i < kThresholds.size(); ++i)
    EXPECT_LE(precision_of(cases, kThresholds[i]), precision_of(cases, kThresholds[i - 1]));
}

TEST(CocoAveragePrecision, AgreesWithPycocotools) {
  RandomStream stream{44};
  std::vector<std::vector<DetectionCase>> drawn;
  nlohmann::json questions = nlohmann::json::array();
  const auto list_of = [](const Box& box) {
    return nlohmann::json{box.x, box.y, box.width, box.height};
  };
  for (int round = 0; round < 24; ++round) {
    const bool masks = round % 3 == 2;
    const auto images = random_images(5 + stream.below(60), round % 2 == 0, stream);
    nlohmann::json question{{"kind", masks ? "segm" : "bbox"},
                            {"size", {kSide, kSide}},
                            {"thresholds", kThresholds},
                            {"images", nlohmann::json::array()}};
    std::vector<DetectionCase> cases;
    for (const Image& image : images) {
      nlohmann::json entry{{"truth", nlohmann::json::array()},
                           {"detected", nlohmann::json::array()},
                           {"scores", nlohmann::json::array()}};
      std::vector<Mask> truth_masks;
      std::vector<Mask> found_masks;
      std::vector<double> scores;
      for (const Box& box : image.truth) {
        truth_masks.push_back(Mask::from_box(kSide, kSide, box));
        entry["truth"].push_back(masks ? nlohmann::json(truth_masks.back().to_coco_string())
                                       : list_of(box));
      }
      for (const ScoredBox& found : image.detected) {
        found_masks.push_back(Mask::from_box(kSide, kSide, found.box));
        scores.push_back(found.score);
        entry["detected"].push_back(masks ? nlohmann::json(found_masks.back().to_coco_string())
                                          : list_of(found.box));
        entry["scores"].push_back(found.score);
      }
      question["images"].push_back(entry);
      cases.push_back(
          masks ? detection_case(cases.size(), scores, found_masks, truth_masks, Overlap::iou)
                : detection_case(cases.size(), image.detected, image.truth, Overlap::iou));
    }
    questions.push_back(question);
    drawn.push_back(std::move(cases));
  }
  const auto answers = ask_judge("coco_detection.py", questions);
  if (!answers) GTEST_SKIP() << "pycocotools is not installed: ./run test installs it";
  for (std::size_t c = 0; c < drawn.size(); ++c) {
    const std::vector<MatchedWeights> matched = MatchedDetections(drawn[c], kThresholds).weighed();
    for (std::size_t t = 0; t < kThresholds.size(); ++t)
      // pycocotools adds 2e-16 to denominators of precisions.
      EXPECT_NEAR(coco_average_precision(matched[t]).value(), answers->at(c)[t], 1e-12)
          << c << " " << kThresholds[t];
  }
}

}  // namespace
}  // namespace chestmap
