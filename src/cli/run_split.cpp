#include "cli/run_split.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "data/split.h"

namespace chestmap {

const std::vector<std::string>& run_split_names() {
  static const std::vector<std::string> kNames = {"test", "valid", "train"};
  return kNames;
}

RunSplit read_run_split(const std::filesystem::path& run, const std::string& name,
                        const Dataset& dataset) {
  RunSplit result;
  result.name = name;
  if (name == "test") {
    result.records = dataset.test;
  } else {
    Split split = read_split(run / "split", dataset);
    result.records = name == "train" ? std::move(split.train) : std::move(split.valid);
  }
  result.fingerprint = fingerprint(dataset, result.records);
  std::erase_if(result.records, [&](std::size_t i) { return dataset.records[i].file.empty(); });
  if (result.records.empty())
    throw UserError(
        fmt::format("the split \"{}\" of {} holds no image", name, dataset.folder.string()),
        "the test split is the data set's test_list.txt, train and valid are the run's; `chestmap "
        "data check` says whether the images are there");
  return result;
}

std::vector<std::string> oracle_reasons(const ModelSpec& spec, const RunSplit& split) {
  std::vector<std::string> reasons;
  for (const NamedFit& fitted : fits_of(spec))
    if (fitted.fit.fingerprint == split.fingerprint)
      reasons.push_back(fmt::format("{} ({}) fitted on this very split, {} of {}{}", fitted.what,
                                    fitted.fit.method, fitted.fit.split, fitted.fit.data,
                                    fitted.fit.date.empty() ? "" : ", " + fitted.fit.date));
  return reasons;
}

}  // namespace chestmap
