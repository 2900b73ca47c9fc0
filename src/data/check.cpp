#include "data/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>

#include "base/hash.h"
#include "base/parallel.h"
#include "data/prepared/image_pack.h"
#include "data/record_image.h"
#include "data/skipped.h"
#include "data/split.h"
#include "image/sample_depth.h"

namespace chestmap {

namespace {

PartCheck part(const Dataset& dataset, const std::vector<std::size_t>& indices) {
  return {indices.size(), count_patients(dataset, indices)};
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

void count_findings(const Dataset& dataset, const std::vector<std::size_t>& all, DataCheck& check) {
  const auto total = label_counts(dataset, all);
  const auto train_val = label_counts(dataset, dataset.train_val);
  const auto test = label_counts(dataset, dataset.test);
  for (std::size_t f = 0; f < dataset.findings.size(); ++f)
    check.findings.push_back({dataset.findings[f], total[f].positive, total[f].negative,
                              total[f].unknown, 0, train_val[f].positive, test[f].positive, 0,
                              std::nullopt});
  for (const Record& record : dataset.records)
    for (const std::size_t finding : record.uncertain) ++check.findings[finding].uncertain;
}

void count_boxes(const Dataset& dataset, DataCheck& check) {
  std::vector<std::size_t> boxed;
  std::vector<std::vector<double>> shares(dataset.findings.size());
  for (std::size_t i = 0; i < dataset.records.size(); ++i) {
    const Record& record = dataset.records[i];
    if (!record.boxes.empty()) boxed.push_back(i);
    const auto frame = static_cast<double>(record.frame.width * record.frame.height);
    for (const FindingBox& box : record.boxes) {
      shares[box.finding].push_back(box.box.area() / frame);
      if (record.labels[box.finding] != Label::positive) ++check.boxes_without_label;
    }
  }
  for (std::size_t f = 0; f < shares.size(); ++f) {
    check.boxes += shares[f].size();
    check.findings[f].boxes = shares[f].size();
    check.findings[f].median_box_share = median(std::move(shares[f]));
  }
  check.boxed = part(dataset, boxed);
}

void count_people(const Dataset& dataset, DataCheck& check) {
  constexpr std::array<const char*, 3> views = {"unknown", "PA", "AP"};
  constexpr std::array<const char*, 3> sexes = {"unknown", "female", "male"};
  std::array<std::size_t, 3> view_counts{};
  std::array<std::size_t, 3> sex_counts{};
  std::map<std::size_t, std::size_t> decades;
  std::size_t ageless = 0;
  for (const Record& record : dataset.records) {
    ++view_counts[static_cast<std::size_t>(record.view)];
    ++sex_counts[static_cast<std::size_t>(record.sex)];
    if (record.age_years)
      ++decades[static_cast<std::size_t>(*record.age_years / 10.0)];
    else
      ++ageless;
  }
  for (const std::size_t i : {1U, 2U, 0U}) {
    check.views.emplace_back(views[i], view_counts[i]);
    check.sexes.emplace_back(sexes[i], sex_counts[i]);
  }
  for (const auto& [decade, count] : decades)
    check.ages.emplace_back(fmt::format("{}-{}", 10 * decade, 10 * decade + 9), count);
  check.ages.emplace_back("unknown", ageless);
}

void find_patients_in_both(const Dataset& dataset, DataCheck& check) {
  std::set<std::string_view> training;
  std::set<std::string_view> both;
  for (const std::size_t i : dataset.train_val) training.insert(dataset.records[i].patient);
  for (const std::size_t i : dataset.test)
    if (training.contains(dataset.records[i].patient)) both.insert(dataset.records[i].patient);
  check.patients_in_both = both.size();
  if (!both.empty()) check.patient_in_both = *both.begin();
}

/// What was seen of one image file.
struct Look {
  ImageSize size;
  std::string error;
  std::optional<std::uint64_t> hash;  ///< of the pixels, where they were read
};

Look look_at(const Record& record, bool decode) {
  try {
    if (record.pack) {
      std::vector<std::byte> scratch;
      static_cast<void>(record.pack->pixels(record.pack_index, scratch));
      return {read_record_image_size(record), {}, record.pack->pixel_hash(record.pack_index)};
    }
    if (!decode) return {read_record_image_size(record), {}, std::nullopt};
    const ImageF image = values_of(read_record_image(record));
    return {size_of(image), {}, hash64(to_samples(image.pixels(), 16))};
  } catch (const ImageError& error) {
    return {{}, error.what(), std::nullopt};
  }
}

DuplicateCheck find_duplicates(const Dataset& dataset, const std::vector<Look>& looks) {
  // Images of other sizes may share a hash: a uniform one of 2 x 8 and one of 4 x 4.
  std::map<std::tuple<std::uint64_t, std::size_t, std::size_t>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < looks.size(); ++i)
    if (looks[i].hash)
      groups[{*looks[i].hash, looks[i].size.width, looks[i].size.height}].push_back(i);
  std::vector<std::vector<std::size_t>> found;
  for (auto& [hash, images] : groups)
    if (images.size() > 1) found.push_back(std::move(images));
  std::sort(found.begin(), found.end());
  const std::set<std::size_t> training(dataset.train_val.begin(), dataset.train_val.end());
  const std::set<std::size_t> test(dataset.test.begin(), dataset.test.end());
  DuplicateCheck check;
  check.groups = found.size();
  constexpr std::size_t shown = 20;
  for (const std::vector<std::size_t>& group : found) {
    const auto among = [&group](const std::set<std::size_t>& list) {
      return std::any_of(group.begin(), group.end(),
                         [&list](std::size_t i) { return list.contains(i); });
    };
    check.images += group.size();
    check.across_patients += std::any_of(group.begin(), group.end(), [&](std::size_t i) {
      return dataset.records[i].patient != dataset.records[group.front()].patient;
    });
    check.across_lists += among(training) && among(test);
    if (check.examples.size() >= shown) continue;
    check.examples.emplace_back();
    for (const std::size_t i : group) check.examples.back().push_back(dataset.records[i].image);
  }
  return check;
}

void look_at_images(const Dataset& dataset, const CheckOptions& options, DataCheck& check) {
  std::vector<Look> looks(dataset.records.size());
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for(looks.size(), options.threads, [&](std::size_t i) {
    if (!dataset.records[i].file.empty()) looks[i] = look_at(dataset.records[i], options.decode);
    if (!options.progress) return;
    const std::lock_guard lock(mutex);
    options.progress(++done);
  });
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> sizes;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (dataset.records[i].file.empty()) {
      ++check.images_missing;
      continue;
    }
    ++check.images_found;
    if (looks[i].error.empty())
      ++sizes[{looks[i].size.width, looks[i].size.height}];
    else
      check.unreadable.push_back({dataset.records[i].image, looks[i].error});
  }
  for (const auto& [size, count] : sizes)
    check.sizes.emplace_back(ImageSize{size.first, size.second}, count);
  std::stable_sort(check.sizes.begin(), check.sizes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (check.decoded) check.duplicates = find_duplicates(dataset, looks);
}

std::string share_text(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f}", 100.0 * *share) : "-";
}

std::string finding_rows(const DataCheck& check) {
  constexpr std::string_view row = "  {:<20}{:>10}{:>12}{:>10}{:>8}{:>20}\n";
  std::string text =
      fmt::format(row, "finding", "images", "train_val", "test", "boxes", "median box area, %");
  for (const FindingCheck& finding : check.findings)
    text += fmt::format(row, finding.name, finding.positive, finding.train_val, finding.test,
                        finding.boxes, share_text(finding.median_box_share));
  return text + fmt::format(row, "(no finding)", check.without_finding,
                            check.train_val_without_finding, check.test_without_finding, "-", "-");
}

nlohmann::json part_json(const PartCheck& part) {
  return {{"images", part.images}, {"patients", part.patients}};
}

nlohmann::json counts_json(const std::vector<std::pair<std::string, std::size_t>>& counts) {
  nlohmann::json json = nlohmann::json::array();
  for (const auto& [name, count] : counts) json.push_back({{"name", name}, {"images", count}});
  return json;
}

nlohmann::json duplicates_json(const DuplicateCheck& duplicates) {
  return {{"groups", duplicates.groups},
          {"images", duplicates.images},
          {"across_patients", duplicates.across_patients},
          {"across_lists", duplicates.across_lists},
          {"examples", duplicates.examples}};
}

std::string duplicates_text(const DuplicateCheck& duplicates) {
  std::string text = fmt::format(
      "  {} groups of images with the same pixels, {} of them of several patients, {} in both "
      "lists\n",
      duplicates.groups, duplicates.across_patients, duplicates.across_lists);
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, duplicates.examples.size()); ++i)
    text += fmt::format("    {}\n", fmt::join(duplicates.examples[i], ", "));
  return text;
}

}  // namespace

