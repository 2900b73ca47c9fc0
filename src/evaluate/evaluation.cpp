#include "evaluate/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "base/cores.h"
#include "base/parallel.h"
#include "evaluate/comparisons.h"
#include "evaluate/figures.h"
#include "evaluate/joined.h"
#include "evaluate/strata.h"
#include "evaluate/subject_statistics.h"
#include "metrics/delong.h"
#include "metrics/froc.h"
#include "metrics/size_strata.h"

namespace chestmap {

namespace {

constexpr std::array<std::string_view, 3> kComparedMeasures = {"auroc", "pointing", "iou.0.3"};

/// Where the figures of a finding, or of a stratum's finding, stand among all.
struct Placed {
  std::size_t finding = 0;  ///< among the subject's joined ones
  std::size_t block = 0;
  std::size_t count = 0;
};
struct PlacedStratum {
  std::size_t subject = 0;
  std::string by;
  std::string name;
  std::size_t images = 0;
  std::vector<Placed> findings;
  std::optional<std::size_t> pooled;
};

double area_share(const LocalizedImage& image, const Box& box) {
  return box.area() /
         (static_cast<double>(image.frame.width) * static_cast<double>(image.frame.height));
}

std::shared_ptr<const Ranking> ranking_of(std::span<const ScoredLabel> images,
                                          const ImageStratum& stratum) {
  std::vector<ScoredLabel> part;
  for (const ScoredLabel& image : images)
    if (stratum.holds[image.image] != 0) part.push_back(image);
  return std::make_shared<const Ranking>(part);
}

/// The run of one evaluation: statistics are gathered from every subject, bootstrapped together,
/// and then reported.
class Evaluator {
 public:
  Evaluator(const Dataset& dataset, const Subjects& subjects, const EvaluationOptions& options)
      : subjects_(subjects),
        options_(options),
        joined_(dataset, subjects.classifiers, subjects.findings, subjects.localized),
        strata_(image_strata(dataset, joined_.records())) {
    for (std::size_t f = 0; f < joined_.findings().size(); ++f)
      if (joined_.boxes_of(f) > 0 || joined_.masks_of(f) > 0) drawn_.push_back(f);
    find_sizes();
  }

  void run(Evaluation& evaluation) {
    const std::vector<std::string> patients = joined_.patients();
    const PatientResamples resamples(patients, options_.bootstrap);
    evaluation.images = joined_.images();
    evaluation.patients = resamples.patients();
    count_truth(evaluation);
    for (std::size_t c = 0; c < subjects_.classifiers.size(); ++c) add_classifier(c);
    for (std::size_t m = 0; m < subjects_.methods.size(); ++m) add_method(m);
    figures_.bootstrap(resamples);
    report_classifiers(evaluation);
    report_methods(evaluation);
    report_strata(evaluation);
    if (options_.per_image) report_images(evaluation);
  }

 private:
  void find_sizes() {
    std::vector<double> areas;
    for (const LocalizedImage& image : joined_.localized())
      for (const std::vector<Box>& boxes : image.truth)
        for (const Box& box : boxes) areas.push_back(area_share(image, box));
    sizes_ = size_strata(areas);
  }

  void count_truth(Evaluation& evaluation) const {
    for (const LocalizedImage& image : joined_.localized()) {
      evaluation.boxed_images += image.boxes > 0 ? 1 : 0;
      evaluation.boxes += image.boxes;
    }
    for (std::size_t f = 0; f < joined_.findings().size(); ++f)
      evaluation.masks += joined_.masks_of(f);
    if (sizes_) evaluation.size_limits = {sizes_->small_most, sizes_->medium_most};
  }

  // Classification.

  [[nodiscard]] double threshold_of(std::size_t classifier, std::size_t predicted) const {
    const std::vector<double>& thresholds = subjects_.classifiers[classifier].thresholds;
    return thresholds.empty() ? 0.5 : thresholds[predicted];
  }

