#include "engine/memory_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "base/random.h"
#include "engine/schedule.h"

namespace chestmap::engine {
namespace {

Tensor tensor(const std::string& name, std::int64_t blocks, std::int64_t side) {
  Tensor result{name, 16 * blocks, side, side, true, 16 * blocks, {}, {}, 0};
  return result;
}

Convolution plain(bool adds = false) {
  Convolution convolution;
  convolution.adds = adds;
  return convolution;
}

/// What plan_memory must not get wrong, judged by running the layers on marks instead of numbers:
/// each float of memory remembers which tensor it was last written for.
class Judge {
 public:
  Judge(const Network& network, const MemoryPlan& plan, const std::vector<std::size_t>& workspaces)
      : network_(network), plan_(plan) {
    memory_.assign(plan.size, kNobody);
    write(network.input);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      for (const std::size_t input : layer.inputs) expect_there(input, layer.name);
      for (std::size_t i = 0; i < workspaces[l]; ++i) memory_.at(plan.workspaces[l] + i) = kNobody;
      // The first input is read while the result is written; only what is added may go.
      expect_there(layer.inputs[0], layer.name);
      write(layer.output);
      expect_there(layer.inputs[0], layer.name + " (while it writes)");
      for (std::size_t i = 0; i < workspaces[l]; ++i)
        EXPECT_EQ(memory_.at(plan.workspaces[l] + i), kNobody) << "workspace of " << layer.name;
    }
    for (const auto& [name, output] : network.outputs) expect_there(output, "the end");
  }

 private:
  static constexpr std::size_t kNobody = ~std::size_t{0};

  void write(std::size_t t) {
    for (std::size_t i = 0; i < network_.tensors[t].floats(); ++i)
      memory_.at(plan_.tensors[t] + i) = t;
  }

  /// A tensor with parts is there when each float is its own or a part's.
  void expect_there(std::size_t t, const std::string& when) {
    std::size_t lost = 0;
    for (std::size_t i = 0; i < network_.tensors[t].floats(); ++i) {
      std::optional<std::size_t> owner;
      if (memory_.at(plan_.tensors[t] + i) != kNobody) owner = memory_[plan_.tensors[t] + i];
      while (owner && *owner != t) owner = network_.tensors[*owner].parent;
      if (!owner) ++lost;
    }
    EXPECT_EQ(lost, 0U) << network_.tensors[t].name << " at " << when;
  }

  const Network& network_;
  const MemoryPlan& plan_;
  std::vector<std::size_t> memory_;
};

/// A chain with shortcuts, sums and dense blocks, drawn at random.
Network random_network(std::uint64_t seed) {
  RandomStream random({seed});
  Network network;
  network.tensors.push_back(tensor("image", 1, 4));
  std::size_t last = 0;
  const auto add = [&](bool sum, std::vector<std::size_t> inputs, Tensor output) {
    network.tensors.push_back(std::move(output));
    const std::size_t at = network.tensors.size() - 1;
    network.layers.push_back({network.tensors[at].name, plain(sum), std::move(inputs), at});
    return at;
  };
  for (int i = 0; i < 12; ++i) {
    const std::string name = fmt::format("t{}", i);
    const auto blocks = static_cast<std::int64_t>(1 + random.below(4));
    const std::uint64_t kind = random.below(4);
    if (kind == 0) {
      last = add(false, {last}, tensor(name, blocks, 4));
    } else if (kind == 1) {  // a residual block
      const std::size_t shortcut = add(false, {last}, tensor(name + "s", blocks, 4));
      const std::size_t y = add(false, {shortcut}, tensor(name + "y", 2, 4));
      last = add(true, {y, shortcut}, tensor(name, blocks, 4));
    } else if (kind == 2) {  // one that adds its input
      const std::size_t y =
          random.chance(0.5) ? last : add(false, {last}, tensor(name + "y", 2, 4));
      last = add(true, {y, last}, tensor(name, network.tensors[last].physical / 16, 4));
    } else {  // a dense one
      const std::size_t a = add(false, {last}, tensor(name + "a", blocks, 4));
      const std::size_t y = add(false, {a}, tensor(name + "y", blocks, 4));
      const std::size_t b = add(false, {y}, tensor(name + "b", 1, 4));
      network.tensors.push_back(tensor(name, blocks + 1, 4));
      last = network.tensors.size() - 1;
      network.tensors[a].parent = network.tensors[b].parent = last;
      network.tensors[b].offset = 16 * blocks;
    }
    if (random.chance(0.2)) network.outputs.emplace_back(network.tensors[last].name, last);
  }
  network.outputs.emplace_back("last", last);
  return network;
}

TEST(MemoryPlan, NothingIsWrittenOverBeforeItIsReadForTheLastTime) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Network network = random_network(seed);
    RandomStream random({seed, 1});
    std::vector<std::size_t> workspaces;
    for (std::size_t l = 0; l < network.layers.size(); ++l) workspaces.push_back(random.below(300));
    const MemoryPlan plan = plan_memory(network, workspaces);
    const Judge judge(network, plan, workspaces);
  }
}

