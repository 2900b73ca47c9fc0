#include "train/optimizer.h"

#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <string>
#include <utility>

namespace chestmap {

namespace {

struct Group {
  std::vector<at::Tensor> parameters;
  double weight_decay = 0.0;
  double learning_rate = 0.0;
};

std::vector<Group> grouped(const Model& model, const TrainOptions& options) {
  const double rate = options.learning_rate;
  const double backbone_rate = rate * options.backbone_learning_rate_factor;
  std::vector<Group> groups = {{{}, options.weight_decay, rate},
                               {{}, 0.0, rate},
                               {{}, 0.0, options.relevance_learning_rate},
                               {{}, options.weight_decay, backbone_rate},
                               {{}, 0.0, backbone_rate}};
  const bool own_backbone = options.backbone_learning_rate_factor != 1.0;
  for (const auto& item : model.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    const std::size_t first = own_backbone && item.key().starts_with("backbone.") ? 3 : 0;
    const bool decayed = item.value().dim() > 1;
    const std::size_t group = item.key() == "head.relevance" ? 2 : first + (decayed ? 0 : 1);
    groups[group].parameters.push_back(item.value());
  }
  std::erase_if(groups, [](const Group& group) { return group.parameters.empty(); });
  return groups;
}

template <typename Optimizer, typename Options>
std::unique_ptr<torch::optim::Optimizer> make(std::vector<Group> groups, const Options& base) {
  std::vector<torch::optim::OptimizerParamGroup> list;
  for (Group& group : groups) {
    auto own = std::make_unique<Options>(base);
    own->weight_decay(group.weight_decay);
    own->lr(group.learning_rate);
    list.emplace_back(std::move(group.parameters), std::move(own));
  }
  return std::make_unique<Optimizer>(std::move(list), base);
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Model& model,
                                                        const TrainOptions& options) {
  std::vector<Group> groups = grouped(model, options);
  if (options.optimizer == "sgd")
    return make<torch::optim::SGD>(
        std::move(groups),
        torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum));
  if (options.optimizer == "adam")
    return make<torch::optim::Adam>(std::move(groups),
                                    torch::optim::AdamOptions(options.learning_rate));
  return make<torch::optim::AdamW>(std::move(groups),
                                   torch::optim::AdamWOptions(options.learning_rate));
}

std::vector<double> learning_rates(const torch::optim::Optimizer& optimizer) {
  std::vector<double> rates;
  for (const auto& group : optimizer.param_groups()) rates.push_back(group.options().get_lr());
  return rates;
}

void set_learning_rates(torch::optim::Optimizer& optimizer, std::span<const double> full_rates,
                        double factor) {
  std::size_t index = 0;
  for (auto& group : optimizer.param_groups()) group.options().set_lr(full_rates[index++] * factor);
}

}  // namespace chestmap
