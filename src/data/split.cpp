#include "data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/random.h"
#include "data/image_list.h"

namespace chestmap {

namespace {

/// Keeps this stream apart from others with the same seed.
constexpr std::uint64_t kSplitStream = 0x73706c6974;

using PatientSet = std::unordered_set<std::string_view>;

PatientSet patients_of(const Dataset& dataset, std::span<const std::size_t> indices) {
  PatientSet patients;
  for (const std::size_t index : indices) patients.insert(dataset.records[index].patient);
  return patients;
}

void sort_by_image(const Dataset& dataset, std::vector<std::size_t>& indices) {
  std::sort(indices.begin(), indices.end(), [&dataset](std::size_t a, std::size_t b) {
    return dataset.records[a].image < dataset.records[b].image;
  });
}

std::vector<std::size_t> read_part(const std::filesystem::path& file, const ImageIndex& index) {
  std::vector<std::size_t> part = read_image_list(file, index);
  if (part.empty())
    throw UserError(file.string() + " lists no image", "a split needs images on both sides");
  return part;
}

}  // namespace

Split split_by_patient(const Dataset& dataset, std::span<const std::size_t> indices,
                       double valid_fraction, std::uint64_t seed) {
  if (!(valid_fraction > 0.0 && valid_fraction < 1.0))
    throw UserError(fmt::format("the fraction of validation patients is {}", valid_fraction),
                    "it must lie between 0 and 1, both excluded");
  const PatientSet known = patients_of(dataset, indices);
  if (known.size() < 2)
    throw UserError(fmt::format("{} images of {} patients cannot be split into training and "
                                "validation by patient",
                                indices.size(), known.size()),
                    "two patients at least are needed");
  std::vector<std::string_view> patients(known.begin(), known.end());
  std::sort(patients.begin(), patients.end());
  RandomStream stream{seed, kSplitStream};
  shuffle(patients, stream);
  const double wanted = std::round(valid_fraction * static_cast<double>(patients.size()));
  const auto count =
      std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, patients.size() - 1);
  const PatientSet chosen(patients.begin(), patients.begin() + static_cast<std::ptrdiff_t>(count));
  Split split;
  for (const std::size_t index : indices)
    (chosen.contains(dataset.records[index].patient) ? split.valid : split.train).push_back(index);
  sort_by_image(dataset, split.train);
  sort_by_image(dataset, split.valid);
  return split;
}

void write_split(const std::filesystem::path& folder, const Dataset& dataset, const Split& split) {
  write_image_list(folder / "train.txt", dataset, split.train);
  write_image_list(folder / "valid.txt", dataset, split.valid);
}

Split read_split(const std::filesystem::path& folder, const Dataset& dataset) {
  const ImageIndex index = image_index(dataset.records);
  Split split{read_part(folder / "train.txt", index), read_part(folder / "valid.txt", index)};
  check_patients_apart(dataset, split.train, split.valid,
                       {(folder / "train.txt").string(), (folder / "valid.txt").string()});
  return split;
}

void check_patients_apart(const Dataset& dataset, std::span<const std::size_t> first,
                          std::span<const std::size_t> second, const PartNames& names) {
  const PatientSet before = patients_of(dataset, first);
  std::vector<std::string_view> shared;
  for (const std::string_view patient : patients_of(dataset, second))
    if (before.contains(patient)) shared.push_back(patient);
  if (shared.empty()) return;
  throw UserError(fmt::format("{} and {} share {} patients, e.g. {}", names.first, names.second,
                              shared.size(), *std::min_element(shared.begin(), shared.end())),
                  "all images of a patient must be on one side, or the measures are too good");
}

std::string fingerprint(const Dataset& dataset, std::span<const std::size_t> indices) {
  std::vector<std::string_view> names;
  names.reserve(indices.size());
  for (const std::size_t index : indices) names.push_back(dataset.records[index].image);
  std::sort(names.begin(), names.end());
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&hash](char c) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  };
  for (const std::string_view name : names) {
    std::for_each(name.begin(), name.end(), add);
    add('\n');
  }
  return fmt::format("{:016x}", hash);
}

std::vector<LabelCount> label_counts(const Dataset& dataset, std::span<const std::size_t> indices) {
  std::vector<LabelCount> counts(dataset.findings.size());
  for (const std::size_t index : indices) {
    const std::vector<Label>& labels = dataset.records[index].labels;
    for (std::size_t f = 0; f < counts.size(); ++f) {
      if (labels[f] == Label::positive) ++counts[f].positive;
      if (labels[f] == Label::negative) ++counts[f].negative;
      if (labels[f] == Label::unknown) ++counts[f].unknown;
    }
  }
  return counts;
}

std::size_t count_without_finding(const Dataset& dataset, std::span<const std::size_t> indices) {
  return static_cast<std::size_t>(
      std::count_if(indices.begin(), indices.end(), [&dataset](std::size_t index) {
        const auto& labels = dataset.records[index].labels;
        return std::find(labels.begin(), labels.end(), Label::positive) == labels.end();
      }));
}

std::size_t count_patients(const Dataset& dataset, std::span<const std::size_t> indices) {
  return patients_of(dataset, indices).size();
}

std::vector<std::size_t> never_positive(const Dataset& dataset,
                                        std::span<const std::size_t> indices) {
  const std::vector<LabelCount> counts = label_counts(dataset, indices);
  std::vector<std::size_t> findings;
  for (std::size_t f = 0; f < counts.size(); ++f)
    if (counts[f].positive == 0) findings.push_back(f);
  return findings;
}

}  // namespace chestmap
