#include "report/report.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "sample.h"

namespace chestmap {

namespace {

using sample::between;
using sample::count;

std::string section(const std::string& html, const std::string& id) {
  return between(html, "<section id=\"" + id + "\"", "</section>");
}

TEST(Report, SaysWhatItIsForAtTopAndBottom) {
  ReportInput input = sample::input();
  input.notice = "Phantoms, not patients";
  const std::string html = report_html(input);
  EXPECT_NE(between(html, "<header>", "</header>").find("Research use only"), std::string::npos);
  EXPECT_NE(between(html, "<header>", "</header>").find("Phantoms, not patients"),
            std::string::npos);
  EXPECT_NE(between(html, "<footer>", "</footer>").find("Research use only"), std::string::npos);
  EXPECT_NE(between(html, "<footer>", "</footer>").find("chestmap 1.2.3"), std::string::npos);
}

TEST(Report, NeedsNothingFromOutside) {
  ReportInput input = sample::input();
  input.runs[0].gallery.push_back({"a.png", "foobar", "a caption"});
  const std::string html = report_html(input);
  EXPECT_EQ(count(html, "<script"), 0);
  EXPECT_EQ(count(html, "http"), 1);  // of http-equiv
  EXPECT_EQ(count(html, "url("), 0);
  EXPECT_EQ(count(html, "src="), 1);
  EXPECT_NE(html.find("src=\"data:image/png;base64,Zm9vYmFy\""), std::string::npos);
}

TEST(Report, SummaryHoldsTheFirstMethodAndTheControls) {
  const std::string html = section(report_html(sample::input()), "summary");
  const std::string run = between(html, "attention map", "</tr>");
  // Mean AUROC, then pointing and T(IoU) = .3 of the mean (base .4), Nodule (.3), Cardiomegaly
  // (.8).
  std::size_t at = 0;
  for (const char* value :
       {">.765<small>.701\u2013.812", ">.411<small>.400\u2013.450", ">.311<small>.300\u2013.350",
        ">.811<small>", ">.423<small>", ">.323<small>", ">.823<small>"}) {
    at = run.find(value, at);
    ASSERT_NE(at, std::string::npos) << value << " in " << run;
  }
  EXPECT_EQ(html.find("tuned level"), std::string::npos);
  const std::string control = between(html, "centre box", "</tr>");
  EXPECT_NE(control.find("control</span>"), std::string::npos) << control;
  EXPECT_NE(control.find(">.111<small>"), std::string::npos) << control;  // pointing, Nodule
  EXPECT_NE(html.find("250 resamples by patient"), std::string::npos);
  EXPECT_NE(html.find("<b>14</b> boxes on <b>12</b> images"), std::string::npos);
}

TEST(Report, SummaryMarksTheHighestOfSeveralRunsAlone) {
  ReportInput input = sample::input();
  EXPECT_EQ(count(report_html(input), "class=\"best\""), 0);
  input.runs.push_back(input.runs[0]);
  input.runs[1].name = "second";
  EXPECT_EQ(count(report_html(input), "class=\"best\""), 0);  // all equal
  input.runs[1].evaluation["classification"][0]["mean"]["auroc"]["value"] = 0.9;
  const std::string html = section(report_html(input), "summary");
  EXPECT_EQ(count(html, "class=\"best\""), 1);
  EXPECT_NE(html.find("<td class=\"best\">.900"), std::string::npos) << html;
  EXPECT_EQ(html.find("different sets"), std::string::npos);
  input.runs[1].evaluation["data"]["images"] = 41;
  EXPECT_NE(report_html(input).find("different sets"), std::string::npos);
}

TEST(Report, ClassificationShowsUndefinedAsADash) {
  const std::string html = section(report_html(sample::input()), "classification");
  const std::string nodule = between(html, "<tr><th>Nodule", "</tr>");
  EXPECT_NE(nodule.find("<td>9</td><td>31</td>"), std::string::npos) << nodule;
  EXPECT_NE(nodule.find(">.765<small>.701\u2013.812</small>"), std::string::npos) << nodule;
  EXPECT_NE(nodule.find(">.432<small>"), std::string::npos) << nodule;
  const std::string other = between(html, "<tr><th>Pleural Thickening", "</tr>");
  EXPECT_NE(other.find("<td>0</td><td>40</td>"), std::string::npos) << other;
  EXPECT_EQ(count(other, ">\u2013</td>"), 2) << other;
}

TEST(Report, RocCurvesPassThroughTheirPoints) {
  const std::string html = section(report_html(sample::input()), "classification");
  const std::string panel = between(html, "<figcaption>Nodule", "</figure>");
  // A frame of 240 x 232 with margins of 32, 10 (sides) and 10, 36 (top, bottom): x = 32 + 198 fpr,
  // y = 196 - 186 tpr, so (.25, .75) is at (81.5, 56.5).
  EXPECT_NE(panel.find("points=\"32.0,196.0 81.5,56.5 230.0,10.0\""), std::string::npos) << panel;
}

TEST(Report, LocalizationTablesPutMeasuresUnderTheirHeadings) {
  const std::string html = section(report_html(sample::input()), "localization-tables");
  const std::string table = between(html, "<summary>attention map", "</details>");
  const std::string row = between(table, "<tr><th>Nodule", "</tr>");
  std::vector<std::string> cells;
  for (std::size_t at = row.find("<td"); at != std::string::npos; at = row.find("<td", at + 1)) {
    const std::size_t begin = row.find('>', at) + 1;
    cells.push_back(row.substr(begin, row.find('<', begin) - begin));
  }
  const std::string no = "\u2013";
  // Boxes, pointing, mean IoU; T(IoU) .1 to .7; T(IoBB) .1 .25 .5 .75 .9; AFP .1 .3 .5.
  EXPECT_EQ(cells, (std::vector<std::string>{"7", ".311", ".312", ".321", no, ".323", no, ".325",
                                             no, no, no, ".331", no, no, no, ".341", no, no}));
  EXPECT_NE(between(table, "<th>Mean<", "</tr>").find(">.411<"), std::string::npos);
  EXPECT_NE(between(table, "<th>Mean without Cardiomegaly", "</tr>").find(">.311<"),
            std::string::npos);
}

TEST(Report, MarksControlsAndOracles) {
  const std::string html = section(report_html(sample::input()), "localization-tables");
  EXPECT_EQ(between(html, "<summary>attention map", "</summary>"), "<summary>attention map");
  EXPECT_NE(between(html, "<summary>tuned level", "</summary>").find("ORACLE"), std::string::npos);
  EXPECT_NE(between(html, "<summary>centre box", "</summary>").find("control"), std::string::npos);
}

TEST(Report, DifferencesSayWhichSideOfZeroTheIntervalIsOn) {
  const std::string html = section(report_html(sample::input()), "comparisons");
  const std::string table = between(html, "<summary>attention map minus tuned level", "</details>");
  EXPECT_NE(table.find("below\">\u2212.123<small>\u2212.200 to \u2212.050"), std::string::npos)
      << table;
  EXPECT_NE(table.find("p = .022"), std::string::npos) << table;  // Holm's, not the plain one
}

TEST(Report, ReliabilityDiagramsPassThroughTheirBars) {
  const std::string html = section(report_html(sample::input()), "classification");
  const std::string panel =
      between(html.substr(html.find("Reliability diagrams")), "<figcaption>Nodule", "</figure>");
  // The frame of the ROC curves: (.25, .5) is at (32 + 49.5, 196 - 93), (.75, 1) at (180.5, 10).
  EXPECT_NE(panel.find("points=\"81.5,103.0 180.5,10.0\""), std::string::npos) << panel;
  EXPECT_EQ(count(panel, "<circle"), 2);
  EXPECT_NE(panel.find("<b>.042</b>"), std::string::npos) << panel;
  // A finding without probabilities has none.
  EXPECT_EQ(html.substr(html.find("Reliability diagrams")).find("Pleural"), std::string::npos);
}

TEST(Report, DecisionsStandWithTheirThreshold) {
  const std::string html = section(report_html(sample::input()), "classification");
  const std::string row =
      between(html.substr(html.find("Decisions and calibration")), "<tr><th>Nodule", "</tr>");
  EXPECT_NE(row.find("<td>.375</td><td>.876<small>.800\u2013.900"), std::string::npos) << row;
}

TEST(Report, FreeResponseHasCurvesAndTables) {
  const std::string html = section(report_html(sample::input()), "free-response");
  const std::string panel = between(html, "<figcaption>Nodule", "</figure>");
  // From 0 to 2 false marks: (.5, .25) is at (32 + 49.5, 196 - 46.5).
  EXPECT_NE(panel.find("points=\"32.0,196.0 81.5,149.5 230.0,56.5\""), std::string::npos) << panel;
  EXPECT_EQ(count(panel, "line dashed"), 1);  // the control
  const std::string table = between(html, "<summary>attention map", "</details>");
  EXPECT_NE(table.find("<tr><th>Nodule</th><td>7</td><td>21</td><td>.351<small>"),
            std::string::npos)
      << table;
}

TEST(Report, MasksHaveATableOfTheirOwn) {
  const std::string html = section(report_html(sample::input()), "masks");
  EXPECT_NE(between(html, "<summary>attention map", "</details>")
                .find("<tr><th>Nodule</th><td>3</td><td>.361<small>"),
            std::string::npos)
      << html;
}

TEST(Report, StrataShowMeansAndBySizeAllBoxes) {
  const std::string html = section(report_html(sample::input()), "strata");
  const std::string classifier = between(html, "<summary>network, classification", "</details>");
  EXPECT_NE(classifier.find("<th>View</th><td>PA</td><td>17</td><td>5</td><td>.510<small>"),
            std::string::npos)
      << classifier;
  const std::string method = between(html, "<summary>attention map, localization", "</details>");
  EXPECT_NE(method.find("<th>Size</th><td>small</td><td></td><td>5</td><td>.220<small>"),
            std::string::npos)
      << method;
  EXPECT_NE(html.find("up to 1% of the frame"), std::string::npos) << html;
}

TEST(Report, SaysWhatWasNotComputed) {
  EXPECT_NE(section(report_html(sample::input()), "summary").find("<li>masks of nothing</li>"),
            std::string::npos);
}

TEST(Report, EverySectionOfFiguresOfAnOracleSaysSo) {
  ReportInput input = sample::input();
  EXPECT_EQ(report_html(input).find("<b>ORACLE.</b>"), std::string::npos);
  input.runs[0].evaluation["oracle"] = {"the thresholds were fitted here"};
  const std::string html = report_html(input);
  for (const char* id : {"summary", "classification", "localization", "localization-tables",
                         "masks", "free-response", "comparisons", "strata"})
    EXPECT_EQ(count(section(html, id), "<b>ORACLE.</b>"), 1) << id;
  const std::string tables = section(html, "localization-tables");
  EXPECT_NE(between(tables, "<summary>attention map", "</summary>").find("ORACLE"),
            std::string::npos);
  // A control takes nothing from what was fitted.
  EXPECT_EQ(between(tables, "<summary>centre box", "</summary>").find("ORACLE"), std::string::npos);
}

TEST(Report, ForestShowsEachMethodOfEachFinding) {
  const std::string html = section(report_html(sample::input()), "localization");
  EXPECT_EQ(count(html, "<figure"), 4);  // two findings, two means
  const std::string card = between(html, "<figcaption>Nodule", "</figure>");
  EXPECT_NE(card.find("7 boxes"), std::string::npos);
  EXPECT_EQ(count(card, "class=\"interval\""), 6);  // three methods, two measures
  EXPECT_EQ(count(card, "<circle"), 4);             // a method, and a hollow control
  EXPECT_EQ(count(card, "<polygon"), 2);            // the oracle
  EXPECT_EQ(count(card, "fill=\"#fff\""), 2);
  // 204 + .311 * 156 = 252.5 on the first panel.
  EXPECT_NE(card.find("<circle cx=\"252.5\""), std::string::npos) << card;
  EXPECT_NE(card.find("attention map: .311 (.300\u2013.350)"), std::string::npos) << card;
}

TEST(Report, ControlsOfEqualValuesAreDrawnOnce) {
  ReportInput input = sample::input();
  input.runs.push_back(input.runs[0]);
  input.runs[1].name = "second";
  const auto intervals = [&] {
    return count(
        between(section(report_html(input), "localization"), "<figcaption>Nodule", "</figure>"),
        "class=\"interval\"");
  };
  EXPECT_EQ(intervals(), 10);  // two methods of two runs and one control, two measures
  input.runs[1].evaluation["localization"][2]["findings"]["Nodule"]["pointing"]["value"] = 0.13;
  EXPECT_EQ(intervals(), 12);
}

TEST(Report, RelevanceIsOfTheBestEpoch) {
  const std::string html = section(report_html(sample::input()), "relevance");
  EXPECT_NE(html.find("epoch 2, the best"), std::string::npos) << html;
  EXPECT_NE(html.find(">.222</td>"), std::string::npos) << html;
  EXPECT_NE(html.find(">.778</td>"), std::string::npos) << html;
  EXPECT_EQ(html.find(">.333</td>"), std::string::npos) << html;
}

TEST(Report, LeavesOutSectionsWithNothingToShow) {
  ReportInput input = sample::input();
  input.runs[0] = {"bare", sample::evaluation(), {}, {}, {}, {}, {}, {}};
  input.runs[0].evaluation["localization"] = nlohmann::ordered_json::array();
  input.runs[0].evaluation["comparisons"] = nlohmann::ordered_json::array();
  input.runs[0].evaluation["strata"] = nlohmann::ordered_json::array();
  const std::string html = report_html(input);
  for (const char* id : {"training", "localization", "localization-tables", "masks",
                         "free-response", "comparisons", "strata", "relevance", "gallery"})
    EXPECT_EQ(section(html, id), "") << id;
  EXPECT_EQ(html.find("href=\"#gallery\""), std::string::npos);
  EXPECT_NE(section(html, "summary").find("no localization"), std::string::npos);
}

TEST(Report, EscapesEveryTextOfTheInput) {
  const std::string evil = "<script>\"&'";
  ReportInput input = sample::input();
  input.title = input.notice = input.program = evil;
  ReportRun& run = input.runs[0];
  run.name = evil;
  run.config = evil;
  run.provenance = {{evil, evil}};
  run.gallery.push_back({evil, "png", evil});
  run.relevance->rows[2].fields[1] = evil;
  for (const char* key : {"name", "split"}) run.evaluation["data"][key] = evil;
  for (const char* key : {"unit", "interval"}) run.evaluation["bootstrap"][key] = evil;
  run.evaluation["program"] = evil;
  run.evaluation["oracle"] = {evil};
  run.evaluation["not_computed"] = {evil};
  run.evaluation["data"]["fingerprint"] = evil;
  run.evaluation["classification"][0]["classifier"] = evil;
  for (auto& stratum : run.evaluation["strata"])
    for (const char* key : {"subject", "by", "stratum"}) stratum[key] = evil;
  auto& findings = run.evaluation["classification"][0]["findings"];
  findings[evil] = findings["Nodule"];
  for (auto& method : run.evaluation["localization"]) {
    method["method"] = evil;
    method["findings"][evil] = method["findings"]["Nodule"];
  }
  for (const char* key : {"a", "b", "finding", "measure"})
    run.evaluation["comparisons"][0][key] = evil;
  ReportInput two = input;
  two.runs.push_back(run);
  two.runs[1].name += "2";
  for (const ReportInput& each : {input, two}) {
    const std::string html = report_html(each);
    EXPECT_EQ(count(html, "<script"), 0);
    EXPECT_EQ(count(html, "\"&'"), 0);
    EXPECT_GE(count(html, "&lt;script&gt;&quot;&amp;&#39;"), 20);
  }
}

TEST(Report, ErrorsNameTheRunAndTheKey) {
  ReportInput input = sample::input();
  input.runs[0].evaluation["classification"][0].erase("mean");
  try {
    (void)report_html(input);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "the evaluation of \"first\": the key classification[0].mean is missing");
  }
  input.runs[0].evaluation_file = "run/evaluation.json";
  try {
    (void)report_html(input);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "run/evaluation.json: the key classification[0].mean is missing");
  }
  EXPECT_THROW((void)report_html({}), UserError);
  ReportInput twice = sample::input();
  twice.runs.push_back(twice.runs[0]);
  EXPECT_THROW((void)report_html(twice), UserError);
}

