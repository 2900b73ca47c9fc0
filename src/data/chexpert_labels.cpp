#include "data/chexpert_labels.h"

#include <fmt/format.h>

namespace chestmap {

const FindingList& CheXpertColumns::findings() {
  static const FindingList kFindings({"Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity",
                                      "Lung Lesion", "Edema", "Consolidation", "Pneumonia",
                                      "Atelectasis", "Pneumothorax", "Pleural Effusion",
                                      "Pleural Other", "Fracture", "Support Devices"});
  return kFindings;
}

CheXpertColumns::CheXpertColumns(const TableReader& table) {
  for (const std::string& name : findings().names()) columns_.push_back(table.need({name}));
}

void CheXpertColumns::read(const TableReader& table, const CsvRow& row, Record& record) const {
  record.labels.assign(columns_.size(), Label::negative);
  for (std::size_t f = 0; f < columns_.size(); ++f) {
    if (table.text(row, columns_[f]).empty()) continue;
    const double value = table.number(row, columns_[f]);
    if (value == 1.0) {
      record.labels[f] = Label::positive;
    } else if (value == -1.0) {
      record.labels[f] = Label::unknown;
      record.uncertain.push_back(f);
    } else if (value != 0.0) {
      table.fail(row, columns_[f],
                 fmt::format("the label {} is none of 1, 0, -1 (uncertain) and nothing", value));
    }
  }
}

}  // namespace chestmap
