#include "nn/backbone.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"
#include "nn/model.h"
#include "weights/backbone_layout.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;

/// Parameters and buffers by name, as a state dict lists them.
std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value();
  return state;
}

TEST(Backbone, TensorNamesAndShapesAreTorchvisions) {
  const ScratchFolder folder;
  const std::vector<std::string> names = backbone_names();
  const std::filesystem::path list = folder / "names.txt";
  const int status =
      run_judge("torchvision_backbones.py",
                fmt::format("names {} > '{}' 2>/dev/null", fmt::join(names, " "), list.string()));
  if (status == 77) GTEST_SKIP() << "python3 with torchvision is not installed";
  ASSERT_EQ(status, 0);

  std::map<std::string, std::set<std::string>> expected;
  std::ifstream in(list);
  for (std::string line; std::getline(in, line);) {
    const std::size_t space = line.find(' ');
    expected[line.substr(0, space)].insert(line.substr(space + 1));
  }
  ASSERT_EQ(expected.size(), names.size());
  for (const std::string& name : names) {
    std::set<std::string> ours;
    for (const auto& [key, tensor] : state_of(*make_backbone(name, 3))) {
      std::string line = key;
      for (const std::int64_t side : tensor.sizes()) line += fmt::format(" {}", side);
      ours.insert(line);
    }
    EXPECT_EQ(ours, expected[name]) << name;
  }
}

TEST(Backbone, UnknownNameIsAUserErrorWithTheNearest) {
  try {
    (void)make_backbone("densnet121", 1);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "unknown backbone \"densnet121\"");
    EXPECT_EQ(error.hint(), "did you mean \"densenet121\"?");
  }
}

TEST(Backbone, TakesOneChannelWithoutAnotherChange) {
  for (const std::string name : {"densenet-compact", "resnet18"}) {
    const auto one = state_of(*make_backbone(name, 1));
    const auto three = state_of(*make_backbone(name, 3));
    int differing = 0;
    for (const auto& [key, tensor] : three)
      if (tensor.sizes() != one.at(key).sizes()) ++differing;
    EXPECT_EQ(differing, 1) << name;
  }
}

/// Where the cells of feature maps really lie. All convolutions average along one axis (and take
/// the middle tap along the other, so that zero padding reaches in from two sides only); batch
/// norms are the identity up to a factor. Such a network maps a ramp over the image to a ramp whose
/// value at a cell is the ramp's value at the cell's centre, times a factor that an image of ones
/// tells, plus what max pooling adds by preferring the bright side. A falling ramp gains as much,
/// so that half the difference of the two is free of it:
///   up(x) = x / L, down(x) = 1 - x / L  =>  (g_up - g_down) / g_one = 2 centre / L - 1.
class Alignment {
 public:
  Alignment(bool along_x, std::int64_t length) : along_x_(along_x), length_(length) {}

  static void average_along_x(torch::nn::Module& module, bool along_x) {
    const at::NoGradGuard no_gradient;
    for (at::Tensor& parameter : module.parameters()) {
      if (parameter.dim() != 4) continue;
      const std::int64_t taps = parameter.size(2);
      parameter.zero_();
      at::Tensor line = parameter.select(along_x ? 2 : 3, taps / 2);
      line.fill_(1.0 / static_cast<double>(parameter.size(1) * taps));
    }
  }

  /// Three images, up, down and ones: 3 x H x W.
  [[nodiscard]] at::Tensor images() const {
    constexpr std::int64_t kAcross = 32;
    const at::Tensor up = (at::arange(length_, at::kFloat) + 0.5) / static_cast<double>(length_);
    const at::Tensor lines = at::stack({up, 1.0 - up, at::ones_like(up)});
    return along_x_ ? lines.unsqueeze(1).expand({-1, kAcross, -1}).contiguous()
                    : lines.unsqueeze(2).expand({-1, -1, kAcross}).contiguous();
  }

