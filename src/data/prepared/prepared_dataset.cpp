#include "data/prepared/prepared_dataset.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/attach_images.h"
#include "data/prepared/image_pack.h"
#include "data/prepared/manifest.h"
#include "data/prepared/records_file.h"
#include "data/readers.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

/// The file's text, if its hash is the one that the manifest gives.
std::string checked_text(const fs::path& file, const std::string& hash) {
  std::string text = read_file(file);
  if (hash128(text) != hash)
    throw UserError(
        fmt::format("{}: its checksum is not the one in {}", file.string(), kManifestFile),
        "the file was changed or is damaged: `chestmap data prepare` with --retry mends it");
  return text;
}

std::vector<Skipped> parse_skipped(const std::string& text, const fs::path& file) {
  std::vector<Skipped> skipped;
  for (CsvRow& row : parse_csv(text, file).rows) {
    if (row.fields.size() != 2) throw UserError(at_row(file, row.number, "2 fields were expected"));
    skipped.push_back({std::move(row.fields[0]), std::move(row.fields[1])});
  }
  return skipped;
}

}  // namespace

bool is_prepared_dataset(const fs::path& folder) { return fs::exists(folder / kManifestFile); }

Dataset read_prepared_dataset(const fs::path& folder) {
  const Manifest manifest = read_manifest(folder);
  if (!manifest.complete)
    throw UserError(
        folder.string() + " is a prepared data set that is not complete",
        fmt::format("`chestmap data prepare {} --out {}`, with its other options, goes on with it",
                    manifest.source, folder.string()));
  const auto pack = std::make_shared<const ImagePack>(folder, manifest.settings, manifest.images,
                                                      manifest.fingerprint(), manifest.index);
  const fs::path records = folder / kRecordsFile;
  Dataset dataset = parse_records(checked_text(records, manifest.records), records);
  if (dataset.records.size() != pack->size())
    throw UserError(fmt::format("{} has {} records, {} were expected", records.string(),
                                dataset.records.size(), pack->size()),
                    "`chestmap data prepare` with --retry mends it");
  dataset.folder = folder;
  for (std::size_t i = 0; i < pack->size(); ++i) {
    if (!pack->holds(i)) continue;
    Record& record = dataset.records[i];
    record.file = folder;
    record.pack = pack;
    record.pack_index = i;
    if (record.frame_is_assumed) record.frame = pack->original_size(i);
  }
  dataset = with_checked_boxes(without_fileless(std::move(dataset)));
  const fs::path skipped = folder / kSkippedFile;
  dataset.skipped = parse_skipped(checked_text(skipped, manifest.skipped), skipped);
  return dataset;
}

DatasetReader prepared_reader() {
  return {"prepared", fmt::format("{} of `chestmap data prepare`", kManifestFile),
          is_prepared_dataset, read_prepared_dataset};
}

}  // namespace chestmap
