#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/prepared/pack_index.h"

namespace chestmap {

/// What `prepared.json`, the mark of a prepared data set's folder, says.
struct Manifest {
  std::string dataset;  ///< the name of the data set that was prepared
  std::string source;   ///< where it lay
  PackSettings settings;
  std::size_t images = 0;   ///< records
  std::string records;      ///< hash128 of records.jsonl
  bool complete = false;    ///< every image was tried
  std::size_t stored = 0;   ///< images in the pack; of a complete one, as the rest
  std::uint64_t index = 0;  ///< hash64 of index.bin
  std::string skipped;      ///< hash128 of skipped.csv

  /// Of data set and settings: two that are equal give the same pack from the same images.
  [[nodiscard]] std::string fingerprint() const;
};

inline constexpr const char* kManifestFile = "prepared.json";
inline constexpr const char* kRecordsFile = "records.jsonl";
inline constexpr const char* kSkippedFile = "skipped.csv";

[[nodiscard]] std::string manifest_text(const Manifest& manifest);
/// Throws UserError naming the file where it is no manifest, of another version, or damaged.
[[nodiscard]] Manifest read_manifest(const std::filesystem::path& folder);

}  // namespace chestmap
