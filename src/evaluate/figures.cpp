#include "evaluate/figures.h"

#include <algorithm>
#include <iterator>

namespace chestmap {

namespace {

constexpr std::string_view kCardiomegaly = "Cardiomegaly";

}  // namespace

const Bootstrapped* FigureRow::find(std::string_view measure) const {
  const auto found = std::find(measures.begin(), measures.end(), measure);
  return found == measures.end() ? nullptr
                                 : &figures[static_cast<std::size_t>(found - measures.begin())];
}

std::size_t Figures::add(std::vector<NamedStatistics> block) {
  Block places{measures_, {}};
  for (NamedStatistics& named : block) {
    measures_ += named.measures.size();
    places.measures.insert(places.measures.end(), named.measures.begin(), named.measures.end());
    statistics_.push_back(std::move(named.values));
  }
  blocks_.push_back(std::move(places));
  return blocks_.size() - 1;
}

void Figures::bootstrap(const PatientResamples& resamples) {
  results_ = chestmap::bootstrap(resamples, statistics_);
}

FigureRow Figures::row(std::size_t block, std::string finding) const {
  const Block& places = blocks_[block];
  const auto first = results_.begin() + static_cast<std::ptrdiff_t>(places.first);
  return {std::move(finding),
          places.measures,
          {first, first + static_cast<std::ptrdiff_t>(places.measures.size())}};
}

FigureRow mean_row(std::string name, std::span<const FigureRow> rows,
                   const std::function<bool(const FigureRow&)>& takes) {
  FigureRow mean{std::move(name), {}, {}};
  for (const FigureRow& row : rows)
    for (const std::string& measure : row.measures)
      if (std::find(mean.measures.begin(), mean.measures.end(), measure) == mean.measures.end())
        mean.measures.push_back(measure);
  for (const std::string& measure : mean.measures) {
    std::vector<Bootstrapped> column;
    for (const FigureRow& row : rows) {
      const Bootstrapped* figure = takes(row) ? row.find(measure) : nullptr;
      if (figure != nullptr) column.push_back(*figure);
    }
    mean.figures.push_back(mean_of(column));
  }
  return mean;
}

FigureRow mean_row(std::span<const FigureRow> rows) {
  return mean_row("mean", rows, [](const FigureRow&) { return true; });
}

FigureRow mean_without_cardiomegaly(std::span<const FigureRow> rows) {
  return mean_row("mean_without_cardiomegaly", rows,
                  [](const FigureRow& row) { return row.finding != kCardiomegaly; });
}

std::vector<MeasureValue> values_of(const FigureRow& row) {
  std::vector<MeasureValue> values;
  values.reserve(row.measures.size());
  for (std::size_t m = 0; m < row.measures.size(); ++m)
    values.push_back({row.measures[m], estimate_of(row.figures[m])});
  return values;
}

}  // namespace chestmap
