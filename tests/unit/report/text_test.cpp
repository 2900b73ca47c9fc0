#include "report/text.h"

#include <gtest/gtest.h>

namespace chestmap {

namespace {

TEST(ReportText, EscapesWhatHtmlAndAttributesWouldRead) {
  EXPECT_EQ(escaped("<a href=\"x\">Tom & 'Jerry'</a>"),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/a&gt;");
  EXPECT_EQ(escaped("r\u00E9sum\u00E9 \u2013 \U0001FAC1"), "r\u00E9sum\u00E9 \u2013 \U0001FAC1");
}

TEST(ReportText, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(escaped("a\xFF"
                    "b"),
            "a\uFFFD"
            "b");
  EXPECT_EQ(escaped("\xE2\x80"), "\uFFFD\uFFFD");            // cut short
  EXPECT_EQ(escaped("\xC0\xBC"), "\uFFFD\uFFFD");            // "<" in an overlong form
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(escaped(std::string_view("a\0b\x1B", 4)),
            "a\uFFFD"
            "b\uFFFD");
}

TEST(ReportText, WritesNumbersAsTheFieldsTablesDo) {
  EXPECT_EQ(short_number(0.85349), ".853");
  EXPECT_EQ(short_number(0.8535), ".854");
  EXPECT_EQ(short_number(0.0), ".000");
  EXPECT_EQ(short_number(1.0), "1.000");
  EXPECT_EQ(short_number(12.3456), "12.346");
  EXPECT_EQ(short_number(-0.0123), "\u2212.012");
  EXPECT_EQ(short_number(-0.0001), ".000");
}

TEST(ReportText, WritesIntervalsAndUndefinedValues) {
  EXPECT_EQ(short_interval(Measured{0.5, 0.25, 0.75}), ".250\u2013.750");
  EXPECT_EQ(short_interval(Measured{0.5, 0.0, 1.0}), "0\u20131");
  EXPECT_EQ(short_interval(Measured{0.0, -0.25, 0.75}), "\u2212.250 to .750");
  EXPECT_EQ(short_interval(Measured{0.5, {}, {}}), "");
  EXPECT_EQ(short_interval(std::nullopt), "");
  EXPECT_EQ(measured_text(Measured{0.5, 0.25, 0.75}), ".500 (.250\u2013.750)");
  EXPECT_EQ(measured_text(Measured{0.5, {}, {}}), ".500");
  EXPECT_EQ(measured_text(std::nullopt), "\u2013");
}

TEST(ReportText, WrapsAtSpacesWithinTheWidth) {
  const std::vector<std::string> lines = {"one two", "three", "extraordinarily", "four"};
  EXPECT_EQ(wrapped("one two three extraordinarily four", 8), lines);
  EXPECT_TRUE(wrapped("", 8).empty());
}

TEST(ReportText, Base64FollowsTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

}  // namespace

}  // namespace chestmap
