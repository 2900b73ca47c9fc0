#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "data/finding.h"
#include "data/record.h"
#include "image/image.h"

namespace chestmap {

/// The boxes of simulated radiographs are in this square frame, whatever the size of the images.
inline constexpr double kPhantomFrame = 1024.0;

/// What a simulated data set looks like. The files depend on everything here but `threads`.
struct PhantomOptions {
  std::size_t images = 3000;  ///< in all, over both lists
  std::size_t size = 256;     ///< side of the square images, in [32, 1024]
  std::uint64_t seed = 0;
  double test_fraction = 0.25;  ///< share of the patients whose images go to the test list
  /// Share of the positive labels of the train_val list that are dropped. Negative ones are made
  /// positive at the rate label_noise * p / (1 - p), with p the finding's prevalence, so that the
  /// number of positives stays the same on average. Test labels and boxes stay true.
  double label_noise = 0.0;
  /// Factor on the density of nodules, masses, infiltrations, pneumonias and atelectases; 1 is as
  /// faint as in life, more lets a small network learn them from few images.
  double conspicuity = 1.0;
  double images_per_patient = 1.7;  ///< mean; at least 1
  std::size_t threads = 1;
  bool boxes_for_all_splits = false;  ///< also writes BBox_List_all.csv
};

/// A simulated radiograph. Labels and boxes follow `phantom_findings()`.
struct PhantomImage {
  ImageF image;                   ///< grey in [0, 1], bone is light; empty in a description
  std::vector<Label> labels;      ///< as the table will say: with label noise where there is any
  std::vector<Label> truth;       ///< what was planted
  std::vector<FindingBox> boxes;  ///< one for each finding planted, in the frame of kPhantomFrame
  ViewPosition view = ViewPosition::pa;
  Sex sex = Sex::female;
  int age_years = 0;
  bool test = false;  ///< the list that the patient belongs to
};

/// Atelectasis, Cardiomegaly, Effusion, Infiltration, Mass, Nodule, Pneumonia, Pneumothorax.
[[nodiscard]] const FindingList& phantom_findings();

/// One radiograph: a function of the options (less `images` and `threads`), `patient` and `image`
/// alone. `without` names a finding whose lesion is left out of the pixels while all else, noise
/// included, stays; labels and boxes are those of the complete image. Throws UserError where the
/// options are out of range.
[[nodiscard]] PhantomImage make_phantom(const PhantomOptions& options, std::size_t patient,
                                        std::size_t image,
                                        std::optional<std::size_t> without = std::nullopt);

/// The same without pixels: a hundred times faster.
[[nodiscard]] PhantomImage describe_phantom(const PhantomOptions& options, std::size_t patient,
                                            std::size_t image);

/// Images of each patient, in the order of the patients; they sum up to `options.images`.
[[nodiscard]] std::vector<std::size_t> phantom_images_per_patient(const PhantomOptions& options);

/// Whether `write_phantom_dataset` wrote the folder: its README.txt says so in its first words.
[[nodiscard]] bool is_phantom_dataset(const std::filesystem::path& folder);

/// Writes a data set in the layout of ChestX-ray14 (docs/phantoms.md lists the files) into
/// `folder`, which is made. `progress` is called with the images done and their total, from one
/// thread at a time. Throws UserError where the options are out of range or a file cannot be
/// written.
void write_phantom_dataset(const std::filesystem::path& folder, const PhantomOptions& options,
                           const std::function<void(std::size_t, std::size_t)>& progress = {});

}  // namespace chestmap
