#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace chestmap {

/// How positives and negatives are balanced.
enum class Balance {
  none,
  batch,    ///< Wang 2017, W-CEL: weights (|P| + |N|) / |P| and (|P| + |N|) / |N| counted over the
            ///< batch's known labels
  dataset,  ///< the same weights per finding, counted once over the training split
};

[[nodiscard]] const std::vector<std::string>& balance_names();
[[nodiscard]] Balance balance_of(const std::string& name);

/// Known positives and negatives of each finding, C each: of the training split for
/// `Balance::dataset`, or of a batch.
struct LabelCounts {
  at::Tensor positives;
  at::Tensor negatives;
};

/// Of `labels` (N x C), in their type and on their device.
[[nodiscard]] LabelCounts count_labels(const at::Tensor& labels);

/// Binary cross-entropy with the balance's weights halved (so that a balanced set weighs 1), and
/// unknown labels (-1) left out. `logits` and `labels` are N x C. They may be a part of a batch,
/// with the `counts` of the whole: the parts' losses, and their gradients, then sum to the
/// batch's.
class BalancedLoss {
 public:
  BalancedLoss(Balance balance, const LabelCounts& counts);

  /// Mean over the known labels: a scalar; 0 with a gradient of 0 where none is known.
  [[nodiscard]] at::Tensor mean(const at::Tensor& logits, const at::Tensor& labels,
                                const LabelCounts& counts) const;
  /// Mean per finding over its known labels: C, NaN where none is known.
  [[nodiscard]] at::Tensor per_finding(const at::Tensor& logits, const at::Tensor& labels,
                                       const LabelCounts& counts) const;

 private:
  /// The weighted loss of each label, 0 where it is unknown: N x C.
  [[nodiscard]] at::Tensor elements(const at::Tensor& logits, const at::Tensor& labels,
                                    const LabelCounts& counts) const;

  Balance balance_;
  at::Tensor positive_weight_;  // C
  at::Tensor negative_weight_;  // C
};

}  // namespace chestmap