  void add_classifier(std::size_t c) {
    ClassifierPlan plan;
    const std::vector<JoinedFinding>& findings = joined_.classified()[c];
    std::vector<PlacedStratum> parts;
    for (const ImageStratum& stratum : strata_)
      parts.push_back({c, stratum.by, stratum.name, stratum.images, {}, {}});
    for (std::size_t f = 0; f < findings.size(); ++f) {
      const std::vector<ScoredLabel> scores = joined_.scores(c, findings[f]);
      plan.rankings.push_back(std::make_shared<const Ranking>(scores));
      plan.blocks.push_back(figures_.add(
          classification_statistics(plan.rankings.back(), threshold_of(c, findings[f].predicted))));
      for (std::size_t s = 0; s < strata_.size(); ++s) {
        const auto ranking = ranking_of(scores, strata_[s]);
        if (ranking->positives() == 0 || ranking->negatives() == 0) continue;
        parts[s].findings.push_back(
            {f, figures_.add(brief_classification_statistics(ranking)), ranking->positives()});
      }
    }
    classifiers_.push_back(std::move(plan));
    std::move(parts.begin(), parts.end(), std::back_inserter(classifier_strata_));
  }

  void report_classifiers(Evaluation& evaluation) {
    for (std::size_t c = 0; c < classifiers_.size(); ++c) {
      const ClassifierPlan& plan = classifiers_[c];
      SubjectRows rows{subjects_.classifiers[c].name, {}};
      ClassifierScores scores{rows.name, {}, {}, {}};
      for (std::size_t f = 0; f < plan.blocks.size(); ++f) {
        const JoinedFinding& finding = joined_.classified()[c][f];
        const Ranking& ranking = *plan.rankings[f];
        rows.rows.push_back(figures_.row(plan.blocks[f], finding.name));
        scores.findings.push_back({finding.name, ranking.positives(), ranking.negatives(),
                                   threshold_of(c, finding.predicted), values_of(rows.rows.back()),
                                   roc_curve(ranking, options_.roc_points),
                                   reliability_diagram(ranking)});
      }
      add_means(rows, scores.mean, scores.mean_without_cardiomegaly);
      evaluation.classification.push_back(std::move(scores));
      keep_resamples(rows, evaluation);
      if (c == 0) {
        first_classifier_ = std::move(rows);
        continue;
      }
      std::vector<Comparison> comparisons = compare(first_classifier_, rows);
      add_delong(comparisons, [&](const std::string& name) { return delong_p(c, name); });
      std::move(comparisons.begin(), comparisons.end(), std::back_inserter(evaluation.comparisons));
    }
  }

  /// Of the first classifier against another, on the images that both have.
  [[nodiscard]] std::optional<double> delong_p(std::size_t other, const std::string& name) const {
    const auto scores_of = [&](std::size_t c) {
      for (const JoinedFinding& finding : joined_.classified()[c])
        if (finding.name == name) return joined_.scores(c, finding);
      return std::vector<ScoredLabel>{};
    };
    std::vector<ScoredLabel> a = scores_of(0);
    std::vector<ScoredLabel> b = scores_of(other);
    const auto by_image = [](const ScoredLabel& left, const ScoredLabel& right) {
      return left.image < right.image;
    };
    std::sort(a.begin(), a.end(), by_image);
    std::sort(b.begin(), b.end(), by_image);
    std::vector<PairedScore> pairs;
    auto right = b.begin();
    for (const ScoredLabel& left : a) {
      right = std::lower_bound(right, b.end(), left, by_image);
      if (right != b.end() && right->image == left.image)
        pairs.push_back({left.score, right->score, left.positive});
    }
    const std::optional<DeLongTest> test = delong_test(pairs);
    return test ? std::optional(test->p) : std::nullopt;
  }

  // Localization.

  [[nodiscard]] MethodView view_of(std::size_t method, std::size_t finding) const {
    return {joined_, subjects_.methods[method], finding, subjects_.findings.size()};
  }

  void add_method(std::size_t m) {
    std::vector<MethodView> views;
    for (const std::size_t finding : drawn_) views.push_back(view_of(m, finding));
    std::vector<std::shared_ptr<const FreeResponse>> marks(views.size());
    std::vector<std::vector<NamedStatistics>> statistics(views.size());
    parallel_for(views.size(), available_cores(), [&](std::size_t i) {
      marks[i] = free_response_of(views[i]);
      statistics[i] = localization_statistics(views[i], marks[i]);
    });
    MethodPlan plan{{}, std::move(marks)};
    for (std::vector<NamedStatistics>& block : statistics)
      plan.blocks.push_back(figures_.add(std::move(block)));
    methods_.push_back(std::move(plan));
    for (const ImageStratum& stratum : strata_)
      add_method_stratum(
          m, views, stratum.by, stratum.name, stratum.images,
          [&stratum](const LocalizedImage& image) { return stratum.holds[image.image] != 0; });
    if (!sizes_) return;
    add_size_stratum(m, views, FindingSize::small, "small");
    add_size_stratum(m, views, FindingSize::medium, "medium");
    add_size_stratum(m, views, FindingSize::large, "large");
  }

