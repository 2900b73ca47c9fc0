#include "distributed/rank_place.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace chestmap {
namespace {

using Environment = std::map<std::string, std::string>;

RankPlace place(const Environment& environment) {
  return rank_place([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

std::string error_of(const Environment& environment) {
  try {
    static_cast<void>(place(environment));
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RankPlace, WithoutVariablesIsOneRankAlone) {
  EXPECT_EQ(place({}).ranks, 1);
  EXPECT_EQ(place({}).rank, 0);
  EXPECT_EQ(place({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).ranks, 1);
}

TEST(RankPlace, OfTorchrun) {
  const Environment environment = {{"RANK", "5"},           {"WORLD_SIZE", "8"},
                                   {"LOCAL_RANK", "1"},     {"LOCAL_WORLD_SIZE", "4"},
                                   {"MASTER_ADDR", "gpu7"}, {"MASTER_PORT", "1234"}};
  const RankPlace found = place(environment);
  EXPECT_EQ(found.rank, 5);
  EXPECT_EQ(found.ranks, 8);
  EXPECT_EQ(found.local_rank, 1);
  EXPECT_EQ(found.address, "gpu7");
  EXPECT_EQ(found.port, 1234);
  EXPECT_FALSE(found.store_is_kept);
  Environment agent = environment;
  agent.emplace("TORCHELASTIC_USE_AGENT_STORE", "True");
  agent.emplace("TORCHELASTIC_RESTART_COUNT", "2");
  EXPECT_TRUE(place(agent).store_is_kept);
  EXPECT_EQ(place(agent).store_prefix, "/worker/attempt_2");
}

TEST(RankPlace, OfMpirunOnOneMachineNeedsNoAddress) {
  Environment environment = {{"OMPI_COMM_WORLD_RANK", "1"},
                             {"OMPI_COMM_WORLD_SIZE", "2"},
                             {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                             {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  EXPECT_EQ(place(environment).rank, 1);
  EXPECT_EQ(place(environment).ranks, 2);
  EXPECT_EQ(place(environment).address, "127.0.0.1");
  EXPECT_EQ(place(environment).port, 29500);
  environment["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  EXPECT_NE(error_of(environment).find("MASTER_ADDR"), std::string::npos);
  environment["MASTER_ADDR"] = "a";
  EXPECT_EQ(place(environment).address, "a");
  // What chestmap and torchrun set comes first.
  environment["RANK"] = "0";
  environment["WORLD_SIZE"] = "3";
  environment["LOCAL_RANK"] = "0";
  EXPECT_EQ(place(environment).ranks, 3);
}

TEST(RankPlace, OfSrunFindsTheFirstNodeAndAPortOfTheJob) {
  Environment environment = {
      {"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "4"},     {"SLURM_LOCALID", "1"},
      {"SLURM_NNODES", "2"}, {"SLURM_JOB_ID", "70123"}, {"SLURM_STEP_ID", "0"},
  };
  for (const auto& [list, first] :
       std::map<std::string, std::string>{{"gpu[03-05,9],login", "gpu03"},
                                          {"a,b[1-2]", "a"},
                                          {"n[7,9]", "n7"},
                                          {"alone", "alone"}}) {
    environment["SLURM_STEP_NODELIST"] = list;
    EXPECT_EQ(place(environment).address, first) << list;
  }
  EXPECT_EQ(place(environment).rank, 3);
  EXPECT_EQ(place(environment).local_rank, 1);
  EXPECT_EQ(place(environment).port, 29500 + 123);
  environment["SLURM_NNODES"] = "1";
  EXPECT_EQ(place(environment).address, "127.0.0.1");
  // The job's own script is no task of a step.
  environment.erase("SLURM_STEP_ID");
  EXPECT_EQ(place(environment).ranks, 1);
}

TEST(RankPlace, NamesTheVariableThatIsWrong) {
  EXPECT_NE(error_of({{"RANK", "1"}}).find("RANK is set, and WORLD_SIZE is not"),
            std::string::npos);
  EXPECT_NE(error_of({{"WORLD_SIZE", "2"}}).find("RANK is not"), std::string::npos);
  const Environment good = {
      {"RANK", "1"}, {"WORLD_SIZE", "2"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "a"}};
  EXPECT_EQ(error_of(good), "no error");
  for (const auto& [name, value] : Environment{{"RANK", "2"},
                                               {"RANK", "-1"},
                                               {"WORLD_SIZE", "two"},
                                               {"WORLD_SIZE", "0"},
                                               {"LOCAL_RANK", "1x"},
                                               {"MASTER_PORT", "70000"}}) {
    Environment bad = good;
    bad[name] = value;
    EXPECT_NE(error_of(bad).find(fmt::format("variable {} is \"{}\"", name, value)),
              std::string::npos)
        << name;
  }
  Environment without = good;
  without.erase("LOCAL_RANK");
  EXPECT_NE(error_of(without).find("LOCAL_RANK is not set"), std::string::npos);
}

}  // namespace
}  // namespace chestmap
