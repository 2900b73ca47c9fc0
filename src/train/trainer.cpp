#include "train/trainer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/autograd.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/utils.h>

#include <cmath>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/loader.h"
#include "metrics/auroc.h"
#include "nn/device.h"
#include "nn/initial_weights.h"
#include "nn/loss.h"
#include "train/checkpoint.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/tensorboard.h"
#include "train/train_config.h"

namespace chestmap {

namespace {

enum StreamPurpose : std::uint64_t { kStageDropout = 101 };

LabelCounts count_split_labels(const Dataset& dataset, const std::vector<std::size_t>& indices) {
  const auto findings = static_cast<std::int64_t>(dataset.findings.size());
  LabelCounts counts{at::zeros({findings}), at::zeros({findings})};
  auto positives = counts.positives.accessor<float, 1>();
  auto negatives = counts.negatives.accessor<float, 1>();
  for (const std::size_t index : indices)
    for (std::int64_t f = 0; f < findings; ++f) {
      const Label label = dataset.records[index].labels[static_cast<std::size_t>(f)];
      if (label == Label::positive) positives[f] += 1.0F;
      if (label == Label::negative) negatives[f] += 1.0F;
    }
  return counts;
}

LabelCounts on_device(const LabelCounts& counts, c10::Device device) {
  return {counts.positives.to(device), counts.negatives.to(device)};
}

struct DeviceBatch {
  at::Tensor images;  // N x H x W
  at::Tensor labels;  // N x C
};

DeviceBatch to_device(Batch& batch, std::int64_t size, std::int64_t findings, c10::Device device) {
  const auto count = static_cast<std::int64_t>(batch.records.size());
  const at::Tensor images = at::from_blob(batch.pixels.data(), {count, size, size}, at::kFloat);
  const at::Tensor labels = at::from_blob(batch.labels.data(), {count, findings}, at::kChar);
  // The clone: the batch's memory goes before the graph does.
  return {images.clone().to(device), labels.to(at::kFloat).to(device)};
}

struct Validation {
  double loss = 0.0;
  std::vector<std::optional<double>> auroc;  // a finding
  double mean_auroc = 0.0;                   // over the findings that have both labels
};

class Run {
 public:
  explicit Run(const TrainJob& job)
      : job_(job),
        options_(train_options(*job.config)),
        device_(prepare_device(job.device, options_.threads)),
        train_loader_(*job.dataset, job.train, loader_options(*job.config, true)),
        valid_loader_(*job.dataset, job.valid, loader_options(*job.config, false)),
        loss_(balance_of(options_.balance),
              on_device(count_split_labels(*job.dataset, job.train), device_)),
        board_(job.folder / "tensorboard") {
    torch::manual_seed(options_.seed);
    ModelSpec spec = model_spec(*job.config, job.dataset->findings.names());
    spec.provenance = job.provenance;
    model_ = std::make_shared<Model>(std::move(spec));
    if (job.initial != nullptr && !job.resume)
      load_initial_weights(model_->backbone(), *job.initial);
    model_->freeze_stages(options_.freeze_stages);
    model_->to(device_);
    optimizer_ = make_optimizer(*model_, options_);
    full_rates_ = learning_rates(*optimizer_);
    if (options_.average_decay > 0)
      for (const at::Tensor& parameter : model_->parameters())
        average_.push_back(parameter.detach().clone());
    const auto steps = static_cast<double>(train_loader_.batches());
    schedule_ = {options_.schedule, options_.warmup_epochs * steps,
                 static_cast<double>(options_.epochs) * steps};
    if (job.resume)
      progression_ = restore_checkpoint(read_checkpoint(checkpoint_file()), checkpoint_file(),
                                        *model_, average_, *optimizer_);
    if (progression_.log.empty()) progression_.log = log_header();
    if (progression_.relevance_log.empty())
      progression_.relevance_log = "epoch,finding,stage,relevance\n";
  }

