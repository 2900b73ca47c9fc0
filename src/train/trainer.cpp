#include "train/trainer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/loader.h"
#include "distributed/communicator.h"
#include "distributed/gradient_buckets.h"
#include "nn/device.h"
#include "nn/initial_weights.h"
#include "nn/loss.h"
#include "train/batch_feed.h"
#include "train/checkpoint.h"
#include "train/device_images.h"
#include "train/largest_batch.h"
#include "train/late_value.h"
#include "train/optimizer.h"
#include "train/recorded_step.h"
#include "train/run_log.h"
#include "train/schedule.h"
#include "train/step.h"
#include "train/train_config.h"
#include "train/upload.h"
#include "train/validation.h"
#include "train/weight_average.h"

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
  return {uploaded(counts.positives, device), uploaded(counts.negatives, device)};
}

struct DeviceBatch {
  at::Tensor images;  // N x H x W
  at::Tensor labels;  // N x C
};

LoaderOptions part_of(LoaderOptions options, const Communicator& ranks) {
  options.part = static_cast<std::size_t>(ranks.rank());
  options.parts = static_cast<std::size_t>(ranks.ranks());
  return options;
}

/// `kept` are the images where they are on the device already, null elsewhere.
DeviceBatch to_device(Batch& batch, std::int64_t size, std::int64_t findings, c10::Device device,
                      const DeviceImages* kept) {
  const auto count = static_cast<std::int64_t>(batch.records.size());
  const at::Tensor labels = at::from_blob(batch.labels.data(), {count, findings}, at::kChar);
  DeviceBatch result{{}, uploaded(labels.to(at::kFloat), device)};
  result.images =
      kept != nullptr && count > 0
          ? kept->of(batch)
          : uploaded(at::from_blob(batch.pixels.data(), {count, size, size}, at::kFloat), device);
  return result;
}

/// The parts one below the other; nothing of the given shape and type where there are none.
at::Tensor joined(const std::vector<at::Tensor>& parts, at::IntArrayRef shape,
                  at::ScalarType type) {
  return parts.empty() ? at::zeros(shape, type) : at::cat(parts);
}

/// A step that the device may still be computing.
struct TakenStep {
  LateValue loss;       // of this rank
  std::int64_t images;  // of the whole batch
  std::int64_t batch;   // of the epoch
};

class Run {
 public:
  explicit Run(const TrainJob& job)
      : job_(job),
        ranks_(*job.ranks),
        options_(train_options(*job.config)),
        device_(prepare_device(job.device, job.threads)),
        train_loader_(*job.dataset, job.train, part_of(loader_options(*job.config, true), ranks_)),
        valid_loader_(*job.dataset, job.valid, part_of(loader_options(*job.config, false), ranks_)),
        feed_(train_loader_, ranks_, job.dataset->findings.size(), job.train.size(),
              job.config->real("data.most_skipped")),
        loss_(balance_of(options_.balance),
              on_device(count_split_labels(*job.dataset, job.train), device_)) {
    torch::manual_seed(options_.seed);
    ModelSpec spec = model_spec(*job.config, job.dataset->findings.names());
    spec.provenance = job.provenance;
    model_ = std::make_shared<Model>(std::move(spec));
    if (job.initial != nullptr && !job.resume)
      load_initial_weights(model_->backbone(), *job.initial);
    model_->freeze_stages(options_.freeze_stages);
    model_->to(device_);
    join_ranks();
    optimizer_.emplace(make_optimizer(*model_, options_));
    average_.emplace(*model_, options_.average_decay);
    step_.emplace(*model_, *optimizer_, *average_, loss_, ranks_, buckets_ ? &*buckets_ : nullptr,
                  options_);
    // What ranks exchange is not recorded.
    recorded_.emplace([this](const StepInput& input) { return step_->run(input); },
                      options_.record_steps && ranks_.ranks() == 1);
    const auto steps = static_cast<double>(train_loader_.batches());
    schedule_ = {options_.schedule, options_.warmup_epochs * steps,
                 static_cast<double>(options_.epochs) * steps};
    if (job.resume) {
      const std::string content =
          ranks_.broadcast(ranks_.leads() ? read_checkpoint(checkpoint_file()) : std::string());
      progression_ =
          restore_checkpoint(content, checkpoint_file(), *model_, average_->tensors(), *optimizer_);
    }
    if (ranks_.leads()) {
      log_.emplace(job.folder, job.dataset->findings.names(), model_->spec().stages);
      log_->begin(progression_);
    }
  }

