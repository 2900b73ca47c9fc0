#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include "../image/scratch.h"
#include "base/error.h"
#include "small_model.h"

namespace chestmap {
namespace {

using test::options_of;
using test::ScratchFolder;
using test::small_model;

Progression some_progression() {
  Progression p;
  p.epoch = 3;
  p.batch = 17;
  p.step = 421;
  p.loss_sum = 0.1 + 0.2;  // not a short decimal number
  p.images = 99;
  p.best_auroc = 1.0 / 3.0;
  p.best_epoch = 2;
  p.epochs_without_gain = 1;
  p.plateau_scale = 0.09;
  p.log = "epoch,\"a, b\"\n1,2\n";
  p.relevance_log = "epoch\n";
  return p;
}

void expect_equal(const Progression& a, const Progression& b) {
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.batch, b.batch);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.loss_sum, b.loss_sum);
  EXPECT_EQ(a.images, b.images);
  EXPECT_EQ(a.best_auroc, b.best_auroc);
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.epochs_without_gain, b.epochs_without_gain);
  EXPECT_EQ(a.plateau_scale, b.plateau_scale);
  EXPECT_EQ(a.log, b.log);
  EXPECT_EQ(a.relevance_log, b.relevance_log);
}

bool same_state(const Model& a, const Model& b) {
  const std::vector<NamedTensor> x = named_state(a);
  const std::vector<NamedTensor> y = named_state(b);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!at::equal(x[i].tensor, y[i].tensor)) return false;
  return x.size() == y.size();
}

Progression load_checkpoint(const std::filesystem::path& file, Model& model,
                            const std::vector<at::Tensor>& average, Optimizer& optimizer) {
  return restore_checkpoint(read_checkpoint(file), file, model, average, optimizer);
}

TEST(Progression, SurvivesItsTextBitForBit) {
  expect_equal(Progression::from_json(some_progression().to_json()), some_progression());
}

TEST(Checkpoint, AContinuedRunTakesTheSameStepsAsAnUnbrokenOne) {
  for (const char* kind : {"adamw", "adam", "sgd"}) {
    const ScratchFolder folder;
    const auto unbroken = small_model(1);
    Optimizer optimizer = make_optimizer(*unbroken, options_of(kind));
    std::vector<at::Tensor> average = {at::rand({3}), at::rand({2, 2})};
    test::step(*unbroken, optimizer);
    test::step(*unbroken, optimizer);
    save_checkpoint(folder / "last.ckpt", *unbroken, average, optimizer, some_progression());

    const auto continued = small_model(2);
    Optimizer second = make_optimizer(*continued, options_of(kind));
    std::vector<at::Tensor> loaded = {at::zeros({3}), at::zeros({2, 2})};
    EXPECT_FALSE(same_state(*unbroken, *continued));
    expect_equal(load_checkpoint(folder / "last.ckpt", *continued, loaded, second),
                 some_progression());
    EXPECT_TRUE(same_state(*unbroken, *continued)) << kind;
    EXPECT_TRUE(at::equal(average[0], loaded[0]));
    EXPECT_TRUE(at::equal(average[1], loaded[1]));

    test::step(*unbroken, optimizer);
    test::step(*continued, second);
    EXPECT_TRUE(same_state(*unbroken, *continued)) << kind << ": its state was not restored";
  }
}

/// The error that loading gives after `damage` to the file's content.
template <typename Damage>
std::string error_after(const Damage& damage) {
  const ScratchFolder folder;
  const auto model = small_model();
  Optimizer optimizer = make_optimizer(*model, options_of("adamw"));
  std::vector<at::Tensor> none;
  save_checkpoint(folder / "last.ckpt", *model, none, optimizer, some_progression());
  std::string content = test::slurp(folder / "last.ckpt");
  damage(content);
  test::spill(folder / "last.ckpt", content);
  try {
    (void)load_checkpoint(folder / "last.ckpt", *model, none, optimizer);
  } catch (const UserError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

TEST(Checkpoint, DamageIsNoticedWhereverItIs) {
  EXPECT_EQ(error_after([](std::string&) {}), "no error");
  EXPECT_NE(error_after([](std::string& c) { c.resize(c.size() / 2); }).find("check sum"),
            std::string::npos);
  EXPECT_NE(error_after([](std::string& c) { c.clear(); }).find("too short"), std::string::npos);
  for (const double at : {0.01, 0.3, 0.6, 0.99})
    EXPECT_NE(error_after([&](std::string& c) {
                c[static_cast<std::size_t>(at * static_cast<double>(c.size()))] ^= 0x10;
              }).find("last.ckpt cannot be read as a checkpoint"),
              std::string::npos)
        << at;
}

TEST(Checkpoint, OfAnotherConfigurationIsRefused) {
  const ScratchFolder folder;
  const auto model = small_model();
  Optimizer optimizer = make_optimizer(*model, options_of("adamw"));
  std::vector<at::Tensor> none;
  save_checkpoint(folder / "last.ckpt", *model, none, optimizer, some_progression());
  ModelSpec spec = model->spec();
  spec.findings.emplace_back("Hernia");
  Model other(spec);
  Optimizer second = make_optimizer(other, options_of("adamw"));
  EXPECT_THROW((void)load_checkpoint(folder / "last.ckpt", other, none, second), UserError);
  // Adam keeps squares that sgd's checkpoint does not have.
  Optimizer sgd = make_optimizer(*model, options_of("sgd"));
  save_checkpoint(folder / "sgd.ckpt", *model, none, sgd, some_progression());
  EXPECT_THROW((void)load_checkpoint(folder / "sgd.ckpt", *model, none, optimizer), UserError);
}

}  // namespace
}  // namespace chestmap
