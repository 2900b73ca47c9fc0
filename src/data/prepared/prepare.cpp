#include "data/prepared/prepare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "data/image_files.h"
#include "data/prepared/image_source.h"
#include "data/prepared/manifest.h"
#include "data/prepared/pack_writer.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/records_file.h"
#include "data/skipped.h"
#include "image/sample_depth.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "lock";

/// Throws UserError that says in what `wanted` differs from what the folder holds.
void check_same(const Manifest& found, const Manifest& wanted, const fs::path& folder) {
  std::vector<std::string> differences;
  const auto compare = [&](const char* what, const auto& here, const auto& asked) {
    if (here != asked) differences.push_back(fmt::format("{} {} there, {} now", what, here, asked));
  };
  compare("size", found.settings.side, wanted.settings.side);
  compare("bits", found.settings.bits, wanted.settings.bits);
  compare("zstd level", found.settings.zstd_level, wanted.settings.zstd_level);
  compare("data set", found.dataset, wanted.dataset);
  compare("records", found.images, wanted.images);
  if (differences.empty() && found.records != wanted.records)
    differences.emplace_back("other labels, boxes, patients or lists");
  if (differences.empty()) return;
  throw UserError(fmt::format("{} holds the prepared data set of {}, and differs: {}",
                              folder.string(), found.source, fmt::join(differences, "; ")),
                  "name another folder, give the same settings, or remove this one");
}

void check_usable(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder))
    throw UserError(folder.string() + " is a file", "name a new folder");
  if (is_prepared_dataset(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename() != kLockFile)
      throw UserError(fmt::format("{} is not empty and holds no prepared data set ({} is there)",
                                  folder.string(), entry.path().filename().string()),
                      "name a new folder");
}

/// What a killed program left of files that it was writing.
void remove_temporary_files(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().find(".tmp") != std::string::npos)
      fs::remove(entry.path());
}

/// The sources, with what they refer to.
struct Sources {
  Sources(const Dataset& dataset, std::size_t records) : names(dataset.records), wanted(records) {}
  ImageNameIndex names;
  WantedImages wanted;
  std::vector<std::unique_ptr<ImageSource>> list;
};

void add_folder(Sources& sources, const fs::path& folder) {
  std::vector<RecordFile> files;
  for (ImageFile& image : find_image_files(folder))
    if (const auto record = sources.names.find(image.name))
      files.push_back({*record, std::move(image.path)});
  if (!files.empty()) sources.list.push_back(make_file_source(std::move(files), sources.wanted));
  for (fs::path& archive : find_image_archives(folder))
    sources.list.push_back(make_archive_source(std::move(archive), sources.names, sources.wanted));
}

void add_own_images(Sources& sources, const Dataset& dataset) {
  std::vector<RecordFile> files;
  for (std::size_t i = 0; i < dataset.records.size(); ++i)
    if (!dataset.records[i].file.empty()) files.push_back({i, dataset.records[i].file});
  if (!files.empty()) sources.list.push_back(make_file_source(std::move(files), sources.wanted));
  for (fs::path& archive : find_image_archives(dataset.folder))
    sources.list.push_back(make_archive_source(std::move(archive), sources.names, sources.wanted));
}

void add_sources(Sources& sources, const Dataset& dataset, const PrepareOptions& options) {
  for (const fs::path& path : options.images) {
    if (!fs::exists(path))
      throw UserError(path.string() + " does not exist", "name a folder of images or an archive");
    if (fs::is_directory(path))
      add_folder(sources, path);
    else
      sources.list.push_back(make_archive_source(path, sources.names, sources.wanted));
  }
  if (options.images.empty()) add_own_images(sources, dataset);
  if (!sources.list.empty()) return;
  throw UserError(
      options.images.empty() ? dataset.folder.string() + " holds no images"
                             : "no image of the data set is in " + options.images.front().string(),
      "images lie in folders named images*, or in archives (.tar.gz, .zip) beside the tables; "
      "--images names other places");
}

/// Decodes and stores, on several threads.
class Preparation {
 public:
  Preparation(const Dataset& dataset, PackWriter& writer, Sources& sources,
              const PrepareOptions& options)
      : dataset_(dataset),
        writer_(writer),
        sources_(sources),
        options_(options),
        done_(writer.held()) {}

  void run() {
    parallel_for(options_.threads, options_.threads, [this](std::size_t worker) {
      try {
        work(worker);
      } catch (...) {
        stop_ = true;
        throw;
      }
    });
  }

