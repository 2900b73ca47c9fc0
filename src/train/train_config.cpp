#include "train/train_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "nn/loss.h"
#include "nn/pooling.h"
#include "weights/backbone_layout.h"

namespace chestmap {

namespace {

using Texts = std::vector<std::string>;
using Wholes = std::vector<std::int64_t>;

std::int64_t whole(int value) { return value; }

std::vector<ConfigKey> data_keys() {
  return {
      {"seed", whole(0), "Seeds the split, the initial weights, the order and the augmentation",
       0.0},
      {"data.valid_fraction", 0.15, "Share of the train_val patients kept for validation", 0.01,
       0.9},
      {"data.threads", whole(2), "Threads that decode images", 1.0, 256.0},
      {"data.prefetch", whole(4), "Batches decoded ahead", 1.0, 1024.0},
      {"data.cache_mib", whole(1024), "Memory for resized images kept between epochs, MiB", 0.0},
      {"data.device_cache",
       std::string("auto"),
       "Keep the training images on the device and augment them there: on, off, or auto, on a GPU "
       "of whose free memory they take at most half",
       {},
       {},
       Texts{"auto", "on", "off"}},
      {"data.uncertain", Texts{"ignore"},
       "What uncertain labels count as: ignore (no part in the loss), ones or zeros for all, and "
       "FINDING=ones and the like for single findings"},
      {"data.most_skipped", 0.05, "Share of unreadable images above which the run stops", 0.0, 1.0},
  };
}

std::vector<ConfigKey> model_keys() {
  return {
      {"model.backbone",
       std::string("densenet121"),
       "Network that gives the stages",
       {},
       {},
       backbone_names()},
      {"model.head",
       std::string("multiscale"),
       "multiscale; pyramid (top-down sums first; ours, not the paper's); sedai2018 (the plain "
       "reading of the paper: "
       "all stages, learned relevance, no map normalisation or alignment, fusion scores, average "
       "pooling, no dropout, no auxiliary and no agreement loss)",
       {},
       {},
       Texts{"multiscale", "pyramid", "sedai2018"}},
      {"model.stages", Wholes{1, 2, 3},
       "Stages used, shallow to deep; [4] alone is the CAM baseline", 1.0, 4.0},
      {"model.relevance",
       std::string("learned"),
       "learned (softmax a finding), shared (one softmax for all), uniform, evidence (from each "
       "stage's own loss)",
       {},
       {},
       Texts{"learned", "shared", "uniform", "evidence"}},
      {"model.normalise_maps", true,
       "Normalise each stage's map of each finding, so that relevance compares stages"},
      {"model.fusion",
       std::string("scores"),
       "Join the stages' maps, or their pooled scores",
       {},
       {},
       Texts{"maps", "scores"}},
      {"model.pooling", std::string("lse"), "How a map becomes a score", {}, {}, pooling_names()},
      {"model.lse_r", 5.0,
       "Sharpness of log-sum-exp pooling: towards 0 average, towards infinity max", 0.01, 1000.0},
      {"model.align_maps", true,
       "Move each stage's map of a finding to where its cells look, measured on positive images of "
       "the validation split when training ends"},
      {"model.size", whole(224), "Side that images are resized to, pixels", 32.0, 4096.0},
      {"model.channels", whole(1), "Input channels: 1, or 3 equal ones", 1.0, 3.0},
      {"model.pixel_mean", 0.5, "Subtracted from grey values in [0, 1]"},
      {"model.pixel_deviation", 0.25, "Grey values are divided by it", 1e-6},
  };
}

std::vector<ConfigKey> train_keys() {
  return {
      {"train.epochs", whole(20), "Passes over the training split", 1.0},
      {"train.batch", whole(16), "Images a step, over all ranks together", 2.0},
      {"train.optimizer",
       std::string("adamw"),
       "adamw, adam or sgd",
       {},
       {},
       Texts{"adamw", "adam", "sgd"}},
      {"train.precision",
       std::string("float32"),
       "Of the convolutions: float32, or bfloat16 (autocast; weights, norms, head and losses keep "
       "single precision; for GPUs: on the CPU it is slower)",
       {},
       {},
       Texts{"float32", "bfloat16"}},
      {"train.record_steps", true,
       "On one GPU, record a step once and replay it for each batch (a CUDA graph)"},
      {"train.learning_rate", 1e-3, "At the end of the warm-up", 0.0},
      {"train.relevance_learning_rate", 1e-3,
       "Of the relevance, which has a schedule of the same form", 0.0},
      {"train.backbone_learning_rate_factor", 1.0,
       "The backbone's learning rate over that of the head; below 1 for a backbone that was "
       "trained before",
       0.0},
      {"train.freeze_stages", Wholes{},
       "Backbone stages that are not trained, batch statistics included, e.g. [1, 2]; the stem "
       "belongs to stage 1",
       1.0, 4.0},
      {"train.weight_decay", 1e-4, "Of convolution weights alone", 0.0},
      {"train.momentum", 0.9, "Of sgd", 0.0, 1.0},
      {"train.schedule",
       std::string("cosine"),
       "cosine (to 0), plateau (of the validation AUROC) or constant",
       {},
       {},
       Texts{"cosine", "plateau", "constant"}},
      {"train.warmup_epochs", 1.0, "Epochs of linear warm-up; fractions are meant", 0.0},
      {"train.plateau_patience", whole(3),
       "Epochs without a better AUROC before plateau cuts the rate", 1.0},
      {"train.plateau_factor", 0.3, "What plateau multiplies the rate by", 0.0, 1.0},
      {"train.gradient_clip", 5.0, "Largest norm of the gradient; 0 is off", 0.0},
      {"train.average_decay", 0.0,
       "Decay of an exponential moving average of the weights, per step; 0 is off", 0.0, 0.999999},
      {"train.stage_dropout", 0.3, "Probability that a stage is left out for an image; 0 is off",
       0.0, 0.95},
      {"train.auxiliary_loss", 1.0, "Weight of each stage's own classification loss; 0 is off",
       0.0},
      {"train.agreement_loss", 0.0,
       "Weight of how far the deepest stage points elsewhere than the finer ones on positive "
       "images; 0 is off",
       0.0},
      {"train.relevance_entropy", 0.0,
       "Weight of the relevance's entropy in the loss: above 0 pays for decided stages", -10.0,
       10.0},
      {"train.balance",
       std::string("dataset"),
       "Weights of positives and negatives counted over the batch (W-CEL), over the "
       "data set per finding, or none",
       {},
       {},
       balance_names()},
      {"train.early_stopping", whole(0),
       "Epochs without a better validation AUROC before the run ends; 0 is off", 0.0},
      {"train.threads", whole(0),
       "Threads that compute; 0 takes every core, or a rank's part of them", 0.0, 1024.0},
      {"train.checkpoint_batches", whole(0),
       "Steps between checkpoints within an epoch; 0 saves at its end alone", 0.0},
      {"train.synchronise_norms", true,
       "Of several ranks: batch norms take mean and variance over the images of all of them, so "
       "that the number of ranks does not matter"},
      {"train.bucket_mib", 4.0,
       "Of several ranks: gradients are sent in pieces of this size, MiB, while others are "
       "computed",
       0.001, 1024.0},
  };
}

std::vector<ConfigKey> augment_keys() {
  return {
      {"augment.shift", 0.05, "Largest shift, share of the side", 0.0, 1.0},
      {"augment.scale", 0.1, "Scale factor from 1 - scale to 1 + scale", 0.0, 0.9},
      {"augment.rotation", 5.0, "Largest angle, degrees", 0.0, 180.0},
      {"augment.flip", 0.0,
       "Probability of a left-right flip, which puts the heart on the wrong side", 0.0, 1.0},
      {"augment.brightness", 0.05, "Largest offset added to grey values in [0, 1]", 0.0, 1.0},
      {"augment.contrast", 0.1, "Contrast factor from 1 - contrast to 1 + contrast", 0.0, 0.99},
      {"augment.gamma", 0.1, "Exponent from 1 / (1 + gamma) to 1 + gamma", 0.0, 10.0},
  };
}

std::vector<ConfigKey> box_keys() {
  return {
      {"boxes.rule",
       std::string("expected_area"),
       "expected_area: the level at which the box round the peak has the finding's expected area; "
       "median_peak: a level "
       "fitted per finding on the validation split so that the median box has it",
       {},
       {},
       Texts{"expected_area", "median_peak"}},
      {"boxes.area_prior",
       Texts{"Atelectasis=1.9", "Cardiomegaly=17.1", "Effusion=5.6", "Infiltration=5.7", "Mass=1.5",
             "Nodule=0.46", "Pneumonia=5.7", "Pneumothorax=3.6"},
       "Expected area of a finding's box, percent of the image; box levels are fitted to it on the "
       "validation split. "
       "The defaults are the medians of ChestX-ray14's 984 boxes"},
      {"boxes.area_prior_other", 4.0, "The same for findings not named", 0.01, 100.0},
  };
}

}  // namespace

Config train_config() {
  std::vector<ConfigKey> keys = data_keys();
  for (auto&& section : {model_keys(), train_keys(), augment_keys(), box_keys()})
    keys.insert(keys.end(), section.begin(), section.end());
  return Config(std::move(keys));
}

void resolve_head(Config& config) {
  if (config.text("model.head") != "sedai2018") return;
  const std::string origin = "model.head = \"sedai2018\"";
  config.set("model.stages", Wholes{1, 2, 3, 4}, origin);
  config.set("model.relevance", std::string("learned"), origin);
  config.set("model.normalise_maps", false, origin);
  config.set("model.fusion", std::string("scores"), origin);
  config.set("model.pooling", std::string("average"), origin);
  config.set("model.align_maps", false, origin);
  config.set("train.stage_dropout", 0.0, origin);
  config.set("train.auxiliary_loss", 0.0, origin);
  config.set("train.agreement_loss", 0.0, origin);
  config.set("train.relevance_entropy", 0.0, origin);
}

void check_config(const Config& config) {
  static_cast<void>(model_spec(config, {}));
  static_cast<void>(area_prior(config, {}));
}

TrainOptions train_options(const Config& config) {
  TrainOptions options;
  options.seed = static_cast<std::uint64_t>(config.whole("seed"));
  options.epochs = config.whole("train.epochs");
  options.optimizer = config.text("train.optimizer");
  options.record_steps = config.flag("train.record_steps");
  options.device_cache = config.text("data.device_cache");
  options.precision = config.text("train.precision");
  options.learning_rate = config.real("train.learning_rate");
  options.relevance_learning_rate = config.real("train.relevance_learning_rate");
  options.backbone_learning_rate_factor = config.real("train.backbone_learning_rate_factor");
  options.freeze_stages = config.get<Wholes>("train.freeze_stages");
  options.weight_decay = config.real("train.weight_decay");
  options.momentum = config.real("train.momentum");
  options.schedule = config.text("train.schedule");
  options.warmup_epochs = config.real("train.warmup_epochs");
  options.plateau_patience = config.whole("train.plateau_patience");
  options.plateau_factor = config.real("train.plateau_factor");
  options.gradient_clip = config.real("train.gradient_clip");
  options.average_decay = config.real("train.average_decay");
  options.stage_dropout = config.real("train.stage_dropout");
  options.auxiliary_loss = config.real("train.auxiliary_loss");
  options.agreement_loss = config.real("train.agreement_loss");
  options.relevance_entropy = config.real("train.relevance_entropy");
  options.balance = config.text("train.balance");
  options.early_stopping = config.whole("train.early_stopping");
  options.threads = config.whole("train.threads");
  options.checkpoint_batches = config.whole("train.checkpoint_batches");
  options.synchronise_norms = config.flag("train.synchronise_norms");
  options.bucket_mib = config.real("train.bucket_mib");
  return options;
}

ModelSpec model_spec(const Config& config, std::vector<std::string> findings) {
  ModelSpec spec;
  spec.findings = std::move(findings);
  spec.backbone = config.text("model.backbone");
  spec.head = config.text("model.head") == "pyramid" ? "pyramid" : "multiscale";
  spec.stages = config.get<Wholes>("model.stages");
  spec.relevance = config.text("model.relevance");
  spec.normalise_maps = config.flag("model.normalise_maps");
  spec.fusion = config.text("model.fusion");
  spec.pooling = config.text("model.pooling");
  spec.lse_r = config.real("model.lse_r");
  spec.input_size = config.whole("model.size");
  spec.input_channels = config.whole("model.channels");
  if (spec.input_channels == 2)
    throw UserError("model.channels = 2 is not possible", "1, or 3 equal ones");
  if (spec.stages.empty() || std::adjacent_find(spec.stages.begin(), spec.stages.end(),
                                                std::greater_equal<>()) != spec.stages.end())
    throw UserError(
        fmt::format("model.stages = [{}] is not a rising list", fmt::join(spec.stages, ", ")),
        "stages are named once each, from shallow to deep: [1, 2, 3, 4], or [4] alone");
  spec.pixel_mean = config.real("model.pixel_mean");
  spec.pixel_deviation = config.real("model.pixel_deviation");
  spec.box_rule_provenance = "not fitted";
  spec.program_version = CHESTMAP_VERSION;
  return spec;
}

LoaderOptions loader_options(const Config& config, bool training) {
  LoaderOptions options;
  options.size = config.count("model.size");
  options.batch = config.count("train.batch");
  options.threads = config.count("data.threads");
  options.prefetch = config.count("data.prefetch");
  options.cache_mib = config.count("data.cache_mib");
  options.most_skipped = config.real("data.most_skipped");
  options.seed = static_cast<std::uint64_t>(config.whole("seed"));
  if (!training) return options;
  options.shuffle = true;
  options.augmentation = {config.real("augment.shift"),      config.real("augment.scale"),
                          config.real("augment.rotation"),   config.real("augment.flip"),
                          config.real("augment.brightness"), config.real("augment.contrast"),
                          config.real("augment.gamma")};
  return options;
}

std::map<std::string, double> area_prior(const Config& config,
                                         const std::vector<std::string>& findings) {
  std::map<std::string, double> prior;
  for (const std::string& finding : findings)
    prior[finding] = config.real("boxes.area_prior_other") / 100.0;
  for (const std::string& entry : config.get<Texts>("boxes.area_prior")) {
    const std::size_t equals = entry.find('=');
    const auto percent =
        equals == std::string::npos ? std::nullopt : parse_number(entry.substr(equals + 1));
    if (!percent || !(*percent > 0.0 && *percent <= 100.0))
      throw UserError(fmt::format("boxes.area_prior: \"{}\" is not Finding=percent", entry),
                      "for example \"Nodule=0.46\"");
    const auto found = prior.find(entry.substr(0, equals));
    if (found != prior.end()) found->second = *percent / 100.0;
  }
  return prior;
}

}  // namespace chestmap