  TrainResult run() {
    TrainResult result;
    while (progression_.epoch < options_.epochs && !stops_early()) {
      if (!train_epoch()) {
        result.stopped = true;
        break;
      }
      finish_epoch();
    }
    result.best_epoch = progression_.best_epoch;
    result.best_auroc = progression_.best_auroc;
    for (const Loader* loader : {&train_loader_, &valid_loader_})
      for (Skipped& item : loader->skipped()) result.skipped.push_back(std::move(item));
    return result;
  }

 private:
  [[nodiscard]] std::filesystem::path checkpoint_file() const { return job_.folder / "last.ckpt"; }

  [[nodiscard]] bool stops_early() const {
    return options_.early_stopping > 0 &&
           progression_.epochs_without_gain >= options_.early_stopping;
  }

  [[nodiscard]] std::string log_header() const {
    std::vector<std::string> header = {"epoch", "learning_rate", "train_loss", "valid_loss",
                                       "valid_auroc"};
    for (const std::string& finding : job_.dataset->findings.names())
      header.push_back("auroc." + finding);
    return csv_line(header);
  }

  [[nodiscard]] double rate_factor() const {
    return schedule_.factor(progression_.step) * progression_.plateau_scale;
  }

  void save() { save_checkpoint(checkpoint_file(), *model_, average_, *optimizer_, progression_); }

  /// 1 where a stage is kept, N x S; undefined where stage dropout is off.
  [[nodiscard]] at::Tensor draw_stage_keep(std::int64_t images) const {
    const auto stages = static_cast<std::int64_t>(model_->spec().stages.size());
    if (options_.stage_dropout <= 0 || stages == 1) return {};
    at::Tensor keep = at::ones({images, stages});
    auto values = keep.accessor<float, 2>();
    for (std::int64_t i = 0; i < images; ++i) {
      RandomStream stream{
          options_.seed, kStageDropout, static_cast<std::uint64_t>(progression_.epoch),
          static_cast<std::uint64_t>(progression_.batch), static_cast<std::uint64_t>(i)};
      const auto spared =
          static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(stages)));
      for (std::int64_t s = 0; s < stages; ++s)
        if (stream.chance(options_.stage_dropout) && s != spared) values[i][s] = 0.0F;
    }
    return keep.to(device_);
  }

  [[nodiscard]] at::Tensor loss_of(const HeadOutput& output, const at::Tensor& labels) {
    const LabelCounts counts = count_labels(labels);
    at::Tensor loss = loss_.mean(output.logits, labels, counts);
    const auto stages = output.stage_logits.size(-1);
    if (stages > 1 && (options_.auxiliary_loss > 0 || model_->spec().relevance == "evidence")) {
      std::vector<at::Tensor> losses;
      std::vector<at::Tensor> by_finding;
      for (std::int64_t s = 0; s < stages; ++s) {
        const at::Tensor logits = output.stage_logits.select(-1, s);
        losses.push_back(loss_.mean(logits, labels, counts));
        by_finding.push_back(loss_.per_finding(logits, labels, counts));
      }
      if (options_.auxiliary_loss > 0)
        loss = loss + options_.auxiliary_loss * at::stack(losses).mean();
      const at::NoGradGuard no_gradient;
      model_->head().observe(at::stack(by_finding, -1));
    }
    if (stages > 1 && options_.agreement_loss > 0)
      loss = loss + options_.agreement_loss *
                        model_->head().disagreement(output, labels, counts.positives.sum());
    if (options_.relevance_entropy != 0.0) {
      const at::Tensor alpha = model_->head().relevance();
      loss =
          loss - options_.relevance_entropy * (alpha * alpha.clamp_min(1e-8).log()).sum(-1).mean();
    }
    return loss;
  }

  void step(Batch& batch) {
    set_learning_rates(*optimizer_, full_rates_, rate_factor());
    const DeviceBatch input =
        to_device(batch, model_->spec().input_size,
                  static_cast<std::int64_t>(job_.dataset->findings.size()), device_);
    const HeadOutput output = model_->forward(input.images, draw_stage_keep(input.images.size(0)));
    const at::Tensor loss = loss_of(output, input.labels);
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      throw UserError(fmt::format("the loss is no longer a number in epoch {}, step {}",
                                  progression_.epoch + 1, progression_.batch + 1),
                      "train again, in a new folder, with a lower train.learning_rate or "
                      "train.gradient_clip");
    optimizer_->zero_grad();
    loss.backward();
    if (options_.gradient_clip > 0)
      torch::nn::utils::clip_grad_norm_(model_->parameters(), options_.gradient_clip);
    optimizer_->step();
    update_average();
    progression_.loss_sum += value * static_cast<double>(batch.records.size());
    progression_.images += static_cast<std::int64_t>(batch.records.size());
  }