  TrainResult run() {
    TrainResult result;
    result.stopped = !keep_images();
    while (!result.stopped && !is_done()) {
      result.stopped = !train_epoch();
      if (!result.stopped) finish_epoch();
    }
    result.best_epoch = progression_.best_epoch;
    result.best_auroc = progression_.best_auroc;
    result.skipped = skipped_of_all();
    return result;
  }

 private:
  /// Makes the other ranks' weights those of rank 0, and has gradients and, where asked for, batch
  /// norms be those of all ranks.
  void join_ranks() {
    if (ranks_.ranks() == 1) return;
    for (const NamedTensor& item : named_state(*model_)) {
      const at::NoGradGuard no_gradient;
      const at::Tensor shared = item.tensor.detach().contiguous();
      ranks_.broadcast(shared);
      item.tensor.detach().copy_(shared);
    }
    if (options_.synchronise_norms)
      model_->synchronise_norms([this](const at::Tensor& sums) { ranks_.sum(sums); });
    std::vector<at::Tensor> trained;
    for (const at::Tensor& parameter : model_->parameters())
      if (parameter.requires_grad()) trained.push_back(parameter);
    constexpr double kMib = 1024.0 * 1024.0;
    buckets_.emplace(std::move(trained), ranks_,
                     static_cast<std::size_t>(options_.bucket_mib * kMib));
  }

  /// Every rank keeps all of them, or none does: an epoch may give each image to any. False when a
  /// stop was asked for.
  bool keep_images() {
    if (is_done()) return true;
    const std::int64_t size = model_->spec().input_size;
    const std::int64_t bytes = bytes_of_images(job_.train.size(), size, train_loader_.bits());
    if (on_any_rank(!keeps_images(options_.device_cache, device_.is_cuda(), bytes,
                                  free_device_bytes(device_))))
      return true;
    std::optional<Progress> bar;
    if (ranks_.leads())
      bar.emplace("keeping the images on the device", job_.train.size(), "images");
    // Together batch by batch, so that no rank waits long for another.
    const auto goes_on = [&](std::size_t read) {
      if (bar) bar->update(read);
      stop_ = on_any_rank(job_.stop_requested && job_.stop_requested());
      return !stop_;
    };
    try {
      kept_.emplace(train_loader_, job_.train.size(), size, device_, goes_on);
    } catch (const std::exception& error) {
      if (!is_out_of_memory(error)) throw;
      throw UserError(fmt::format("out of memory: the {:.1f} GB of training images do not fit {}",
                                  1e-9 * static_cast<double>(bytes), device_.str()),
                      "--set data.device_cache=off, or a smaller model.size");
    }
    if (stop_) save();
    return !stop_;
  }

  [[nodiscard]] bool on_any_rank(bool here) {
    const at::Tensor ranks = at::full({1}, here ? 1.0 : 0.0, at::kDouble);
    ranks_.sum(ranks);
    return ranks.item<double>() > 0.0;
  }

  /// What the loaders of all ranks had to leave out.
  [[nodiscard]] std::vector<Skipped> skipped_of_all() {
    nlohmann::json own = nlohmann::json::array();
    for (const Loader* loader : {&train_loader_, &valid_loader_})
      for (const Skipped& item : loader->skipped()) own.push_back({item.item, item.reason});
    std::vector<Skipped> skipped;
    std::set<std::string> known;
    for (const std::string& text : ranks_.gather(own.dump()))
      for (const auto& item : nlohmann::json::parse(text))
        if (known.insert(item.at(0)).second) skipped.push_back({item.at(0), item.at(1)});
    return skipped;
  }