  /// Compares the cells that no padding reaches: those within `margin` pixels of the middle.
  void expect_on_grid(const at::Tensor& features, const Grid& grid, double margin,
                      const std::string& what) const {
    const at::Tensor channel = features.select(1, features.size(1) - 1);
    const at::Tensor line =
        channel.select(along_x_ ? 1 : 2, channel.size(along_x_ ? 1 : 2) / 2).to(at::kDouble);
    int compared = 0;
    for (std::int64_t j = 0; j < line.size(1); ++j) {
      const double expected = grid.centre(static_cast<double>(j));
      const auto half = static_cast<double>(length_) / 2.0;
      if (std::abs(expected - half) > margin) continue;
      ++compared;
      const double share =
          ((line[0][j] - line[1][j]) / line[2][j]).item<double>();  // 2 centre / L - 1
      // Single precision over up to 120 averages gives some 1e-5 of the length; the smallest
      // mistake in a grid, half a pixel of the input, is ten times the tolerance.
      EXPECT_NEAR((share + 1.0) * half, expected, 0.05) << what << " cell " << j;
    }
    EXPECT_GE(compared, 2) << what;
  }

 private:
  bool along_x_;
  std::int64_t length_;
};

struct AlignmentCase {
  const char* backbone;
  bool along_x;
  std::int64_t length;  ///< of the image; more than the deepest stage's receptive field
  double margin;        ///< half of what the receptive field leaves over
};

class BackboneAlignment : public testing::TestWithParam<AlignmentCase> {};

TEST_P(BackboneAlignment, CellsLieWhereTheGridsSay) {
  const AlignmentCase& c = GetParam();
  const Alignment alignment(c.along_x, c.length);
  const auto backbone = make_backbone(c.backbone, 1);
  backbone->eval();
  Alignment::average_along_x(*backbone, c.along_x);
  const at::NoGradGuard no_gradient;
  const std::vector<at::Tensor> stages = backbone->features(alignment.images().unsqueeze(1), 4);
  for (std::size_t s = 0; s < stages.size(); ++s)
    alignment.expect_on_grid(stages[s], backbone->stages()[s].grid, c.margin,
                             fmt::format("stage {}", s + 1));
}

// Receptive fields of the deepest stage, pixels: densenet121 2071, resnet18 435, resnet50 427,
// densenet-compact 7 + 3 layers * 8 + 4 + 4 * 16 + 8 + 4 * 32 + 16 + 4 * 64 = 507.
INSTANTIATE_TEST_SUITE_P(Backbones, BackboneAlignment,
                         testing::Values(AlignmentCase{"densenet-compact", true, 640, 64.0},
                                         AlignmentCase{"densenet-compact", false, 640, 64.0},
                                         AlignmentCase{"densenet121", true, 2240, 80.0},
                                         AlignmentCase{"resnet18", true, 576, 64.0},
                                         AlignmentCase{"resnet18", false, 576, 64.0},
                                         AlignmentCase{"resnet50", true, 576, 64.0}),
                         [](const auto& chosen) {
                           std::string name = chosen.param.backbone;
                           std::erase(name, '-');
                           return name + (chosen.param.along_x ? "AlongX" : "AlongY");
                         });

TEST(Pyramid, AddsDeeperStagesInPlaceAndKeepsTheGrids) {
  ModelSpec spec;
  spec.findings = {"Mass"};
  spec.head = "pyramid";
  spec.pixel_mean = 0.0;
  spec.pixel_deviation = 1.0;
  Model model(spec);
  model.eval();
  Alignment::average_along_x(model, true);
  // The deepest stage's 507 pixels, and a cell of it to both sides for the interpolation and for
  // each stage's 3x3 convolution.
  const Alignment alignment(true, 832);
  const at::NoGradGuard no_gradient;
  const std::vector<at::Tensor> stages = model.features(alignment.images());
  for (std::size_t s = 0; s < stages.size(); ++s)
    alignment.expect_on_grid(stages[s], model.grids()[s], 64.0, fmt::format("stage {}", s + 1));
}

}  // namespace
}  // namespace chestmap
