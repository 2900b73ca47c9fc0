#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/median.h"
#include "evaluate/controls.h"

namespace chestmap {

namespace {

/// x, y, width and height over the sides of the frame.
using Shape = std::array<double, 4>;

struct PatientShape {
  std::string patient;
  Shape shape{};
};

std::string patient_of(const Record& record) {
  // A line break keeps the image's name from being some patient's.
  return record.patient.empty() ? "\n" + record.image : record.patient;
}

std::vector<PatientShape> shapes_of(const Dataset& dataset, std::span<const std::size_t> boxed,
                                    std::size_t finding) {
  std::vector<PatientShape> shapes;
  for (const std::size_t index : boxed) {
    const Record& record = dataset.records[index];
    const auto width = static_cast<double>(record.frame.width);
    const auto height = static_cast<double>(record.frame.height);
    for (const FindingBox& box : record.boxes)
      if (box.finding == finding)
        shapes.push_back({patient_of(record),
                          {box.box.x / width, box.box.y / height, box.box.width / width,
                           box.box.height / height}});
  }
  return shapes;
}

std::optional<Shape> median_without(const std::vector<PatientShape>& shapes,
                                    const std::string& patient) {
  std::array<std::vector<double>, 4> sides;
  for (const PatientShape& shape : shapes)
    if (shape.patient != patient)
      for (std::size_t side = 0; side < sides.size(); ++side)
        sides[side].push_back(shape.shape[side]);
  if (sides[0].empty()) return std::nullopt;
  return Shape{median(std::move(sides[0])), median(std::move(sides[1])),
               median(std::move(sides[2])), median(std::move(sides[3]))};
}

FindingLocalization drawn(const std::optional<Shape>& shape, const ImageSize& frame) {
  const auto width = static_cast<double>(frame.width);
  const auto height = static_cast<double>(frame.height);
  if (!shape) return {Point{width / 2.0, height / 2.0}, {}};
  const Box box{(*shape)[0] * width, (*shape)[1] * height, (*shape)[2] * width,
                (*shape)[3] * height};
  return {Point{box.x + box.width / 2.0, box.y + box.height / 2.0}, {{box, 1.0}}};
}

}  // namespace

LocalizationMethod median_box_control(const Dataset& dataset, std::span<const std::size_t> boxed,
                                      const FindingList& findings) {
  LocalizationMethod method{"median box of other patients", true, true, {}};
  method.results.resize(boxed.size() * findings.size());
  for (std::size_t f = 0; f < findings.size(); ++f) {
    const std::optional<std::size_t> labelled = dataset.findings.find(findings[f]);
    const std::vector<PatientShape> shapes =
        labelled ? shapes_of(dataset, boxed, *labelled) : std::vector<PatientShape>{};
    const std::optional<Shape> of_all = median_without(shapes, {});
    std::map<std::string, std::optional<Shape>> without;
    for (const PatientShape& shape : shapes) without.try_emplace(shape.patient);
    for (auto& [patient, shape] : without) shape = median_without(shapes, patient);
    for (std::size_t i = 0; i < boxed.size(); ++i) {
      const Record& record = dataset.records[boxed[i]];
      const auto own = without.find(patient_of(record));
      method.results[i * findings.size() + f] =
          drawn(own == without.end() ? of_all : own->second, record.frame);
    }
  }
  return method;
}

}  // namespace chestmap
