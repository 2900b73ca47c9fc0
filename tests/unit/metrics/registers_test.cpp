// Properties that every registered measure has: the order of the images plays no part, and a weight
// does what repetition does.

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "metrics/measures.h"

namespace chestmap {
namespace {

constexpr std::size_t kImages = 40;

/// The same images three ways: as drawn with weights, shuffled, and each repeated as often as it
/// weighs.
template <typename Case>
struct Sample {
  std::vector<Case> drawn;
  std::vector<Case> shuffled;
  std::vector<Case> repeated;
  std::vector<double> weights;
};

template <typename Case>
Sample<Case> sample_of(std::vector<Case> drawn, RandomStream& stream) {
  Sample<Case> sample;
  sample.drawn = std::move(drawn);
  for (const Case& image : sample.drawn) {
    const std::uint64_t times = stream.below(4);
    sample.weights.push_back(static_cast<double>(times));
    for (std::uint64_t i = 0; i < times; ++i) {
      sample.repeated.push_back(image);
      sample.repeated.back().image = sample.repeated.size() - 1;
    }
  }
  sample.shuffled = sample.drawn;
  shuffle(sample.shuffled, stream);
  return sample;
}

/// `value(cases, weights)` over the three.
template <typename Case, typename Value>
void expect_properties(const Sample<Case>& sample, const std::string& name, Value&& value) {
  const auto whole = value(sample.drawn, std::vector<double>{});
  ASSERT_TRUE(whole.has_value()) << name;
  EXPECT_EQ(whole, value(sample.shuffled, std::vector<double>{})) << name;
  const auto weighted = value(sample.drawn, sample.weights);
  const auto repeated = value(sample.repeated, std::vector<double>{});
  ASSERT_TRUE(weighted.has_value() && repeated.has_value()) << name;
  EXPECT_NEAR(*weighted, *repeated, 1e-12) << name;  // sums of some dozen terms of order 1
  EXPECT_NE(whole, weighted) << name;                // or the weights were not looked at
  EXPECT_FALSE(value(sample.drawn, std::vector<double>(kImages, 0.0)).has_value()) << name;
}

std::vector<ScoredLabel> scored_labels(RandomStream& stream) {
  std::vector<ScoredLabel> images;
  for (std::size_t i = 0; i < kImages; ++i)
    images.push_back({i, static_cast<double>(stream.below(20)) / 20.0, stream.chance(0.4)});
  return images;
}

/// Boxes near each other, so that many overlap; a third of the images are normal.
std::vector<DetectionCase> detection_cases(RandomStream& stream) {
  std::vector<DetectionCase> images;
  const auto box = [&] {
    return Box{stream.uniform(0.0, 6.0), stream.uniform(0.0, 6.0), stream.uniform(8.0, 16.0),
               stream.uniform(8.0, 16.0)};
  };
  for (std::size_t i = 0; i < kImages; ++i) {
    std::vector<Box> truth;
    std::vector<ScoredBox> detected;
    for (std::uint64_t n = 0, count = stream.below(3); n < count; ++n) truth.push_back(box());
    for (std::uint64_t n = 0, count = 1 + stream.below(5); n < count; ++n)
      detected.push_back({box(), stream.uniform()});
    images.push_back(detection_case(i, detected, truth, Overlap::iou));
  }
  return images;
}

TEST(Registers, ClassificationMeasures) {
  RandomStream stream{71};
  const auto sample = sample_of(scored_labels(stream), stream);
  for (const ClassificationMeasure& measure : classification_measures())
    expect_properties(sample, measure.name, [&](const auto& images, const auto& weights) {
      return measure.value(Ranking(images), weights);
    });
}

TEST(Registers, ThresholdMeasures) {
  RandomStream stream{72};
  const auto sample = sample_of(scored_labels(stream), stream);
  for (const ThresholdMeasure& measure : threshold_measures())
    expect_properties(sample, measure.name, [&](const auto& images, const auto& weights) {
      return measure.value(confusion_at(Ranking(images), 0.6, weights));
    });
}

TEST(Registers, DetectionMeasures) {
  RandomStream stream{73};
  const auto sample = sample_of(detection_cases(stream), stream);
  for (const DetectionMeasure& measure : detection_measures())
    expect_properties(sample, measure.name, [&](const auto& images, const auto& weights) {
      const MatchedDetections detections(images, std::vector{measure.threshold});
      return measure.value(detections.weighed(weights).front());
    });
}

TEST(Registers, FreeResponseMeasures) {
  RandomStream stream{74};
  std::vector<FreeResponseCase> images;
  for (const DetectionCase& image : detection_cases(stream))
    images.push_back(free_response_case(image, 0.3));
  const auto sample = sample_of(images, stream);
  for (const FreeResponseMeasure& measure : free_response_measures())
    expect_properties(sample, measure.name, [&](const auto& cases, const auto& weights) {
      return measure.value(FreeResponse(cases).weighed(weights));
    });
}

TEST(Registers, NamesAreUniqueOverAllKinds) {
  std::set<std::string> names;
  std::size_t count = 0;
  const auto add = [&](const auto& measures) {
    for (const auto& measure : measures) {
      names.insert(measure.name);
      EXPECT_FALSE(measure.title.empty()) << measure.name;
      ++count;
    }
  };
  add(classification_measures());
  add(threshold_measures());
  add(localization_measures());
  add(mask_measures());
  add(detection_measures());
  add(free_response_measures());
  EXPECT_EQ(names.size(), count);
  for (const char* name : {"brier", "ece", "ppv", "hit_rate", "ap.0.1", "ap.0.75", "wafroc",
                           "froc.0.125", "froc.8", "froc_mean"})
    EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace chestmap
