#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/random.h"
#include "metrics/auroc.h"
#include "metrics/average_precision.h"
#include "metrics/roc_curve.h"

namespace chestmap {
namespace {

struct Case {
  std::vector<ScoredLabel> images;
  std::vector<double> weights;
};

/// Scores on a grid of 1/8, so that most are tied and all are exact in text; weights 1 to 4, since
/// scikit-learn's curve drops points of weight 0 in its own way.
Case random_case(RandomStream& stream) {
  Case drawn;
  const std::size_t count = 20 + stream.below(200);
  for (std::size_t i = 0; i < count; ++i) {
    const bool positive = i == 0 || (i > 1 && stream.chance(0.3));
    const auto step = static_cast<float>(stream.below(24) + (positive ? 4U : 0U));
    drawn.images.push_back({i, step / 8.0F, positive});
    drawn.weights.push_back(static_cast<double>(1 + stream.below(4)));
  }
  return drawn;
}

std::string text_of(const Case& drawn) {
  std::string text = fmt::format("{}\n", drawn.images.size());
  for (const ScoredLabel& image : drawn.images)
    text +=
        fmt::format("{} {} {}\n", image.positive ? 1 : 0, image.score, drawn.weights[image.image]);
  return text;
}

struct Answer {
  int status = 0;
  std::string text;
};

Answer ask(const std::string& command) {
  Answer answer;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, {}};
  std::array<char, 4096> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    answer.text.append(buffer.data(), count);
  answer.status = WEXITSTATUS(::pclose(pipe));
  return answer;
}

TEST(RankingMeasures, AgreeWithScikitLearnOnTiedAndWeightedScores) {
  RandomStream stream{17};
  std::vector<Case> cases;
  std::string text;
  for (int i = 0; i < 20; ++i) {
    cases.push_back(random_case(stream));
    text += text_of(cases.back());
  }
  const std::string file = testing::TempDir() + "chestmap_ranking_cases.txt";
  write_file(file, text);
  const Answer answer = ask(
      fmt::format("/usr/bin/python3 {}/sklearn_ranking.py {} 2>/dev/null", CHESTMAP_JUDGES, file));
  if (answer.status == 77 || answer.status == 127)
    GTEST_SKIP() << "python3 with scikit-learn is not installed";
  ASSERT_EQ(answer.status, 0);
  std::istringstream lines(answer.text);
  for (const Case& drawn : cases) {
    const Ranking ranking(drawn.images);
    double area = 0.0;
    double precision = 0.0;
    ASSERT_TRUE(lines >> area >> precision);
    // Both sum some hundred terms of order 1 in double.
    EXPECT_NEAR(auroc(ranking, drawn.weights).value(), area, 1e-12);
    EXPECT_NEAR(average_precision(ranking, drawn.weights).value(), precision, 1e-12);
    for (const RocPoint& point : roc_curve(ranking, 1'000'000'000, drawn.weights)) {
      double false_rate = 0.0;
      double true_rate = 0.0;
      ASSERT_TRUE(lines >> false_rate >> true_rate);
      EXPECT_NEAR(point.false_positive_rate, false_rate, 1e-12);
      EXPECT_NEAR(point.true_positive_rate, true_rate, 1e-12);
    }
  }
  std::string rest;
  EXPECT_FALSE(lines >> rest);
}

}  // namespace
}  // namespace chestmap
