#include "data/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>

#include "base/error.h"
#include "base/random.h"
#include "data/image_cache.h"
#include "data/prepared/image_pack.h"
#include "data/record_image.h"
#include "image/sample_depth.h"

namespace chestmap {

namespace {

/// Keep these streams apart from others with the same seed.
constexpr std::uint64_t kOrderStream = 0x6f72646572;
constexpr std::uint64_t kAugmentStream = 0x6175676d;

constexpr float kWhite = 65535.0F;

/// Quantised whether it is cached or not, so that the cache cannot change a result.
Image16 quantised(const ImageF& image) {
  Image16 result(image.width(), image.height());
  std::transform(
      image.pixels().begin(), image.pixels().end(), result.pixels().begin(), [](float value) {
        return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * kWhite));
      });
  return result;
}

void dequantise(const Image16& image, std::span<float> values) {
  std::transform(image.pixels().begin(), image.pixels().end(), values.begin(),
                 [](std::uint16_t value) { return static_cast<float>(value) / kWhite; });
}

}  // namespace

class Loader::Worker {
 public:
  Worker(const Dataset& dataset, std::vector<std::size_t> indices, const LoaderOptions& options)
      : dataset_(dataset),
        indices_(std::move(indices)),
        options_(checked(options)),
        cache_(indices_.size(), options.cache_mib << 20U),
        unreadable_(indices_.size()) {
    if (indices_.empty())
      throw UserError("there is no image to load", "is the split or the list empty?");
    for (std::size_t t = 0; t < options_.threads; ++t) threads_.emplace_back([this] { work(); });
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    may_take_.notify_all();
  }

  [[nodiscard]] std::size_t batches() const noexcept {
    return (indices_.size() + options_.batch - 1) / options_.batch;
  }

  [[nodiscard]] int bits() const {
    constexpr int kFew = 8;
    constexpr int kMany = 16;
    for (const std::size_t index : indices_) {
      const Record& record = dataset_.records[index];
      if (!is_packed(record) || record.pack->settings().bits != kFew) return kMany;
    }
    return kFew;
  }

  void start(std::uint64_t epoch, std::size_t first_batch, Content content) {
    auto order = std::make_shared<std::vector<std::size_t>>(indices_.size());
    std::iota(order->begin(), order->end(), std::size_t{0});
    if (options_.shuffle && content != Content::stored) {
      RandomStream stream{options_.seed, epoch, kOrderStream};
      shuffle(*order, stream);
    }
    {
      const std::lock_guard lock(mutex_);
      ++run_;
      epoch_ = epoch;
      content_ = content;
      order_ = std::move(order);
      next_to_take_ = next_to_give_ = first_batch;
      ready_.clear();
    }
    may_take_.notify_all();
  }

  std::optional<Batch> next() {
    std::optional<Made> made = wait_for_next();
    if (!made) return std::nullopt;
    if (made->error) std::rethrow_exception(made->error);
    made->batch.unreadable = made->failures.size();
    for (Failure& failure : made->failures) report(std::move(failure));
    check_share();
    return std::move(made->batch);
  }

  [[nodiscard]] const std::vector<Skipped>& skipped() const noexcept { return skipped_; }

 private:
  struct Failure {
    std::size_t position = 0;
    std::string reason;
  };
  struct Made {
    Batch batch;
    std::vector<Failure> failures;
    std::exception_ptr error;
  };
  /// What making one image needs again and again.
  struct Scratch {
    ImageF image;
    std::vector<std::byte> unpacked;
  };
  /// What a thread needs to make one batch.
  struct Job {
    std::uint64_t run = 0;
    std::uint64_t epoch = 0;
    Content content = Content::images;
    std::size_t batch = 0;
    std::shared_ptr<const std::vector<std::size_t>> order;
  };

  static LoaderOptions checked(LoaderOptions options) {
    if (options.size == 0 || options.batch == 0)
      throw UserError(fmt::format("image size {} and batch size {} must be above 0", options.size,
                                  options.batch));
    if (options.part >= options.parts)
      throw std::invalid_argument(
          fmt::format("part {} of {} of a batch", options.part, options.parts));
    options.threads = std::max<std::size_t>(options.threads, 1);
    options.prefetch = std::max<std::size_t>(options.prefetch, 1);
    return options;
  }

  std::optional<Made> wait_for_next() {
    std::unique_lock lock(mutex_);
    if (!order_ || next_to_give_ >= batches()) return std::nullopt;
    may_give_.wait(lock, [this] { return ready_.contains(next_to_give_); });
    auto node = ready_.extract(next_to_give_);
    ++next_to_give_;
    lock.unlock();
    may_take_.notify_all();
    return std::move(node.mapped());
  }

  void report(Failure failure) {
    if (!reported_.insert(indices_[failure.position]).second) return;
    skipped_.push_back(
        {dataset_.records[indices_[failure.position]].image, std::move(failure.reason)});
  }

  void check_share() const {
    const double share =
        static_cast<double>(skipped_.size()) / static_cast<double>(indices_.size());
    if (share <= options_.most_skipped) return;
    throw UserError(fmt::format("{} of {} images cannot be read, which is above the {} % allowed; "
                                "the first: {}: {}",
                                skipped_.size(), indices_.size(), 100.0 * options_.most_skipped,
                                skipped_.front().item, skipped_.front().reason),
                    "is the data folder complete, and the disk sound?");
  }