  [[nodiscard]] std::int64_t findings() const {
    return static_cast<std::int64_t>(job_.dataset->findings.size());
  }

  [[nodiscard]] std::filesystem::path checkpoint_file() const { return job_.folder / "last.ckpt"; }

  [[nodiscard]] bool is_done() const {
    return progression_.epoch >= options_.epochs ||
           (options_.early_stopping > 0 &&
            progression_.epochs_without_gain >= options_.early_stopping);
  }

  [[nodiscard]] double rate_factor() const {
    return schedule_.factor(progression_.step) * progression_.plateau_scale;
  }

  void save() {
    look_back(0);
    recorded_->join();
    join_statistics();
    if (ranks_.leads())
      save_checkpoint(checkpoint_file(), *model_, average_->tensors(), *optimizer_, progression_);
  }

  /// Batch norms that are not synchronised have seen each rank's own images: their running
  /// statistics become the means over the ranks. Being moving averages they reach the same values
  /// whenever that is done.
  void join_statistics() {
    if (ranks_.ranks() == 1 || options_.synchronise_norms) return;
    for (const at::Tensor& values : model_->trained_statistics()) {
      ranks_.sum(values);
      values.div_(ranks_.ranks());
    }
  }

  /// 1 where a stage is kept, N x S, for the images from `first` on of the batch; undefined where
  /// stage dropout is off.
  [[nodiscard]] at::Tensor draw_stage_keep(std::int64_t first, std::int64_t images) const {
    const auto stages = static_cast<std::int64_t>(model_->spec().stages.size());
    if (options_.stage_dropout <= 0 || stages == 1) return {};
    at::Tensor keep = at::ones({images, stages});
    auto values = keep.accessor<float, 2>();
    for (std::int64_t i = 0; i < images; ++i) {
      RandomStream stream{
          options_.seed, kStageDropout, static_cast<std::uint64_t>(progression_.epoch),
          static_cast<std::uint64_t>(progression_.batch), static_cast<std::uint64_t>(first + i)};
      const auto spared =
          static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(stages)));
      for (std::int64_t s = 0; s < stages; ++s)
        if (stream.chance(options_.stage_dropout) && s != spared) values[i][s] = 0.0F;
    }
    return uploaded(keep, device_);
  }

  /// One optimizer step. Its loss is looked at by `look_back`.
  void step(BatchShare& share) {
    const auto images = static_cast<std::int64_t>(share.batch.records.size());
    std::optional<LateValue> loss;
    try {
      const DeviceBatch input = to_device(share.batch, model_->spec().input_size, findings(),
                                          device_, kept_ ? &*kept_ : nullptr);
      loss.emplace(recorded_->run({input.images, input.labels, on_device(share.counts, device_),
                                   draw_stage_keep(share.first, images)},
                                  [this] { optimizer_->set_rate_factor(rate_factor()); }));
    } catch (const std::exception& error) {
      if (!is_out_of_memory(error)) throw;
    }
    if (!loss) throw out_of_memory(images);
    taken_.push_back({std::move(*loss), share.images, progression_.batch});
  }

  /// The run ends by it, so that the model may be used up to find the batch that does fit a GPU.
  /// Ranks cannot: the others would have to take the same steps. Nor can the CPU, whose oneDNN does
  /// not survive memory that it does not get.
  [[nodiscard]] UserError out_of_memory(std::int64_t images) {
    const std::string what =
        fmt::format("out of memory: a step of {} images of {} pixels does not fit {}", images,
                    model_->spec().input_size, device_.str());
    if (ranks_.ranks() > 1 || device_.is_cpu())
      return UserError(what, "train with a smaller train.batch");
    recorded_.emplace([this](const StepInput& part) { return step_->run(part); }, false);
    const std::int64_t most =
        largest_that_fits(images - 1, [this](std::int64_t n) { return fits(n); });
    return UserError(what, most > 1 ? fmt::format("the largest batch that fits now is {}: --set "
                                                  "train.batch={}",
                                                  most, most)
                                    : "not even two images fit; use a smaller model.size");
  }

  /// Whether a step of so many blank images does.
  [[nodiscard]] bool fits(std::int64_t images) {
    optimizer_->clear_gradients();
    release_device_memory(device_);
    try {
      const std::int64_t side = model_->spec().input_size;
      const auto single = at::device(device_).dtype(at::kFloat);
      const at::Tensor labels = at::zeros({images, findings()}, single);
      (void)recorded_
          ->run({at::zeros({images, side, side}, single), labels, count_labels(labels), {}}, [] {})
          .wait();
      return true;
    } catch (const std::exception& error) {
      if (!is_out_of_memory(error)) throw;
      return false;
    }
  }

  /// Counts the steps whose loss has not been looked at, but for the newest `spared`: the device
  /// works on these meanwhile. Learns whether a stop was asked for, on any rank.
  void look_back(std::size_t spared) {
    for (; taken_.size() > spared; taken_.pop_front()) {
      const TakenStep& taken = taken_.front();
      const bool asked = job_.stop_requested && job_.stop_requested();
      const at::Tensor news = at::tensor({taken.loss.wait(), asked ? 1.0 : 0.0}, at::kDouble);
      ranks_.sum(news);
      const double value = news[0].item<double>();
      if (!std::isfinite(value))
        throw UserError(fmt::format("the loss is no longer a number in epoch {}, step {}",
                                    progression_.epoch + 1, taken.batch + 1),
                        "train again, in a new folder, with a lower train.learning_rate or "
                        "train.gradient_clip");
      progression_.loss_sum += value * static_cast<double>(taken.images);
      progression_.images += taken.images;
      stop_ = stop_ || news[1].item<double>() > 0.0;
    }
  }

  /// Batch normalisation has no variance to take from a single image.
  [[nodiscard]] bool has_variance(const BatchShare& share) const {
    return (options_.synchronise_norms ? share.images : share.fewest) > 1;
  }

  /// False when a stop was asked for; the checkpoint then holds the batch to go on with.
  bool train_epoch() {
    model_->train();
    feed_.start(static_cast<std::uint64_t>(progression_.epoch),
                static_cast<std::size_t>(progression_.batch),
                kept_ ? Content::no_images : Content::images);
    Progress bar(fmt::format("epoch {}/{}", progression_.epoch + 1, options_.epochs),
                 job_.train.size(), "images");
    while (std::optional<BatchShare> share = feed_.next()) {
      if (has_variance(*share)) step(*share);
      look_back(1);
      ++progression_.batch;
      ++progression_.step;
      if (ranks_.leads())
        bar.update(static_cast<std::size_t>(progression_.images),
                   fmt::format("loss {:.4f}, best AUROC {:.4f}",
                               progression_.loss_sum / static_cast<double>(std::max<std::int64_t>(
                                                           1, progression_.images)),
                               std::max(0.0, progression_.best_auroc)));
      const bool due =
          options_.checkpoint_batches > 0 && progression_.batch % options_.checkpoint_batches == 0;
      if (stop_ || due) save();
      if (stop_) return false;
    }
    look_back(0);
    recorded_->join();
    waited_ = feed_.waited_share();
    if (stop_) save();
    return !stop_;
  }

  /// Each rank scores its parts of the batches; all of them know the whole.
  Validation validate() {
    model_->eval();
    const at::NoGradGuard no_gradient;
    const auto findings = static_cast<std::int64_t>(job_.dataset->findings.size());
    std::vector<at::Tensor> numbers;  // N x 1: the batch
    std::vector<at::Tensor> logits;   // N x C
    std::vector<at::Tensor> labels;
    valid_loader_.start(0);
    while (std::optional<Batch> batch = valid_loader_.next()) {
      if (batch->records.empty()) continue;
      const DeviceBatch input =
          to_device(*batch, model_->spec().input_size, findings, device_, nullptr);
      logits.push_back(model_->forward(input.images).logits.cpu());
      labels.push_back(input.labels.cpu());
      numbers.push_back(at::full({input.labels.size(0)}, static_cast<std::int64_t>(batch->index)));
    }
    const at::Tensor batches = ranks_.gather_rows(joined(numbers, {0}, at::kLong));
    // A batch's parts in the order of the ranks are its images in their order.
    const at::Tensor order = at::argsort(batches, /*stable=*/true, 0, /*descending=*/false);
    return validation_of(
        batches.index_select(0, order),
        ranks_.gather_rows(joined(logits, {0, findings}, at::kFloat)).index_select(0, order),
        ranks_.gather_rows(joined(labels, {0, findings}, at::kFloat)).index_select(0, order), loss_,
        device_);
  }

  void finish_epoch() {
    join_statistics();
    average_->swap();
    const Validation validation = validate();
    const bool better = validation.mean_auroc > progression_.best_auroc;
    if (better) {
      progression_.best_auroc = validation.mean_auroc;
      progression_.best_epoch = progression_.epoch;
      progression_.epochs_without_gain = 0;
      model_->spec().provenance["epoch"] = std::to_string(progression_.epoch + 1);
      model_->spec().provenance["validation_auroc"] = fmt::format("{:.6f}", validation.mean_auroc);
      if (ranks_.leads()) save_model(*model_, job_.folder / "best.safetensors");
    } else {
      ++progression_.epochs_without_gain;
      if (options_.schedule == "plateau" &&
          progression_.epochs_without_gain % options_.plateau_patience == 0)
        progression_.plateau_scale *= options_.plateau_factor;
    }
    average_->swap();
    report(validation);
    ++progression_.epoch;
    progression_.batch = 0;
    progression_.loss_sum = 0.0;
    progression_.images = 0;
    save();
  }

  void report(const Validation& validation) {
    if (!ranks_.leads()) return;
    const at::NoGradGuard no_gradient;
    EpochReport report;
    report.epoch = progression_.epoch + 1;
    report.epochs = options_.epochs;
    report.learning_rate = options_.learning_rate * rate_factor();
    report.train_loss =
        progression_.loss_sum / static_cast<double>(std::max<std::int64_t>(1, progression_.images));
    report.validation = validation;
    report.relevance = model_->head().relevance().cpu();
    report.best = progression_.best_epoch + 1 == report.epoch;
    report.waited = waited_;
    log_->write(report, progression_);
    // On a GPU it is the stream that waits, and no time is known here.
    if (buckets_) note_traffic(buckets_->traffic(), ranks_.ranks(), !device_.is_cuda());
  }

  const TrainJob& job_;
  Communicator& ranks_;
  TrainOptions options_;
  c10::Device device_;
  Loader train_loader_;
  Loader valid_loader_;
  BatchFeed feed_;
  std::optional<DeviceImages> kept_;  // those to train on
  double waited_ = 0.0;               // share of the epoch's training time
  BalancedLoss loss_;
  std::optional<RunLog> log_;  // of rank 0
  std::shared_ptr<Model> model_;
  std::optional<GradientBuckets> buckets_;  // of several ranks
  std::optional<Optimizer> optimizer_;
  std::optional<WeightAverage> average_;
  std::optional<TrainingStep> step_;
  std::optional<RecordedStep> recorded_;
  std::deque<TakenStep> taken_;  // whose loss has not been looked at
  bool stop_ = false;            // asked for, on any rank
  Schedule schedule_;
  Progression progression_;
};

}  // namespace

TrainResult train(const TrainJob& job) { return Run(job).run(); }

}  // namespace chestmap