  void update_average() {
    const at::NoGradGuard no_gradient;
    const std::vector<at::Tensor> parameters = model_->parameters();
    for (std::size_t i = 0; i < average_.size(); ++i) {
      // Rounding would move a frozen one.
      if (!parameters[i].requires_grad()) continue;
      average_[i]
          .mul_(options_.average_decay)
          .add_(parameters[i].detach(), 1.0 - options_.average_decay);
    }
  }

  /// False when a stop was asked for; the checkpoint then holds the batch to go on with.
  bool train_epoch() {
    model_->train();
    train_loader_.start(static_cast<std::uint64_t>(progression_.epoch),
                        static_cast<std::size_t>(progression_.batch));
    Progress bar(fmt::format("epoch {}/{}", progression_.epoch + 1, options_.epochs),
                 job_.train.size(), "images");
    while (std::optional<Batch> batch = train_loader_.next()) {
      // Batch normalisation has no variance to take from a single image.
      if (batch->records.size() > 1) step(*batch);
      ++progression_.batch;
      ++progression_.step;
      bar.update(static_cast<std::size_t>(progression_.images),
                 fmt::format("loss {:.4f}, best AUROC {:.4f}",
                             progression_.loss_sum / static_cast<double>(std::max<std::int64_t>(
                                                         1, progression_.images)),
                             std::max(0.0, progression_.best_auroc)));
      if (job_.stop_requested && job_.stop_requested()) {
        save();
        return false;
      }
      if (options_.checkpoint_batches > 0 && progression_.batch % options_.checkpoint_batches == 0)
        save();
    }
    return true;
  }

  Validation validate() {
    model_->eval();
    const at::NoGradGuard no_gradient;
    const auto findings = job_.dataset->findings.size();
    std::vector<std::vector<ScoredLabel>> scores(findings);
    double loss_sum = 0.0;
    std::size_t images = 0;
    valid_loader_.start(0);
    while (std::optional<Batch> batch = valid_loader_.next()) {
      if (batch->records.empty()) continue;
      const DeviceBatch input = to_device(*batch, model_->spec().input_size,
                                          static_cast<std::int64_t>(findings), device_);
      const at::Tensor logits = model_->forward(input.images).logits;
      loss_sum += loss_.mean(logits, input.labels, count_labels(input.labels)).item<double>() *
                  static_cast<double>(batch->records.size());
      const at::Tensor on_cpu = logits.cpu().contiguous();
      const auto values = on_cpu.accessor<float, 2>();
      for (std::size_t i = 0; i < batch->records.size(); ++i, ++images)
        for (std::size_t f = 0; f < findings; ++f) {
          const auto label = static_cast<Label>(batch->labels[i * findings + f]);
          if (label == Label::unknown) continue;
          const float score = values[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(f)];
          scores[f].push_back({images, score, label == Label::positive});
        }
    }
    Validation validation;
    validation.loss = images > 0 ? loss_sum / static_cast<double>(images) : 0.0;
    double sum = 0.0;
    int defined = 0;
    for (const auto& finding : scores) {
      validation.auroc.push_back(auroc(Ranking(finding)));
      if (!validation.auroc.back()) continue;
      sum += *validation.auroc.back();
      ++defined;
    }
    if (defined == 0)
      throw UserError("no finding has both positive and negative images in the validation split",
                      "raise data.valid_fraction, or give more images");
    validation.mean_auroc = sum / defined;
    return validation;
  }

  /// Exchanges the weights with their moving average, where one is kept.
  void swap_average() {
    const at::NoGradGuard no_gradient;
    const std::vector<at::Tensor> parameters = model_->parameters();
    for (std::size_t i = 0; i < average_.size(); ++i) {
      const at::Tensor kept = parameters[i].detach().clone();
      parameters[i].detach().copy_(average_[i]);
      average_[i].copy_(kept);
    }
  }

