#include "cli/align_maps.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "localize/map_alignment.h"
#include "localize/run_over.h"

namespace chestmap {

namespace {

// The median of so many displacements has settled, and each costs a pass backwards a stage.
constexpr std::size_t kImages = 32;

/// The records that are among the first `kImages` to show some finding.
std::vector<std::size_t> first_positives(const Dataset& dataset,
                                         const std::vector<std::size_t>& records) {
  std::vector<std::size_t> counts(dataset.findings.size());
  std::vector<std::size_t> taken;
  for (const std::size_t record : records) {
    bool wanted = false;
    for (std::size_t f = 0; f < counts.size(); ++f)
      if (dataset.records[record].labels[f] == Label::positive && counts[f] < kImages) {
        ++counts[f];
        wanted = true;
      }
    if (wanted) taken.push_back(record);
  }
  return taken;
}

}  // namespace

Alignment fitted_alignment(Backend& backend, const Dataset& dataset,
                           const std::vector<std::size_t>& records, Fit fit) {
  const std::size_t findings = dataset.findings.size();
  AlignmentFit measured(backend.grids(), findings);
  // Training has judged the share of unreadable images; of these few, any share will do.
  run_over(
      backend, dataset, first_positives(dataset, records), "aligning maps",
      /*most_skipped=*/1.0,
      [&](std::size_t record, const ImageF& image, const Inference& inference) {
        const auto differentiated = backend.differentiate(image);
        for (std::size_t f = 0; f < findings; ++f)
          if (dataset.records[record].labels[f] == Label::positive && measured.images(f) < kImages)
            measured.add(image, inference, *differentiated, f);
      });
  std::vector<std::string> unseen;
  for (std::size_t f = 0; f < findings; ++f)
    if (measured.images(f) == 0) unseen.push_back(dataset.findings[f]);
  if (!unseen.empty())
    warn("on no image of the split, so that their maps are not aligned: {}",
         fmt::join(unseen, ", "));
  return {std::move(fit), measured.shifts()};
}

}  // namespace chestmap