DataCheck check_dataset(const Dataset& dataset, const CheckOptions& options) {
  DataCheck check;
  check.name = dataset.name;
  check.folder = dataset.folder.string();
  std::vector<std::size_t> all(dataset.records.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  check.all = part(dataset, all);
  check.train_val = part(dataset, dataset.train_val);
  check.test = part(dataset, dataset.test);
  check.without_finding = count_without_finding(dataset, all);
  check.train_val_without_finding = count_without_finding(dataset, dataset.train_val);
  check.test_without_finding = count_without_finding(dataset, dataset.test);
  count_findings(dataset, all, check);
  count_boxes(dataset, check);
  count_people(dataset, check);
  find_patients_in_both(dataset, check);
  check.decoded =
      options.decode || std::any_of(dataset.records.begin(), dataset.records.end(),
                                    [](const Record& record) { return record.pack != nullptr; });
  check.images_missing = static_cast<std::size_t>(
      std::count_if(dataset.skipped.begin(), dataset.skipped.end(),
                    [](const Skipped& entry) { return entry.reason == kImageNotInFolder; }));
  look_at_images(dataset, options, check);
  return check;
}

nlohmann::json to_json(const DataCheck& check) {
  nlohmann::json findings = nlohmann::json::array();
  for (const FindingCheck& finding : check.findings) {
    nlohmann::json entry = {{"name", finding.name},           {"positive", finding.positive},
                            {"negative", finding.negative},   {"unknown", finding.unknown},
                            {"uncertain", finding.uncertain}, {"train_val", finding.train_val},
                            {"test", finding.test},           {"boxes", finding.boxes},
                            {"median_box_share", nullptr}};
    if (finding.median_box_share) entry["median_box_share"] = *finding.median_box_share;
    findings.push_back(std::move(entry));
  }
  nlohmann::json sizes = nlohmann::json::array();
  for (const auto& [size, count] : check.sizes)
    sizes.push_back({{"width", size.width}, {"height", size.height}, {"images", count}});
  nlohmann::json unreadable = nlohmann::json::array();
  for (const Skipped& entry : check.unreadable)
    unreadable.push_back({{"image", entry.item}, {"reason", entry.reason}});
  return {{"dataset", check.name},
          {"folder", check.folder},
          {"all", part_json(check.all)},
          {"train_val", part_json(check.train_val)},
          {"test", part_json(check.test)},
          {"without_finding",
           {{"all", check.without_finding},
            {"train_val", check.train_val_without_finding},
            {"test", check.test_without_finding}}},
          {"findings", std::move(findings)},
          {"boxes", check.boxes},
          {"boxed", part_json(check.boxed)},
          {"boxes_without_label", check.boxes_without_label},
          {"patients_in_both", check.patients_in_both},
          {"views", counts_json(check.views)},
          {"sexes", counts_json(check.sexes)},
          {"ages", counts_json(check.ages)},
          {"duplicates",
           check.duplicates ? duplicates_json(*check.duplicates) : nlohmann::json(nullptr)},
          {"images_found", check.images_found},
          {"images_missing", check.images_missing},
          {"decoded", check.decoded},
          {"sizes", std::move(sizes)},
          {"unreadable", std::move(unreadable)}};
}

std::string to_text(const DataCheck& check) {
  const auto part_line = [](std::string_view name, const PartCheck& part) {
    return fmt::format("  {:<20}{:>10} images {:>8} patients\n", name, part.images, part.patients);
  };
  std::string text = fmt::format("{} in {}\n", check.name, check.folder);
  text += part_line("all", check.all) + part_line("train_val", check.train_val) +
          part_line("test", check.test) + part_line("with boxes", check.boxed) + '\n';
  text += finding_rows(check) + '\n';
  text += fmt::format("  {} boxes", check.boxes);
  if (check.boxes_without_label > 0)
    text += fmt::format(", {} of them of a finding that the image's labels lack",
                        check.boxes_without_label);
  text += fmt::format("\n  {} image files found, {} missing\n", check.images_found,
                      check.images_missing);
  for (const auto& [size, count] : check.sizes)
    text += fmt::format("  {:>10} of {} x {} pixels\n", count, size.width, size.height);
  text += fmt::format("  {} unreadable{}\n", check.unreadable.size(),
                      check.decoded ? "" : " (headers only; not decoded)");
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, check.unreadable.size()); ++i)
    text += fmt::format("    {}: {}\n", check.unreadable[i].item, check.unreadable[i].reason);
  if (check.unreadable.size() > shown)
    text += fmt::format("    and {} more\n", check.unreadable.size() - shown);
  if (check.duplicates) text += duplicates_text(*check.duplicates);
  if (check.patients_in_both > 0)
    text += fmt::format("  {} patients have images in both lists, e.g. {}\n",
                        check.patients_in_both, check.patient_in_both);
  return text;
}

}  // namespace chestmap
