#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "nn/model.h"
#include "train/train_config.h"

namespace chestmap {

/// Parameters that share a learning rate and a weight decay.
struct ParameterGroup {
  std::vector<at::Tensor> parameters;
  double weight_decay = 0.0;
  double learning_rate = 0.0;  ///< the full one, which the schedule scales
};

/// Convolution weights (with weight decay), norms and biases (without), and the relevance (without,
/// at a learning rate of its own; absent where it is not trained). Where
/// `backbone_learning_rate_factor` is not 1 the first two are those of the head (and pyramid)
/// alone, and two more of the backbone follow, at the factor times the rate. Frozen parameters are
/// in no group.
[[nodiscard]] std::vector<ParameterGroup> parameter_groups(const Model& model,
                                                           const TrainOptions& options);

/// Which update; the defaults of torch's optimizers apart from what is here.
enum class UpdateRule {
  sgd,    ///< with momentum; weight decay as a part of the gradient
  adam,   ///< Kingma & Ba 2015; weight decay as a part of the gradient
  adamw,  ///< Loshchilov & Hutter 2019
};
[[nodiscard]] UpdateRule update_rule_of(const std::string& name);

/// Moves parameters against their gradients. Rates and the count of steps are on the parameters'
/// device, so that no step waits for it and a recorded step can be replayed. With PyTorch 2 each
/// group is moved by one fused operation, with libtorch 1.13 parameter by parameter.
class Optimizer {
 public:
  Optimizer(std::vector<ParameterGroup> groups, UpdateRule rule, double momentum);

  /// Makes every gradient undefined.
  void clear_gradients();
  /// Every group's rate is its full one times `factor` from now on.
  void set_rate_factor(double factor);
  /// Scales all gradients alike, so that their norm is at most `most`.
  void clip_gradients(double most);
  /// Parameters without a gradient stay as they are.
  void step();

  /// What a checkpoint must keep, in a fixed order; shares memory with the optimizer.
  [[nodiscard]] std::vector<at::Tensor> state() const;

 private:
  struct Group {
    ParameterGroup of;
    at::Tensor rate;                  // a scalar
    std::vector<at::Tensor> first;    // momentum, or mean of gradients, of each parameter
    std::vector<at::Tensor> squares;  // mean of squared gradients; none of sgd
  };
  /// Those of a group that have a gradient.
  struct Moved {
    std::vector<at::Tensor> parameters, gradients, first, squares, steps;
  };

  [[nodiscard]] Moved moved(const Group& group) const;
  void move(const Group& group, const Moved& of) const;
  [[nodiscard]] std::vector<at::Tensor> gradients() const;

  std::vector<Group> groups_;
  UpdateRule rule_;
  double momentum_;
  at::Tensor steps_;  // taken, a scalar
};

[[nodiscard]] Optimizer make_optimizer(const Model& model, const TrainOptions& options);

}  // namespace chestmap
