#include "train/optimizer.h"

#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <utility>

#include "base/error.h"

namespace chestmap {

namespace {

struct Groups {
  std::vector<at::Tensor> decayed;
  std::vector<at::Tensor> plain;
  std::vector<at::Tensor> relevance;
};

Groups grouped(const Model& model) {
  Groups groups;
  for (const auto& item : model.named_parameters()) {
    if (item.key() == "head.relevance") {
      groups.relevance.push_back(item.value());
    } else if (item.value().dim() > 1) {
      groups.decayed.push_back(item.value());
    } else {
      groups.plain.push_back(item.value());
    }
  }
  return groups;
}

template <typename Optimizer, typename Options>
std::unique_ptr<torch::optim::Optimizer> make(Groups groups, Options base,
                                              const TrainOptions& options) {
  std::vector<torch::optim::OptimizerParamGroup> list;
  const auto add = [&](std::vector<at::Tensor> parameters, double decay, double rate) {
    auto own = std::make_unique<Options>(base);
    own->weight_decay(decay);
    own->lr(rate);
    if (!parameters.empty()) list.emplace_back(std::move(parameters), std::move(own));
  };
  add(std::move(groups.decayed), options.weight_decay, options.learning_rate);
  add(std::move(groups.plain), 0.0, options.learning_rate);
  add(std::move(groups.relevance), 0.0, options.relevance_learning_rate);
  return std::make_unique<Optimizer>(std::move(list), base);
}

constexpr std::size_t kRelevanceGroup = 2;

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Model& model,
                                                        const TrainOptions& options) {
  Groups groups = grouped(model);
  if (options.optimizer == "sgd")
    return make<torch::optim::SGD>(
        std::move(groups),
        torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum), options);
  if (options.optimizer == "adam")
    return make<torch::optim::Adam>(std::move(groups),
                                    torch::optim::AdamOptions(options.learning_rate), options);
  return make<torch::optim::AdamW>(std::move(groups),
                                   torch::optim::AdamWOptions(options.learning_rate), options);
}

void set_learning_rate(torch::optim::Optimizer& optimizer, const TrainOptions& options,
                       double factor) {
  std::size_t index = 0;
  for (auto& group : optimizer.param_groups()) {
    const double full =
        index == kRelevanceGroup ? options.relevance_learning_rate : options.learning_rate;
    group.options().set_lr(full * factor);
    ++index;
  }
}

}  // namespace chestmap
