#include <algorithm>
#include <utility>

#include "graph/head_graph.h"

namespace chestmap {

namespace {

/// Null where the finding is not calibrated.
const FindingCalibration* calibration_of(const ModelSpec& spec, std::size_t finding) {
  if (!spec.calibration || !spec.calibration->findings[finding]) return nullptr;
  return &*spec.calibration->findings[finding];
}

bool has_curve(const ModelSpec& spec, std::size_t finding) {
  const FindingCalibration* calibration = calibration_of(spec, finding);
  return calibration != nullptr && !calibration->knots.empty();
}

/// sigmoid(slope z + intercept), and of findings that are not calibrated sigmoid(z).
Value on_lines(GraphBuilder& graph, const ModelSpec& spec, const Value& logits) {
  const std::size_t findings = spec.findings.size();
  std::vector<float> slopes(findings * findings, 0.0F);  // a diagonal matrix
  std::vector<float> intercepts(findings, 0.0F);
  for (std::size_t f = 0; f < findings; ++f) {
    const FindingCalibration* line = calibration_of(spec, f);
    slopes[f * findings + f] = line == nullptr ? 1.0F : static_cast<float>(line->slope);
    if (line != nullptr) intercepts[f] = static_cast<float>(line->intercept);
  }
  const Value scaled =
      graph.linear(logits, std::move(slopes), std::move(intercepts), "calibration.line");
  return graph.apply("Sigmoid", scaled, "calibration.line.probability");
}

/// Between two knots of a finding's curve.
struct Segment {
  std::size_t finding;
  double start;  ///< logit
  double width;
  double rise;  ///< of the probability
};

/// A curve is its end less what the segments above z have yet to add:
///   p(z) = p_last - sum_i rise_i relu(1 - relu((z - start_i) / width_i))
/// Each term lies between 0 and its rise, so that nothing cancels. 0 where there is no curve.
Value on_curves(GraphBuilder& graph, const ModelSpec& spec, const Value& logits) {
  const std::size_t findings = spec.findings.size();
  std::vector<Segment> segments;
  std::vector<float> ends(findings, 0.0F);
  for (std::size_t f = 0; f < findings; ++f) {
    if (!has_curve(spec, f)) continue;
    const std::vector<CalibrationKnot>& knots = calibration_of(spec, f)->knots;
    ends[f] = static_cast<float>(knots.back().probability);
    // A curve of one knot is a constant: a segment of no rise keeps the shapes regular.
    if (knots.size() == 1) segments.push_back({f, knots[0].logit, 1.0, 0.0});
    for (std::size_t k = 1; k < knots.size(); ++k)
      segments.push_back({f, knots[k - 1].logit, knots[k].logit - knots[k - 1].logit,
                          knots[k].probability - knots[k - 1].probability});
  }
  const std::size_t count = segments.size();
  std::vector<float> choice(count * findings, 0.0F);
  std::vector<float> starts(count);
  std::vector<float> widths(count);
  std::vector<float> rises(findings * count, 0.0F);
  for (std::size_t i = 0; i < count; ++i) {
    choice[i * findings + segments[i].finding] = 1.0F;
    starts[i] = static_cast<float>(-segments[i].start);
    widths[i] = static_cast<float>(segments[i].width);
    rises[segments[i].finding * count + i] = static_cast<float>(-segments[i].rise);
  }
  const std::string name = "calibration.curve";
  const Value past = graph.linear(logits, std::move(choice), std::move(starts), name + ".past");
  const Value share = graph.relu(graph.combine("Div", past, std::move(widths), name + ".share"));
  const Value rest = graph.relu(graph.combine("Add", graph.apply("Neg", share, name + ".minus"),
                                              std::vector<float>{1.0F}, name + ".rest"));
  return graph.linear(rest, std::move(rises), std::move(ends), name);
}

}  // namespace

Value probabilities(GraphBuilder& graph, const ModelSpec& spec, const Value& logits) {
  if (!spec.calibration) return graph.apply("Sigmoid", logits, "head.probability");
  Value lines = on_lines(graph, spec, logits);
  std::vector<float> without_curve;
  for (std::size_t f = 0; f < spec.findings.size(); ++f)
    without_curve.push_back(has_curve(spec, f) ? 0.0F : 1.0F);
  if (std::find(without_curve.begin(), without_curve.end(), 0.0F) == without_curve.end())
    return lines;
  const Value kept = graph.combine("Mul", lines, std::move(without_curve), "calibration.line.kept");
  return graph.combine("Add", kept, on_curves(graph, spec, logits), "calibration.probability");
}

}  // namespace chestmap