TEST(MemoryPlan, MemoryIsUsedAgain) {
  // Of a chain no more than two tensors are needed at a time, and the input and the output.
  Network network;
  network.tensors.push_back(tensor("image", 1, 4));
  for (std::size_t i = 0; i < 10; ++i) {
    network.tensors.push_back(tensor("t", 1, 4));
    network.layers.push_back({"t", plain(), {i}, i + 1});
  }
  network.outputs.emplace_back("last", 10);
  const std::vector<std::size_t> none(network.layers.size(), 0);
  EXPECT_EQ(plan_memory(network, none).size, 4 * network.tensors[0].floats());
}

TEST(MemoryPlan, WhatADenseBlockReadsFirstMayLieWhereItsLaterLayersWrite) {
  // image -> stem (4 blocks) -> a, the first block of a tensor of 5 -> b, the other four.
  Network network;
  for (const auto& [name, blocks] : {std::pair("image", 1), {"stem", 4}, {"a", 1}, {"b", 4}})
    network.tensors.push_back(tensor(name, blocks, 4));
  network.tensors.push_back(tensor("all", 5, 4));
  network.tensors[2].parent = network.tensors[3].parent = 4;
  network.tensors[3].offset = 16;
  for (std::size_t t = 1; t < 4; ++t)
    network.layers.push_back({network.tensors[t].name, plain(), {t - 1}, t});
  network.tensors.push_back(tensor("last", 1, 4));
  network.layers.push_back({"last", plain(), {4}, 5});
  network.outputs.emplace_back("last", 5);
  const std::vector<std::size_t> none(network.layers.size(), 0);
  const MemoryPlan plan = plan_memory(network, none);
  const Judge judge(network, plan, none);
  // Beside the image and the result, only the block's tensor.
  EXPECT_EQ(plan.size, network.tensors[4].floats() + 2 * network.tensors[0].floats());
}

TEST(MemoryPlan, SumIsWrittenOverWhatItAddsWhereNothingReadsThatLater) {
  Network network;
  for (const char* name : {"image", "x", "y", "sum", "last"})
    network.tensors.push_back(tensor(name, 1, 4));
  network.layers = {{"x", plain(), {0}, 1},
                    {"y", plain(), {1}, 2},
                    {"sum", plain(true), {2, 1}, 3},
                    {"last", plain(), {3}, 4}};
  network.outputs.emplace_back("last", 4);
  const std::vector<std::size_t> none(4, 0);
  MemoryPlan plan = plan_memory(network, none);
  EXPECT_EQ(plan.tensors[3], plan.tensors[1]);
  network.layers[3].inputs = {1};  // x is needed again
  plan = plan_memory(network, none);
  EXPECT_NE(plan.tensors[3], plan.tensors[1]);
}

TEST(MemoryPlan, SumsOfSumsAreWrittenOverEachOther) {
  Network network;
  for (const char* name : {"image", "x", "y", "sum", "z", "sums", "last"})
    network.tensors.push_back(tensor(name, 1, 4));
  network.layers = {{"x", plain(), {0}, 1},           {"y", plain(), {1}, 2},
                    {"sum", plain(true), {2, 1}, 3},  {"z", plain(), {3}, 4},
                    {"sums", plain(true), {4, 3}, 5}, {"last", plain(), {5}, 6}};
  network.outputs.emplace_back("last", 6);
  const MemoryPlan plan = plan_memory(network, std::vector<std::size_t>(6, 0));
  EXPECT_EQ(plan.tensors[3], plan.tensors[1]);
  EXPECT_EQ(plan.tensors[5], plan.tensors[1]);
}

TEST(MemoryPlan, PartsLieInTheWhole) {
  Network network;
  for (const auto& [name, blocks] : {std::pair{"image", 1}, {"a", 2}, {"b", 1}, {"ab", 3}})
    network.tensors.push_back(tensor(name, blocks, 4));
  network.tensors[1].parent = network.tensors[2].parent = 3;
  network.tensors[2].offset = 32;
  network.layers = {{"a", plain(), {0}, 1}, {"b", plain(), {1}, 2}};
  network.outputs.emplace_back("ab", 3);
  const std::vector<std::size_t> none(2, 0);
  const MemoryPlan plan = plan_memory(network, none);
  EXPECT_EQ(plan.tensors[1], plan.tensors[3]);
  // 4 x 4 pixels and one left free, 16 floats each, of two blocks
  EXPECT_EQ(plan.tensors[2], plan.tensors[3] + 2 * 17 * 16);
}

TEST(Schedule, SmallResultsComeFirst) {
  Network network;
  network.tensors = {tensor("image", 1, 8), tensor("x", 8, 8), tensor("y", 8, 8),
                     tensor("small", 1, 8)};
  network.layers = {{"x", plain(), {0}, 1}, {"y", plain(), {1}, 2}, {"small", plain(), {1}, 3}};
  EXPECT_EQ(schedule(network), (std::vector<std::size_t>{0, 2, 1}));
}

}  // namespace
}  // namespace chestmap::engine