  [[nodiscard]] bool stopped() const { return stop_; }
  /// Reasons by record.
  [[nodiscard]] const std::map<std::size_t, std::string>& unreadable() const { return unreadable_; }

 private:
  /// Each worker begins at another source, so that as many archives as possible are read at once.
  void work(std::size_t worker) {
    const std::size_t count = sources_.list.size();
    for (std::size_t s = 0; s < count; ++s) {
      ImageSource& source = *sources_.list[(worker + s) % count];
      while (!should_stop()) {
        const std::optional<SourceImage> image = source.next();
        if (!image) break;
        add(*image);
      }
    }
  }

  bool should_stop() {
    if (!stop_ && options_.stop_requested && options_.stop_requested()) stop_ = true;
    return stop_;
  }

  void add(const SourceImage& source) {
    std::string reason;
    try {
      const std::size_t side = options_.settings.side;
      const ResizedImage made = source.file.empty()
                                    ? decode_image_resized(source.content, side, side)
                                    : read_image_resized(source.file, side, side);
      writer_.store(source.record, to_samples(made.image.pixels(), options_.settings.bits),
                    made.original);
    } catch (const ImageError& error) {
      reason = error.what();
    }
    const std::lock_guard lock(mutex_);
    if (!reason.empty()) unreadable_[source.record] = std::move(reason);
    if (options_.progress) options_.progress(++done_, dataset_.records.size());
  }

  const Dataset& dataset_;
  PackWriter& writer_;
  Sources& sources_;
  const PrepareOptions& options_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::size_t done_;
  std::map<std::size_t, std::string> unreadable_;
};

std::vector<Skipped> all_skipped(const Dataset& dataset, const PackWriter& writer,
                                 const std::map<std::size_t, std::string>& unreadable) {
  std::vector<Skipped> skipped = dataset.skipped;
  for (std::size_t i = 0; i < dataset.records.size(); ++i) {
    if (writer.holds(i)) continue;
    const auto reason = unreadable.find(i);
    skipped.push_back({dataset.records[i].image, reason == unreadable.end()
                                                     ? std::string(kImageNotInFolder)
                                                     : reason->second});
  }
  return skipped;
}

void check_archives(const Sources& sources, const fs::path& folder) {
  std::vector<std::string> failures;
  for (const auto& source : sources.list)
    if (std::string failure = source->failure(); !failure.empty())
      failures.push_back(std::move(failure));
  if (failures.empty()) return;
  throw UserError(fmt::format("not all archives could be read: {}", fmt::join(failures, "; ")),
                  fmt::format("fetch them again; the same command then goes on with what {} holds",
                              folder.string()));
}

}  // namespace

PrepareResult prepare(const Dataset& dataset, const fs::path& source, const fs::path& folder,
                      const PrepareOptions& options) {
  const std::string records = records_text(dataset);
  Manifest manifest;
  manifest.dataset = dataset.name;
  manifest.source = source.string();
  manifest.settings = options.settings;
  manifest.images = dataset.records.size();
  manifest.records = hash128(records);
  Sources sources(dataset, manifest.images);
  add_sources(sources, dataset, options);

  check_usable(folder);
  make_folder(folder);
  const FileLock lock(folder / kLockFile, "another process is preparing " + folder.string());
  PrepareResult result;
  result.images = manifest.images;
  if (is_prepared_dataset(folder)) {
    const Manifest found = read_manifest(folder);
    check_same(found, manifest, folder);
    if (found.complete && !options.retry) {
      result.skipped = read_prepared_dataset(folder).skipped;
      result.before = result.stored = found.stored;
      return result;
    }
  }
  remove_temporary_files(folder);
  write_file(folder / kManifestFile, manifest_text(manifest));
  write_file(folder / kRecordsFile, records);
  PackWriter writer(folder, options.settings, manifest.images, manifest.fingerprint());
  result.lost = writer.check(options.threads);
  result.before = writer.held();
  for (std::size_t i = 0; i < manifest.images; ++i)
    if (!writer.holds(i)) sources.wanted.add(i);

  Preparation preparation(dataset, writer, sources, options);
  preparation.run();
  result.stored = writer.held();
  result.skipped = all_skipped(dataset, writer, preparation.unreadable());
  result.stopped = preparation.stopped();
  if (result.stopped) return result;
  check_archives(sources, folder);
  write_skipped(folder / kSkippedFile, result.skipped);
  manifest.skipped = hash128(read_file(folder / kSkippedFile));
  manifest.stored = result.stored;
  manifest.index = writer.finish();
  manifest.complete = true;
  write_file(folder / kManifestFile, manifest_text(manifest));
  return result;
}

}  // namespace chestmap
