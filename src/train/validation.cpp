#include "train/validation.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "data/record.h"
#include "metrics/auroc.h"

namespace chestmap {

Validation validation_of(const at::Tensor& batches, const at::Tensor& logits,
                         const at::Tensor& labels, const BalancedLoss& loss, c10::Device device) {
  const std::int64_t images = batches.size(0);
  const auto numbers = batches.accessor<std::int64_t, 1>();
  double loss_sum = 0.0;
  for (std::int64_t begin = 0, end = 0; begin < images; begin = end) {
    while (end < images && numbers[end] == numbers[begin]) ++end;
    const at::Tensor own = labels.slice(0, begin, end);
    const LabelCounts counts = count_labels(own);
    loss_sum += loss.mean(logits.slice(0, begin, end).to(device), own.to(device),
                          {counts.positives.to(device), counts.negatives.to(device)})
                    .item<double>() *
                static_cast<double>(end - begin);
  }
  const auto values = logits.accessor<float, 2>();
  const auto known = labels.accessor<float, 2>();
  std::vector<std::vector<ScoredLabel>> scores(static_cast<std::size_t>(logits.size(1)));
  for (std::int64_t i = 0; i < images; ++i)
    for (std::size_t f = 0; f < scores.size(); ++f) {
      const auto column = static_cast<std::int64_t>(f);
      const auto label = static_cast<Label>(static_cast<signed char>(known[i][column]));
      if (label == Label::unknown) continue;
      scores[f].push_back(
          {static_cast<std::size_t>(i), values[i][column], label == Label::positive});
    }
  Validation validation;
  validation.loss = images > 0 ? loss_sum / static_cast<double>(images) : 0.0;
  for (const auto& finding : scores) validation.auroc.push_back(auroc(Ranking(finding)));
  double sum = 0.0;
  int defined = 0;
  for (const std::optional<double>& finding : validation.auroc) {
    if (!finding) continue;
    sum += *finding;
    ++defined;
  }
  if (defined == 0)
    throw UserError("no finding has both positive and negative images in the validation split",
                    "raise data.valid_fraction, or give more images");
  validation.mean_auroc = sum / defined;
  return validation;
}

}  // namespace chestmap