  void finish_epoch() {
    swap_average();
    const Validation validation = validate();
    const bool better = validation.mean_auroc > progression_.best_auroc;
    if (better) {
      progression_.best_auroc = validation.mean_auroc;
      progression_.best_epoch = progression_.epoch;
      progression_.epochs_without_gain = 0;
      model_->spec().provenance["epoch"] = std::to_string(progression_.epoch + 1);
      model_->spec().provenance["validation_auroc"] = fmt::format("{:.6f}", validation.mean_auroc);
      save_model(*model_, job_.folder / "best.safetensors");
    } else {
      ++progression_.epochs_without_gain;
      if (options_.schedule == "plateau" &&
          progression_.epochs_without_gain % options_.plateau_patience == 0)
        progression_.plateau_scale *= options_.plateau_factor;
    }
    swap_average();
    write_log(validation);
    ++progression_.epoch;
    progression_.batch = 0;
    progression_.loss_sum = 0.0;
    progression_.images = 0;
    save();
  }

  void write_log(const Validation& validation) {
    const std::int64_t epoch = progression_.epoch + 1;
    const double train_loss =
        progression_.loss_sum / static_cast<double>(std::max<std::int64_t>(1, progression_.images));
    const double rate = options_.learning_rate * rate_factor();
    std::vector<std::string> row = {
        std::to_string(epoch), fmt::format("{:.6g}", rate), fmt::format("{:.6f}", train_loss),
        fmt::format("{:.6f}", validation.loss), fmt::format("{:.6f}", validation.mean_auroc)};
    for (const auto& value : validation.auroc)
      row.push_back(value ? fmt::format("{:.6f}", *value) : "");
    progression_.log += csv_line(row);
    write_file(job_.folder / "log.csv", progression_.log);
    write_relevance(epoch);
    board_.scalar("loss/train", train_loss, epoch);
    board_.scalar("loss/valid", validation.loss, epoch);
    board_.scalar("auroc/mean", validation.mean_auroc, epoch);
    board_.scalar("learning_rate", rate, epoch);
    for (std::size_t f = 0; f < validation.auroc.size(); ++f)
      if (validation.auroc[f])
        board_.scalar("auroc/" + job_.dataset->findings[f], *validation.auroc[f], epoch);
    note("epoch {}/{}: train loss {:.4f}, validation loss {:.4f}, mean AUROC {:.4f}{}", epoch,
         options_.epochs, train_loss, validation.loss, validation.mean_auroc,
         progression_.best_epoch + 1 == epoch ? " (best)" : "");
  }

  void write_relevance(std::int64_t epoch) {
    const at::NoGradGuard no_gradient;
    const at::Tensor alpha = model_->head().relevance().cpu().contiguous();
    const auto values = alpha.accessor<float, 2>();
    for (std::int64_t f = 0; f < alpha.size(0); ++f)
      for (std::int64_t s = 0; s < alpha.size(1); ++s) {
        const std::string& finding = job_.dataset->findings[static_cast<std::size_t>(f)];
        const std::int64_t stage = model_->spec().stages[static_cast<std::size_t>(s)];
        progression_.relevance_log +=
            fmt::format("{},{},{},{:.6f}\n", epoch, csv_field(finding), stage, values[f][s]);
        board_.scalar(fmt::format("relevance/{}/stage{}", finding, stage), values[f][s], epoch);
      }
    write_file(job_.folder / "relevance.csv", progression_.relevance_log);
  }

  const TrainJob& job_;
  TrainOptions options_;
  c10::Device device_;
  Loader train_loader_;
  Loader valid_loader_;
  BalancedLoss loss_;
  TensorBoardWriter board_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  std::vector<double> full_rates_;  // of its groups
  std::vector<at::Tensor> average_;
  Schedule schedule_;
  Progression progression_;
};

}  // namespace

TrainResult train(const TrainJob& job) { return Run(job).run(); }

}  // namespace chestmap
