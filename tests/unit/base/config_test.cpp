#include "base/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"

namespace chestmap {
namespace {

using Texts = std::vector<std::string>;
using Wholes = std::vector<std::int64_t>;
using Reals = std::vector<double>;

Config some_config() {
  return Config({
      {"seed", std::int64_t{7}, "Seed", 0.0},
      {"train.epochs", std::int64_t{20}, "Passes", 1.0, 100.0},
      {"train.rate", 0.5, "Rate", 0.0},
      {"train.shuffle", true, "Order"},
      {"model.pooling", std::string("lse"), "Pooling", {}, {}, Texts{"average", "max", "lse"}},
      {"model.note", std::string("a b"), "Any text"},
      {"model.stages", Wholes{1, 2}, "Stages", 1.0, 4.0},
      {"model.scales", Reals{0.5, 2.0}, "Scales", 0.0},
      {"model.names", Texts{"x"}, "Names"},
  });
}

/// "MESSAGE | HINT" of the UserError that `work` throws.
std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const UserError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

std::string error_in(const std::string& toml) {
  Config config = some_config();
  return error_of([&] { config.load_text(toml, "run.toml"); });
}

std::string error_of_setting(const std::string& assignment) {
  Config config = some_config();
  return error_of([&] { config.set(assignment); });
}

TEST(Config, StartsFromItsDefaults) {
  const Config config = some_config();
  EXPECT_EQ(config.whole("seed"), 7);
  EXPECT_EQ(config.count("train.epochs"), 20U);
  EXPECT_EQ(config.real("train.rate"), 0.5);
  EXPECT_TRUE(config.flag("train.shuffle"));
  EXPECT_EQ(config.text("model.pooling"), "lse");
  EXPECT_EQ(config.get<Wholes>("model.stages"), (Wholes{1, 2}));
}

TEST(Config, ReadsEveryTypeFromToml) {
  Config config = some_config();
  config.load_text(
      "seed = 1_000\n[train]\nepochs = 0x10\nrate = 2  # a whole number will do\nshuffle = false\n"
      "[model]\npooling = 'max'\nnote = \"\"\"two\nlines\"\"\"\nstages = [\n 3,\n 4, ]\n"
      "scales = [1, 2.5]\nnames = [\"a\", 'b\"']\n",
      "run.toml");
  EXPECT_EQ(config.whole("seed"), 1000);
  EXPECT_EQ(config.whole("train.epochs"), 16);
  EXPECT_EQ(config.real("train.rate"), 2.0);
  EXPECT_FALSE(config.flag("train.shuffle"));
  EXPECT_EQ(config.text("model.pooling"), "max");
  EXPECT_EQ(config.text("model.note"), "two\nlines");
  EXPECT_EQ(config.get<Wholes>("model.stages"), (Wholes{3, 4}));
  EXPECT_EQ(config.get<Reals>("model.scales"), (Reals{1.0, 2.5}));
  EXPECT_EQ(config.get<Texts>("model.names"), (Texts{"a", "b\""}));
}

TEST(Config, LaterValuesWinAndOthersStay) {
  const test::ScratchFolder folder;
  test::spill(folder / "a.toml", "train.epochs = 3\ntrain.rate = 0.25\n");
  Config config = some_config();
  config.load(folder / "a.toml");
  config.set("train.epochs=4");
  EXPECT_EQ(config.whole("train.epochs"), 4);
  EXPECT_EQ(config.real("train.rate"), 0.25);
  EXPECT_EQ(config.whole("seed"), 7);
}

TEST(Config, UnknownKeysAreErrorsThatNameTheNearest) {
  EXPECT_EQ(error_in("\n[train]\nepoch = 3\n"),
            "run.toml:3: unknown key \"train.epoch\" | did you mean \"train.epochs\"?");
  EXPECT_EQ(error_in("quite.something.else = 3"),
            "run.toml:1: unknown key \"quite.something.else\" | `chestmap config` lists every key");
  EXPECT_EQ(error_of_setting("model.poling=max"),
            "--set model.poling=max: unknown key \"model.poling\" | did you mean "
            "\"model.pooling\"?");
}

TEST(Config, WrongTypesAreErrorsThatNameTheLine) {
  EXPECT_EQ(error_in("\n\ntrain.epochs = 2.0\n"),
            "run.toml:3: train.epochs must be a whole number | Passes");
  EXPECT_EQ(error_in("train.epochs = '2'"),
            "run.toml:1: train.epochs must be a whole number | Passes");
  EXPECT_EQ(error_in("train.rate = true"), "run.toml:1: train.rate must be a number | Rate");
  EXPECT_EQ(error_in("train.shuffle = 1"),
            "run.toml:1: train.shuffle must be true or false | Order");
  EXPECT_EQ(error_in("model.note = 5"), "run.toml:1: model.note must be a text | Any text");
  EXPECT_EQ(error_in("model.stages = 3"),
            "run.toml:1: model.stages must be a list of whole numbers | Stages");
  EXPECT_EQ(error_in("model.stages = [1, 2.5]"),
            "run.toml:1: model.stages must be a list of whole numbers | Stages");
  EXPECT_EQ(error_in("model.scales = ['1']"),
            "run.toml:1: model.scales must be a list of numbers | Scales");
  EXPECT_EQ(error_in("model.names = [1]"),
            "run.toml:1: model.names must be a list of texts | Names");
}

TEST(Config, ValuesOutsideTheirRangeAreErrorsThatNameIt) {
  EXPECT_EQ(error_in("\ntrain.epochs = 0"),
            "run.toml:2: train.epochs = 0 is out of range: from 1 to 100 was expected | Passes");
  EXPECT_EQ(error_in("train.rate = -0.5"),
            "run.toml:1: train.rate = -0.5 is out of range: from 0 was expected | Rate");
  EXPECT_NE(error_in("train.rate = nan"), "no error");
  EXPECT_NE(error_in("train.epochs = 101"), "no error");
  EXPECT_EQ(error_in("train.epochs = 100"), "no error");
  EXPECT_NE(error_in("model.stages = [1, 5]"), "no error");
  EXPECT_NE(error_in("model.scales = [1, -1]"), "no error");
}

TEST(Config, TextsMustBeAmongTheirChoices) {
  EXPECT_EQ(error_in("model.pooling = 'mean'"),
            "run.toml:1: model.pooling = \"mean\" is not one of average, max, lse | Pooling");
}

TEST(Config, TextThatIsNoTomlIsAnErrorWithItsLine) {
  const std::string error = error_in("seed = 1\ntrain.epochs = \n");
  EXPECT_TRUE(error.starts_with("run.toml:2: ")) << error;
  EXPECT_TRUE(error.ends_with(" | the file must be TOML")) << error;
  EXPECT_TRUE(error_in("seed = 1\nseed = 2\n").starts_with("run.toml:2: "));
}

TEST(Config, FilesThatAreNotThereAreUserErrors) {
  Config config = some_config();
  EXPECT_THROW(config.load("/nonexistent/run.toml"), UserError);
}

TEST(Config, SettingsTakeTomlValuesAndBareWords) {
  Config config = some_config();
  for (const char* setting :
       {"train.epochs=5", " train.rate = 1e-3 ", "train.shuffle=false", "model.pooling=max",
        "model.note=a = b, c", "model.stages=[2,3]", "model.names=[\"p\", 'q']"})
    config.set(setting);
  EXPECT_EQ(config.whole("train.epochs"), 5);
  EXPECT_EQ(config.real("train.rate"), 1e-3);
  EXPECT_FALSE(config.flag("train.shuffle"));
  EXPECT_EQ(config.text("model.pooling"), "max");
  EXPECT_EQ(config.text("model.note"), "a = b, c");
  EXPECT_EQ(config.get<Wholes>("model.stages"), (Wholes{2, 3}));
  EXPECT_EQ(config.get<Texts>("model.names"), (Texts{"p", "q"}));

  config.set("model.note=\"quoted \\\"x\\\" \\t\"");
  EXPECT_EQ(config.text("model.note"), "quoted \"x\" \t");
  config.set("model.note=");
  EXPECT_EQ(config.text("model.note"), "");
  config.set("model.note=5");
  EXPECT_EQ(config.text("model.note"), "5");
}

TEST(Config, SettingsThatAreNoneAreUserErrors) {
  EXPECT_EQ(error_of_setting("train.epochs"),
            "--set train.epochs: KEY=VALUE was expected | for example --set train.epochs=3");
  EXPECT_EQ(error_of_setting("train.epochs=x"),
            "--set train.epochs=x: train.epochs must be a whole number | Passes");
  EXPECT_EQ(error_of_setting("train.epochs=1\nseed=2"),
            "--set train.epochs=1\nseed=2: train.epochs must be a whole number | Passes");
  EXPECT_EQ(error_of_setting("train.epochs="),
            "--set train.epochs=: train.epochs must be a whole number | Passes");
  EXPECT_EQ(error_of_setting("model.note=\"open"),
            "--set model.note=\"open: model.note must be a text | Any text");
  EXPECT_NE(error_of_setting("=3"), "no error");
  EXPECT_NE(error_of_setting("train.epochs=0"), "no error");
}

TEST(Config, ItsTextIsReadBackExactly) {
  std::string every_byte;
  for (int c = 1; c < 128; ++c) every_byte += static_cast<char>(c);
  Config config = some_config();
  config.set("seed", std::int64_t{9'007'199'254'740'993}, "test");  // 2^53 + 1
  config.set("train.rate", 0.1 + 0.2, "test");
  config.set("train.shuffle", false, "test");
  config.set("model.note", every_byte + "größe", "test");
  config.set("model.scales", Reals{1.0, 1e300, 5e-324, 1.0 / 3.0, 1e16, 123456789.0}, "test");
  config.set("model.names", Texts{"", "a,b", "[x] # no comment", "C:\\dir\n\"q\""}, "test");
  config.set("model.stages", Wholes{}, "test");
  Config read = some_config();
  read.load_text(config.to_toml(), "config.toml");
  EXPECT_EQ(read.whole("seed"), 9'007'199'254'740'993);
  EXPECT_EQ(read.real("train.rate"), 0.1 + 0.2);
  EXPECT_FALSE(read.flag("train.shuffle"));
  EXPECT_EQ(read.text("model.note"), every_byte + "größe");
  EXPECT_EQ(read.get<Reals>("model.scales"), config.get<Reals>("model.scales"));
  EXPECT_EQ(read.get<Texts>("model.names"), config.get<Texts>("model.names"));
  EXPECT_TRUE(read.get<Wholes>("model.stages").empty());
  EXPECT_EQ(read.to_toml(), config.to_toml());
}

TEST(Config, ItsTextHasSectionsAndHelp) {
  const std::string text = some_config().to_toml();
  EXPECT_TRUE(text.starts_with("# Seed\nseed = 7\n\n[train]\n# Passes\nepochs = 20\n")) << text;
  EXPECT_NE(text.find("\n[model]\n# Pooling\npooling = \"lse\"\n"), std::string::npos) << text;
}

TEST(Config, InfiniteValuesSurviveItsText) {
  Config config({{"a", 0.0, "Any number"}});
  config.set("a", -std::numeric_limits<double>::infinity(), "test");
  Config read({{"a", 0.0, "Any number"}});
  read.load_text(config.to_toml(), "config.toml");
  EXPECT_EQ(read.real("a"), -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace chestmap