  void add_method_stratum(std::size_t m, std::span<const MethodView> views, const std::string& by,
                          const std::string& name, std::size_t images,
                          const std::function<bool(const LocalizedImage&)>& takes) {
    add_stratum(
        m, views, {m, by, name, images, {}, {}},
        [&takes](const LocalizedImage& image, const Box&) { return takes(image); }, takes);
  }

  void add_size_stratum(std::size_t m, std::span<const MethodView> views, FindingSize size,
                        const std::string& name) {
    add_stratum(
        m, views, {m, "size", name, joined_.images(), {}, {}},
        [this, size](const LocalizedImage& image, const Box& box) {
          return sizes_->of(area_share(image, box)) == size;
        },
        [](const LocalizedImage&) { return false; });
  }

  void add_stratum(std::size_t m, std::span<const MethodView> views, PlacedStratum part,
                   const TakesBox& takes,
                   const std::function<bool(const LocalizedImage&)>& takes_image) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      std::size_t boxes = 0;
      for (const std::size_t place : joined_.drawn()) {
        const LocalizedImage& image = joined_.localized()[place];
        for (const Box& box : image.truth[drawn_[i]]) boxes += takes(image, box) ? 1 : 0;
        if (image.masks[drawn_[i]] && takes_image(image)) ++boxes;
      }
      if (boxes > 0)
        part.findings.push_back(
            {drawn_[i],
             figures_.add(brief_localization_statistics(views.subspan(i, 1), takes, takes_image)),
             boxes});
    }
    if (part.findings.empty()) return;
    part.subject = m;
    part.pooled = figures_.add(brief_localization_statistics(views, takes, takes_image));
    method_strata_.push_back(std::move(part));
  }

  /// For drawing; empty where there are no marks.
  [[nodiscard]] std::vector<FrocPoint> froc_of(std::size_t method, std::size_t drawn) const {
    const auto& marks = methods_[method].marks[drawn];
    return marks ? froc_curve(*marks, options_.roc_points) : std::vector<FrocPoint>{};
  }

  void report_methods(Evaluation& evaluation) {
    std::optional<SubjectRows> reference;
    for (std::size_t m = 0; m < methods_.size(); ++m) {
      const LocalizationMethod& method = subjects_.methods[m];
      SubjectRows rows{method.name, {}};
      MethodScores scores{method.name, method.is_control, method.uses_boxes, {}, {}, {}};
      for (std::size_t i = 0; i < drawn_.size(); ++i) {
        const std::size_t finding = drawn_[i];
        rows.rows.push_back(figures_.row(methods_[m].blocks[i], joined_.findings()[finding].name));
        scores.findings.push_back({rows.rows.back().finding, joined_.boxes_of(finding),
                                   joined_.masks_of(finding), joined_.normals_of(finding),
                                   values_of(rows.rows.back()), froc_of(m, i)});
      }
      add_means(rows, scores.mean, scores.mean_without_cardiomegaly);
      evaluation.localization.push_back(std::move(scores));
      keep_resamples(rows, evaluation);
      if (method.is_control) continue;
      if (reference) {
        std::vector<Comparison> comparisons = compare(*reference, rows);
        std::move(comparisons.begin(), comparisons.end(),
                  std::back_inserter(evaluation.comparisons));
      } else {
        reference = std::move(rows);
      }
    }
  }

  // Both.

  static void add_means(SubjectRows& rows, std::vector<MeasureValue>& mean,
                        std::vector<MeasureValue>& without) {
    FigureRow all = mean_row(rows.rows);
    FigureRow others = mean_without_cardiomegaly(rows.rows);
    mean = values_of(all);
    without = values_of(others);
    rows.rows.push_back(std::move(all));
    rows.rows.push_back(std::move(others));
  }

  [[nodiscard]] std::vector<Comparison> compare(const SubjectRows& a, const SubjectRows& b) const {
    return compared(a, b, [this](const std::string& measure) {
      return options_.compare_everything ||
             std::find(kComparedMeasures.begin(), kComparedMeasures.end(), measure) !=
                 kComparedMeasures.end();
    });
  }

  void keep_resamples(const SubjectRows& rows, Evaluation& evaluation) const {
    if (!options_.keep_resamples) return;
    for (const FigureRow& row : rows.rows)
      for (std::size_t m = 0; m < row.measures.size(); ++m)
        evaluation.resampled.push_back(
            {rows.name, row.finding, row.measures[m], row.figures[m].resampled});
  }

