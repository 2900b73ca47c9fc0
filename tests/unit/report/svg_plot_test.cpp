#include "report/svg_plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sample.h"

namespace chestmap {

namespace {

TEST(SvgPlot, NiceAxisHoldsTheValuesBetweenRoundMarks) {
  const Axis axis = nice_axis(0.43, 1.41, 5);  // 0.98 / 5 = 0.196, so steps of 0.2
  EXPECT_DOUBLE_EQ(axis.low, 0.4);
  EXPECT_DOUBLE_EQ(axis.high, 1.6);
  EXPECT_EQ(axis.ticks.size(), 7);
  EXPECT_DOUBLE_EQ(axis.ticks[1], 0.6);
}

TEST(SvgPlot, NiceAxisHasExtentWhereTheValuesHaveNone) {
  for (const double value : {0.0, 0.7, -3.0, 1e9}) {
    const Axis axis = nice_axis(value, value, 5);
    EXPECT_LT(axis.low, axis.high);
    // The ends are products of whole numbers and a step, and rounded as such.
    const double rounding = 1e-12 * std::abs(value);
    EXPECT_LE(axis.low, value + rounding);
    EXPECT_GE(axis.high, value - rounding);
    EXPECT_LT(axis.ticks.size(), 20);
  }
}

TEST(SvgPlot, NiceAxisKeepsTheLeastStep) {
  for (const double tick : nice_axis(1, 3, 8, 1.0).ticks) EXPECT_EQ(tick, static_cast<int>(tick));
}

TEST(SvgPlot, PutsValuesIntoTheFrameWithYUpwards) {
  const SvgPlot plot({200, 100, 20, 10, 5, 15}, unit_axis(2), unit_axis(2));
  EXPECT_DOUBLE_EQ(plot.x_of(0), 20);
  EXPECT_DOUBLE_EQ(plot.x_of(1), 190);   // 200 - 10
  EXPECT_DOUBLE_EQ(plot.y_of(0), 85);    // 100 - 15
  EXPECT_DOUBLE_EQ(plot.y_of(0.5), 45);  // half of 5 and 85
  EXPECT_DOUBLE_EQ(plot.y_of(1), 5);
}

TEST(SvgPlot, BreaksALineWhereAValueIsMissing) {
  SvgPlot plot({100, 100, 0, 0, 0, 0}, unit_axis(1), unit_axis(1));
  plot.line({{0.0, 0.0}, {0.1, 0.5}, {0.2, std::nullopt}, {0.3, 1.0}, {0.4, std::nullopt}},
            "#123456", false);
  const std::string svg = plot.svg("a & b");
  EXPECT_EQ(sample::count(svg, "<polyline"), 1);
  EXPECT_NE(svg.find("points=\"0.0,100.0 10.0,50.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("<circle cx=\"30.0\" cy=\"0.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("aria-label=\"a &amp; b\""), std::string::npos) << svg;
}

}  // namespace

}  // namespace chestmap
