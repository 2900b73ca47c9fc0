#include "data/prepared/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json_value.h"
#include "image/codec.h"

namespace chestmap {

namespace {

constexpr std::string_view kFormat = "chestmap prepared data set";
constexpr std::int64_t kMost = std::int64_t{1} << 40U;

std::size_t count_at(const JsonValue& json, const std::string& key, std::int64_t least = 0,
                     std::int64_t most = kMost) {
  return static_cast<std::size_t>(json.at(key).whole(least, most));
}

std::uint64_t hash_at(const JsonValue& json, const std::string& key) {
  const std::string& text = json.at(key).text();
  if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    json.at(key).fail("16 hexadecimal digits were expected");
  return std::stoull(text, nullptr, 16);
}

}  // namespace

std::string Manifest::fingerprint() const {
  return hash128(fmt::format("{} {} {} {} {} {}", kPackVersion, settings.side, settings.bits,
                             settings.zstd_level, images, records));
}

std::string manifest_text(const Manifest& manifest) {
  nlohmann::ordered_json json{{"format", kFormat},
                              {"version", kPackVersion},
                              {"fingerprint", manifest.fingerprint()},
                              {"dataset", manifest.dataset},
                              {"source", manifest.source},
                              {"side", manifest.settings.side},
                              {"bits", manifest.settings.bits},
                              {"zstd_level", manifest.settings.zstd_level},
                              {"images", manifest.images},
                              {"records", manifest.records},
                              {"complete", manifest.complete}};
  if (manifest.complete) {
    json["stored"] = manifest.stored;
    json["index"] = fmt::format("{:016x}", manifest.index);
    json["skipped"] = manifest.skipped;
    json["program"] = "chestmap " CHESTMAP_VERSION;
  }
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kManifestFile;
  const nlohmann::json document = parse_json(read_file(file), file);
  const JsonValue json(document, file);
  json.must_be_object();
  if (json.at("format").text() != kFormat)
    json.at("format").fail(fmt::format("\"{}\" was expected", kFormat));
  const std::int64_t version = json.at("version").whole(1, kMost);
  if (version != kPackVersion)
    throw UserError(
        fmt::format("{}: the prepared data set is of version {}; this program reads version {}",
                    file.string(), version, kPackVersion),
        "prepare the data set again with this program, into a new folder");
  Manifest manifest;
  manifest.dataset = json.at("dataset").text();
  manifest.source = json.at("source").text();
  manifest.settings.side = count_at(json, "side", 1, static_cast<std::int64_t>(kLargestSide));
  manifest.settings.bits = count_at(json, "bits", 8, 16);
  manifest.settings.zstd_level = static_cast<int>(json.at("zstd_level").whole(0, 19));
  manifest.images = count_at(json, "images");
  manifest.records = json.at("records").text();
  if (json.at("fingerprint").text() != manifest.fingerprint())
    json.at("fingerprint")
        .fail("the fingerprint does not fit the other values",
              "the file was changed; remove the folder and prepare the data set again");
  const nlohmann::json& complete = json.at("complete").raw();
  manifest.complete = complete.is_boolean() && complete.get<bool>();
  if (!manifest.complete) return manifest;
  manifest.stored = count_at(json, "stored");
  manifest.index = hash_at(json, "index");
  manifest.skipped = json.at("skipped").text();
  return manifest;
}

}  // namespace chestmap