  void report_strata(Evaluation& evaluation) const {
    for (const PlacedStratum& part : classifier_strata_)
      if (!part.findings.empty())
        evaluation.strata.push_back(stratum_of(part, subjects_.classifiers[part.subject].name,
                                               joined_.classified()[part.subject]));
    for (const PlacedStratum& part : method_strata_)
      evaluation.strata.push_back(
          stratum_of(part, subjects_.methods[part.subject].name, joined_.findings()));
  }

  [[nodiscard]] StratumScores stratum_of(const PlacedStratum& part, const std::string& subject,
                                         const std::vector<JoinedFinding>& findings) const {
    StratumScores scores{subject, !part.pooled, part.by, part.name, part.images, {}, {}, {}};
    std::vector<FigureRow> rows;
    for (const Placed& placed : part.findings) {
      rows.push_back(figures_.row(placed.block, findings[placed.finding].name));
      scores.findings.push_back({rows.back().finding, placed.count, values_of(rows.back())});
    }
    scores.mean = values_of(mean_row(rows));
    if (part.pooled) scores.pooled = values_of(figures_.row(*part.pooled, "pooled"));
    return scores;
  }

  void report_images(Evaluation& evaluation) const {
    for (std::size_t c = 0; c < subjects_.classifiers.size(); ++c)
      for (const JoinedFinding& finding : joined_.classified()[c])
        for (const ScoredLabel& image : joined_.scores(c, finding)) {
          ImageScores scores;
          scores.subject = subjects_.classifiers[c].name;
          scores.record = joined_.records()[image.image];
          scores.finding = finding.name;
          scores.label = image.positive;
          scores.probability = image.score;
          evaluation.per_image.push_back(std::move(scores));
        }
    for (std::size_t m = 0; m < subjects_.methods.size(); ++m)
      for (const std::size_t finding : drawn_)
        for (std::size_t i = 0; i < joined_.localized().size(); ++i)
          evaluation.per_image.push_back(image_scores(view_of(m, finding), i));
  }

  struct ClassifierPlan {
    std::vector<std::shared_ptr<const Ranking>> rankings;
    std::vector<std::size_t> blocks;
  };

  /// One each a drawn finding.
  struct MethodPlan {
    std::vector<std::size_t> blocks;
    std::vector<std::shared_ptr<const FreeResponse>> marks;
  };

  const Subjects& subjects_;
  const EvaluationOptions& options_;
  Joined joined_;
  std::vector<ImageStratum> strata_;
  std::optional<SizeStrata> sizes_;
  std::vector<std::size_t> drawn_;  ///< findings with boxes or masks
  Figures figures_;
  std::vector<ClassifierPlan> classifiers_;
  std::vector<MethodPlan> methods_;
  std::vector<PlacedStratum> classifier_strata_;
  std::vector<PlacedStratum> method_strata_;
  SubjectRows first_classifier_;
};

void check(const Subjects& subjects) {
  for (const LocalizationMethod& method : subjects.methods)
    if (method.results.size() != subjects.localized.size() * subjects.findings.size())
      throw std::invalid_argument(fmt::format("{}: {} results for {} images and {} findings",
                                              method.name, method.results.size(),
                                              subjects.localized.size(), subjects.findings.size()));
}

}  // namespace

Evaluation evaluate(const Dataset& dataset, const Subjects& subjects,
                    const EvaluationOptions& options) {
  check(subjects);
  Evaluation evaluation;
  evaluation.program = options.program;
  evaluation.data = dataset.name;
  evaluation.split = options.split;
  evaluation.fingerprint = options.fingerprint;
  evaluation.bootstrap = options.bootstrap;
  evaluation.oracle = options.oracle;
  evaluation.not_computed = options.not_computed;
  Evaluator(dataset, subjects, options).run(evaluation);
  return evaluation;
}

Evaluation evaluate(const Dataset& dataset, const Predictions& predictions,
                    std::span<const std::size_t> boxed, std::span<const LocalizationMethod> methods,
                    const EvaluationOptions& options) {
  Subjects subjects;
  subjects.classifiers.push_back({"classifier", predictions, {}});
  subjects.findings = predictions.findings;
  subjects.localized.assign(boxed.begin(), boxed.end());
  subjects.methods.assign(methods.begin(), methods.end());
  return evaluate(dataset, subjects, options);
}

}  // namespace chestmap
