#include "cli/localization_job.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "data/record_image.h"
#include "image/codec.h"
#include "localize/map_file.h"

namespace chestmap {

namespace {

GreyImage read_input(const LocalizationInput& input) {
  return input.record ? read_record_image(*input.record) : read_grey(input.file);
}

/// Of peaks and boxes: the data set's, else the file's own size.
ImageSize frame_of(const LocalizationInput& input, const GreyImage& radiograph) {
  if (input.known != nullptr) return input.known->frame;
  return input.record ? input.record->frame : size_of(radiograph);
}

/// A finding whose map and overlay are written.
struct Wanted {
  std::size_t finding;
  std::vector<Box> truth;  // radiologists'
};

std::vector<Box> boxes_of(const LocalizationJob& job, const LocalizationInput& input,
                          const std::string& finding) {
  std::vector<Box> boxes;
  if (input.known == nullptr) return boxes;
  for (const FindingBox& box : input.known->boxes)
    if (job.boxed_findings[box.finding] == finding) boxes.push_back(box.box);
  return boxes;
}

/// Locates every finding of a radiograph, by `threads` threads, and writes maps and overlays of
/// those that are wanted.
LocalizedImage located_and_written(const LocalizationJob& job, const LocalizationInput& input,
                                   const GreyImage& radiograph, Inference inference,
                                   std::size_t threads) {
  const ImageSize frame = frame_of(input, radiograph);
  Localization localization(job.backend, std::move(inference), frame, job.resolution);
  std::vector<LocalizedFinding>& findings = localization.findings();
  std::vector<Wanted> wanted;
  std::vector<std::size_t> others;
  for (std::size_t f = 0; f < findings.size(); ++f) {
    std::vector<Box> truth = boxes_of(job, input, findings[f].finding);
    if (job.wanted(findings[f], !truth.empty()))
      wanted.push_back({f, std::move(truth)});
    else
      others.push_back(f);
  }
  parallel_for(wanted.size(), threads,
               [&](std::size_t w) { localization.locate(wanted[w].finding); });
  std::optional<Backdrop> backdrop;
  if (!wanted.empty()) {
    backdrop = job.prepared != nullptr ? job.prepared->backdrop.get() : Backdrop(radiograph);
    if (job.prepared != nullptr) job.prepared->fonts.wait();
  }
  const auto file = [&](const char* folder, const LocalizedFinding& found) {
    return job.out / folder / map_file_name(input.name, found.finding);
  };
  // What takes longest first: the other findings are located beside the drawing.
  parallel_for(2 * wanted.size() + others.size(), threads, [&](std::size_t task) {
    if (task < wanted.size()) {
      const LocalizedFinding& found = findings[wanted[task].finding];
      write_file(file("overlays", found),
                 encode_png(finding_overlay(*backdrop, found, job.backend.spec(), frame,
                                            wanted[task].truth)));
    } else if (task < wanted.size() + others.size()) {
      const std::size_t other = others[task - wanted.size()];
      localization.locate(other);
      findings[other].map = {};  // whose place the next one takes
    } else {
      const std::size_t w = task - wanted.size() - others.size();
      const LocalizedFinding& found = findings[wanted[w].finding];
      write_map(file("maps", found), found.map);
    }
  });
  for (const Wanted& done : wanted) findings[done.finding].map = {};
  return {input.name, frame, std::move(findings)};
}

/// What became of each input, told by the threads that take them.
class Outcomes {
 public:
  explicit Outcomes(std::span<const LocalizationInput> inputs)
      : inputs_(inputs),
        images_(inputs.size()),
        problems_(inputs.size()),
        bar_("localizing", inputs.size(), "images") {}

  void add(std::size_t input, LocalizedImage image) {
    images_[input] = std::move(image);
    count();
  }
  void set_aside(std::size_t input, const ImageError& error) {
    problems_[input] = error.what();
    warn("{}: {}", inputs_[input].file.string(), error.what());
    count();
  }
  [[nodiscard]] Localized take() {
    Localized result;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (images_[i])
        result.images.push_back(std::move(*images_[i]));
      else
        result.skipped.push_back({inputs_[i].file.string(), problems_[i]});
    return result;
  }

 private:
  void count() {
    const std::lock_guard lock(mutex_);
    bar_.update(++done_);
  }

  std::span<const LocalizationInput> inputs_;
  std::vector<std::optional<LocalizedImage>> images_;
  std::vector<std::string> problems_;
  std::mutex mutex_;  // of what follows
  Progress bar_;
  std::size_t done_ = 0;
};

/// The one radiograph, by all threads.
void localize_one(const LocalizationJob& job, const LocalizationInput& input, Outcomes& outcomes) {
  try {
    std::optional<GreyImage> read;
    const GreyImage& radiograph =
        job.prepared != nullptr ? job.prepared->image.get() : read.emplace(read_input(input));
    const ImageF taken = network_input(job.backend.spec(), radiograph);
    Inference inference = std::move(job.backend.infer({&taken, 1}).front());
    outcomes.add(0, located_and_written(job, input, radiograph, std::move(inference), job.threads));
  } catch (const ImageError& error) {
    outcomes.set_aside(0, error);
  }
}

/// The inputs [first, last), by the calling thread, inferred together as far as they are not too
/// large to be in memory at a time.
void localize_some(const LocalizationJob& job, std::span<const LocalizationInput> inputs,
                   std::size_t first, std::size_t last, Outcomes& outcomes) {
  constexpr std::size_t kMostPixels = std::size_t{4} << 20;  // four files of ChestX-ray14
  struct Read {
    std::size_t input;
    GreyImage radiograph;
  };
  std::vector<Read> group;
  std::vector<ImageF> taken;
  std::size_t pixels = 0;
  for (std::size_t i = first; i < last; ++i) {
    try {
      group.push_back({i, read_input(inputs[i])});
      taken.push_back(network_input(job.backend.spec(), group.back().radiograph));
      const ImageSize size = size_of(group.back().radiograph);
      pixels += size.width * size.height;
    } catch (const ImageError& error) {
      outcomes.set_aside(i, error);
    }
    if (group.empty() || (i + 1 < last && pixels < kMostPixels)) continue;
    std::vector<Inference> inferences = job.backend.infer_alone(taken);
    for (std::size_t g = 0; g < group.size(); ++g)
      outcomes.add(group[g].input,
                   located_and_written(job, inputs[group[g].input], group[g].radiograph,
                                       std::move(inferences[g]), 1));
    group.clear();
    taken.clear();
    pixels = 0;
  }
}

}  // namespace

PreparedRadiograph::PreparedRadiograph(const LocalizationInput& input)
    : fonts(std::async(std::launch::async, load_overlay_fonts)),
      image(std::async(std::launch::async, read_input, std::cref(input)).share()),
      backdrop(std::async(std::launch::async, [read = image] { return Backdrop(read.get()); })) {}

Localized localized(const LocalizationJob& job, std::span<const LocalizationInput> inputs) {
  Outcomes outcomes(inputs);
  if (inputs.size() == 1) {
    localize_one(job, inputs.front(), outcomes);
    return outcomes.take();
  }
  if (inputs.empty()) return outcomes.take();
  const std::size_t threads = std::min(job.threads, inputs.size());
  const std::size_t each = (inputs.size() + threads - 1) / threads;
  const std::size_t group = std::min(job.backend.together(), each);
  parallel_for((inputs.size() + group - 1) / group, threads, [&](std::size_t g) {
    localize_some(job, inputs, g * group, std::min((g + 1) * group, inputs.size()), outcomes);
  });
  return outcomes.take();
}

}  // namespace chestmap
