#include "data/combine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "data/name_index.h"

namespace chestmap {

namespace {

/// The place of each finding of `own` in `all`, which grows by those that it lacks.
std::vector<std::size_t> join_findings(const FindingList& own, std::vector<std::string>& all) {
  std::vector<std::size_t> places;
  const FindingList known(all);
  const FindingIndex index(known);
  for (const std::string& name : own.names()) {
    const auto found = index.find(name);
    places.push_back(found ? *found : all.size());
    if (!found) all.push_back(name);
  }
  return places;
}

/// The record with its findings at `places` of a longer list.
Record moved(Record record, const std::vector<std::size_t>& places, std::size_t findings,
             const std::string& prefix) {
  record.image = prefix + record.image;
  record.patient = prefix + record.patient;
  record.id.clear();
  std::vector<Label> labels(findings, Label::unknown);
  for (std::size_t f = 0; f < places.size(); ++f) labels[places[f]] = record.labels[f];
  record.labels = std::move(labels);
  for (std::size_t& finding : record.uncertain) finding = places[finding];
  for (FindingBox& box : record.boxes) box.finding = places[box.finding];
  for (FindingMask& mask : record.masks) mask.finding = places[mask.finding];
  return record;
}

void append(Dataset& all, Dataset part, const std::vector<std::size_t>& places,
            const std::string& prefix) {
  const std::size_t offset = all.records.size();
  const bool has_lists = !part.train_val.empty() || !part.test.empty();
  for (std::size_t i = 0; i < part.records.size(); ++i) {
    all.records.push_back(moved(std::move(part.records[i]), places, all.findings.size(), prefix));
    if (!has_lists) all.train_val.push_back(offset + i);
  }
  for (const std::size_t i : part.train_val) all.train_val.push_back(offset + i);
  for (const std::size_t i : part.test) all.test.push_back(offset + i);
  for (Skipped& entry : part.skipped)
    all.skipped.push_back({prefix + entry.item, std::move(entry.reason)});
}

}  // namespace

Dataset combine(std::vector<Dataset> datasets) {
  if (datasets.size() == 1) return std::move(datasets.front());
  Dataset all;
  all.folder = datasets.front().folder;
  std::vector<std::string> findings;
  std::vector<std::vector<std::size_t>> places;
  for (const Dataset& part : datasets) places.push_back(join_findings(part.findings, findings));
  all.findings = FindingList(std::move(findings));
  std::map<std::string, int> names;
  for (std::size_t d = 0; d < datasets.size(); ++d) {
    const int number = ++names[datasets[d].name];
    const std::string name =
        number == 1 ? datasets[d].name : fmt::format("{}-{}", datasets[d].name, number);
    all.name += (d == 0 ? "" : "+") + name;
    append(all, std::move(datasets[d]), places[d], name + "/");
  }
  return all;
}

}  // namespace chestmap