TEST(Summary, HoldsTheFiguresOfTheFirstMethod) {
  const nlohmann::ordered_json json = summary_json(sample::input());
  EXPECT_EQ(json["format"], "chestmap-report-summary");
  const auto& run = json["runs"][0];
  EXPECT_EQ(run["name"], "first");
  EXPECT_EQ(run["method"], "attention map");
  EXPECT_EQ(run["data"]["images"], 40);
  EXPECT_EQ(run["mean_auroc"], sample::measured(0.7654, 0.7012, 0.8123));
  const auto& nodule = run["findings"]["Nodule"];
  EXPECT_DOUBLE_EQ(nodule["auroc"]["value"], 0.7654);
  EXPECT_DOUBLE_EQ(nodule["pointing"]["value"], 0.311);
  EXPECT_DOUBLE_EQ(nodule["iou.0.1"]["value"], 0.321);
  EXPECT_DOUBLE_EQ(nodule["iou.0.3"]["value"], 0.323);
  EXPECT_DOUBLE_EQ(nodule["iou.0.5"]["value"], 0.325);
  EXPECT_DOUBLE_EQ(nodule["iou.0.5"]["high"], 0.35);
  EXPECT_TRUE(run["findings"]["Pleural_Thickening"]["auroc"].is_null());
  EXPECT_TRUE(run["findings"]["Pleural_Thickening"]["pointing"].is_null());
  EXPECT_TRUE(run["findings"]["Cardiomegaly"]["auroc"].is_null());  // boxed, not classified
  EXPECT_DOUBLE_EQ(run["findings"]["Cardiomegaly"]["pointing"]["value"], 0.811);
  EXPECT_DOUBLE_EQ(run["mean"]["pointing"]["value"], 0.411);
  EXPECT_DOUBLE_EQ(run["mean_without_cardiomegaly"]["iou.0.3"]["value"], 0.323);
  EXPECT_EQ(run["relevance"]["epoch"], 2);
  EXPECT_EQ(run["relevance"]["stages"], (std::vector<int>{3, 4}));
  EXPECT_EQ(run["relevance"]["findings"]["Nodule"], (std::vector<double>{0.222, 0.778}));
}

}  // namespace

}  // namespace chestmap