  [[nodiscard]] bool has_job() const {
    return order_ && next_to_take_ < batches() && next_to_take_ < next_to_give_ + options_.prefetch;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      may_take_.wait(lock, [this] { return closing_ || has_job(); });
      if (closing_) return;
      const Job job{run_, epoch_, content_, next_to_take_++, order_};
      lock.unlock();
      Made made = make(job);
      lock.lock();
      if (job.run != run_) continue;
      ready_.emplace(job.batch, std::move(made));
      may_give_.notify_all();
    }
  }

  Made make(const Job& job) {
    Made made;
    made.batch.index = job.batch;
    const std::size_t begin = job.batch * options_.batch;
    const std::size_t count = std::min(options_.batch, indices_.size() - begin);
    const bool all = job.content == Content::stored;
    const std::size_t first = begin + (all ? 0 : count * options_.part / options_.parts);
    const std::size_t end = begin + (all ? count : count * (options_.part + 1) / options_.parts);
    try {
      if (job.content != Content::no_images)
        made.batch.pixels.reserve((end - first) * options_.size * options_.size);
      Scratch scratch{ImageF(options_.size, options_.size), {}};
      for (std::size_t i = first; i < end; ++i) add(job, (*job.order)[i], scratch, made);
    } catch (...) {
      made.error = std::current_exception();
    }
    return made;
  }

  void add(const Job& job, std::size_t position, Scratch& scratch, Made& made) {
    const bool reads = job.content != Content::no_images;
    if (reads ? !load(job, position, scratch, made) : is_known_failure(position, made)) return;
    Batch& batch = made.batch;
    const Record& record = dataset_.records[indices_[position]];
    AugmentationDraw drawn;
    if (options_.augmentation != Augmentation{} && job.content != Content::stored) {
      RandomStream stream{options_.seed, job.epoch, position, kAugmentStream};
      drawn = draw(options_.augmentation, stream);
    }
    if (reads) {
      const std::size_t at = batch.pixels.size();
      batch.pixels.resize(at + options_.size * options_.size);
      augment(scratch.image, drawn, std::span(batch.pixels).subspan(at));
    }
    batch.records.push_back(indices_[position]);
    batch.positions.push_back(position);
    batch.draws.push_back(drawn);
    for (const Label label : record.labels) batch.labels.push_back(static_cast<signed char>(label));
  }

  /// Into `scratch.image`; where the image is unreadable, into the batch's failures.
  bool load(const Job& job, std::size_t position, Scratch& scratch, Made& made) {
    std::string reason = known_failure(position);
    if (reason.empty()) {
      try {
        read(job, position, scratch);
        return true;
      } catch (const ImageError& error) {
        reason = error.what();
        const std::lock_guard lock(mutex_);
        unreadable_[position] = reason;
      }
    }
    made.failures.push_back({position, std::move(reason)});
    return false;
  }

  bool is_known_failure(std::size_t position, Made& made) {
    std::string reason = known_failure(position);
    if (reason.empty()) return false;
    made.failures.push_back({position, std::move(reason)});
    return true;
  }

  [[nodiscard]] bool is_packed(const Record& record) const {
    return record.pack && record.pack->settings().side == options_.size;
  }

  void read(const Job& job, std::size_t position, Scratch& scratch) {
    const Record& record = dataset_.records[indices_[position]];
    if (is_packed(record)) {
      from_samples(record.pack->pixels(record.pack_index, scratch.unpacked),
                   record.pack->settings().bits, scratch.image.pixels());
      return;
    }
    ImageCache::Pointer image = cache_.find(position);
    if (!image) {
      image = std::make_shared<const Image16>(quantised(read_record_square(record, options_.size)));
      // Who asks for stored images keeps them.
      if (job.content != Content::stored) cache_.keep(position, image);
    }
    dequantise(*image, scratch.image.pixels());
  }

  std::string known_failure(std::size_t position) {
    const std::lock_guard lock(mutex_);
    return unreadable_[position];
  }

  const Dataset& dataset_;
  const std::vector<std::size_t> indices_;
  const LoaderOptions options_;
  ImageCache cache_;
  std::vector<Skipped> skipped_;
  std::unordered_set<std::size_t> reported_;

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable may_take_;
  std::condition_variable may_give_;
  bool closing_ = false;
  std::uint64_t run_ = 0;  ///< counts `start` calls: a batch of an earlier run is thrown away
  std::uint64_t epoch_ = 0;
  Content content_ = Content::images;
  std::shared_ptr<const std::vector<std::size_t>> order_;
  std::size_t next_to_take_ = 0;
  std::size_t next_to_give_ = 0;
  std::map<std::size_t, Made> ready_;
  std::vector<std::string> unreadable_;
  std::vector<std::jthread> threads_;  ///< last, so that they end before what they use
};

Loader::Loader(const Dataset& dataset, std::vector<std::size_t> indices,
               const LoaderOptions& options)
    : worker_(std::make_unique<Worker>(dataset, std::move(indices), options)) {}

Loader::~Loader() = default;

std::size_t Loader::batches() const noexcept { return worker_->batches(); }

int Loader::bits() const { return worker_->bits(); }

void Loader::start(std::uint64_t epoch, std::size_t first_batch, Content content) {
  worker_->start(epoch, first_batch, content);
}

std::optional<Batch> Loader::next() { return worker_->next(); }

std::vector<Skipped> Loader::skipped() const { return worker_->skipped(); }

}  // namespace chestmap
