#include "data/select_findings.h"

#include <optional>
#include <string>
#include <utility>

namespace chestmap {

Dataset select_findings(const Dataset& dataset, const std::vector<std::size_t>& keep) {
  Dataset result = dataset;
  std::vector<std::string> names;
  std::vector<std::optional<std::size_t>> new_index(dataset.findings.size());
  for (const std::size_t finding : keep) {
    new_index[finding] = names.size();
    names.push_back(dataset.findings[finding]);
  }
  result.findings = FindingList(std::move(names));
  if (!dataset.category_ids.empty()) {
    result.category_ids.clear();
    for (const std::size_t finding : keep)
      result.category_ids.push_back(dataset.category_ids[finding]);
  }
  for (Record& record : result.records) {
    std::vector<Label> labels;
    for (const std::size_t finding : keep) labels.push_back(record.labels[finding]);
    record.labels = std::move(labels);
    std::vector<std::size_t> uncertain;
    for (const std::size_t finding : record.uncertain)
      if (new_index[finding]) uncertain.push_back(*new_index[finding]);
    record.uncertain = std::move(uncertain);
    std::vector<FindingBox> boxes;
    for (const FindingBox& box : record.boxes)
      if (new_index[box.finding]) boxes.push_back({*new_index[box.finding], box.box});
    record.boxes = std::move(boxes);
    std::vector<FindingMask> masks;
    for (FindingMask& mask : record.masks)
      if (new_index[mask.finding])
        masks.push_back({*new_index[mask.finding], std::move(mask.mask)});
    record.masks = std::move(masks);
  }
  return result;
}

}  // namespace chestmap
