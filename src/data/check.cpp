#include "data/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/parallel.h"
#include "data/skipped.h"
#include "data/split.h"

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
    check.findings.push_back({dataset.findings[f], total[f].positive, train_val[f].positive,
                              test[f].positive, 0, std::nullopt});
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

/// What was seen of one image file.
struct Look {
  ImageSize size;
  std::string error;
};

Look look_at(const Record& record, bool decode) {
  try {
    if (!decode) return {read_image_size(record.file), {}};
    const ImageF image = read_image(record.file);
    return {{image.width(), image.height()}, {}};
  } catch (const ImageError& error) {
    return {{}, error.what()};
  }
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
  check.decoded = options.decode;
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
                            {"train_val", finding.train_val}, {"test", finding.test},
                            {"boxes", finding.boxes},         {"median_box_share", nullptr}};
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
  return text;
}

}  // namespace chestmap
