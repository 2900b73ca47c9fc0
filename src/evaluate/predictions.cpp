#include "evaluate/predictions.h"

#include <algorithm>
#include <iterator>

namespace chestmap {

std::vector<std::size_t> boxed_records(const Dataset& dataset,
                                       std::span<const std::size_t> records) {
  std::vector<std::size_t> boxed;
  std::copy_if(records.begin(), records.end(), std::back_inserter(boxed), [&](std::size_t record) {
    return !dataset.records[record].boxes.empty() || !dataset.records[record].masks.empty();
  });
  return boxed;
}

}  // namespace chestmap
