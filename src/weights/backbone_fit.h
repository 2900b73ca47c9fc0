#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weights/backbone_layout.h"
#include "weights/weight_file.h"

namespace chestmap {

/// How one tensor of the first convolution is made where file and backbone differ in channels.
enum class ChannelChange {
  none,
  summed,     ///< three to one: the sum over the input channels
  replicated  ///< one to three: a third of it for each
};

struct FittedTensor {
  ExpectedTensor expected;
  const StoredTensor* source = nullptr;  ///< lies in the WeightFile
  ChannelChange change = ChannelChange::none;
};

/// What a weight file gives a backbone. Names are the file's own where a tensor is unexpected, and
/// torchvision's where one is missing.
struct BackboneFit {
  std::string backbone;
  std::int64_t channels = 0;
  std::vector<FittedTensor> fitted;
  std::vector<std::string> missing;     ///< tensors that the file lacks
  std::vector<std::string> unexpected;  ///< tensors that the backbone lacks
  std::vector<std::string> misshapen;   ///< one sentence each
  std::vector<std::string> beside;      ///< left out: classifier, head, thresholds
  std::vector<std::string> uncounted;   ///< `num_batches_tracked` that old files lack: 0
  std::vector<std::string> notes;       ///< what was changed, one sentence each

  [[nodiscard]] bool exact() const {
    return missing.empty() && unexpected.empty() && misshapen.empty();
  }
};

/// Matches the tensors by their names (tensor_names.h) and shapes. The first convolution may have
/// one or three input channels in the file, whichever the backbone has: for an image of equal
/// channels the result is the same. Throws UserError where two tensors of the file come to have the
/// same name.
[[nodiscard]] BackboneFit fit_backbone(const WeightFile& file, const BackboneLayout& layout,
                                       std::int64_t channels);

/// Fits of every backbone, with the channels that the file's own first convolution has (3 where it
/// has none that fits), the best first: fewest missing, misshapen and unexpected tensors.
[[nodiscard]] std::vector<BackboneFit> fit_every_backbone(const WeightFile& file);

/// Throws UserError that lists the first of the tensors that are missing, unexpected and misshapen,
/// with their numbers, and whose hint names the option that takes what fits; returns where there
/// are none.
void require_exact(const BackboneFit& fit, const WeightFile& file,
                   const std::string& partial_option = "--partial");

/// "3 tensors: a, b, c", or the first `most` and how many more.
[[nodiscard]] std::string listed(const std::vector<std::string>& names, std::size_t most = 8);

/// The values of a fitted tensor that is no batch count, after the change of channels. Throws
/// UserError for a value that is not finite.
[[nodiscard]] std::vector<float> fitted_floats(const FittedTensor& tensor);
/// The values of a fitted whole-number tensor.
[[nodiscard]] std::vector<std::int64_t> fitted_wholes(const FittedTensor& tensor);

}  // namespace chestmap
