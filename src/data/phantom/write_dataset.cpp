#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/atomic_file.h"
#include "data/phantom/phantom.h"
#include "image/codec.h"

namespace chestmap {

namespace {

constexpr const char* kEntryHeader =
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n";
/// The first words of README.txt, by which such a folder is known.
constexpr std::string_view kOpening =
    "These are SIMULATED chest radiographs, not images of patients.";
constexpr const char* kBoxHeader = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n";

/// Image `image` of patient `patient`, both counted from 0; the data set's names count patients
/// from 1.
struct Item {
  std::size_t patient = 0;
  std::size_t image = 0;
};

std::vector<Item> list_items(const PhantomOptions& options) {
  std::vector<Item> items;
  const std::vector<std::size_t> counts = phantom_images_per_patient(options);
  for (std::size_t p = 0; p < counts.size(); ++p) {
    for (std::size_t i = 0; i < counts[p]; ++i) items.push_back({p, i});
  }
  return items;
}

std::string image_name(const Item& item) {
  return fmt::format("{:08d}_{:03d}.png", item.patient + 1, item.image);
}

Image8 to_8_bit(const ImageF& image) {
  Image8 out(image.width(), image.height());
  std::transform(image.pixels().begin(), image.pixels().end(), out.pixels().begin(), [](float v) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 1.0F) * 255.0F));
  });
  return out;
}

/// Runs `work(i)` for every i below `count` on `threads` threads; the first exception ends all.
template <typename Work>
void for_each_index(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t t = 1; t < std::min(threads, count); ++t) workers.emplace_back(run);
  run();
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

std::string finding_labels(const PhantomImage& phantom) {
  std::string text;
  for (std::size_t f = 0; f < phantom.labels.size(); ++f) {
    if (phantom.labels[f] != Label::positive) continue;
    if (!text.empty()) text += '|';
    text += phantom_findings()[f];
  }
  return text.empty() ? "No Finding" : text;
}

std::string entry_row(const Item& item, const PhantomImage& phantom, std::size_t size) {
  // The pixel spacing (mm) of a field of view of 36 cm.
  const double spacing = 360.0 / static_cast<double>(size);
  return fmt::format("{},{},{},{},{},{},{},{},{},{:.3f},{:.3f}\n", image_name(item),
                     finding_labels(phantom), item.image, item.patient + 1, phantom.age_years,
                     phantom.sex == Sex::male ? "M" : "F",
                     phantom.view == ViewPosition::ap ? "AP" : "PA", size, size, spacing, spacing);
}

/// The boxes of the findings that the label table gives: label noise takes a box with its label.
std::string box_rows(const Item& item, const PhantomImage& phantom) {
  std::string rows;
  for (const FindingBox& b : phantom.boxes) {
    if (phantom.labels[b.finding] != Label::positive) continue;
    const std::string& name = phantom_findings()[b.finding];
    rows += fmt::format("{},{},{:.4f},{:.4f},{:.4f},{:.4f}\n", image_name(item),
                        name == "Infiltration" ? "Infiltrate" : name, b.box.x, b.box.y, b.box.width,
                        b.box.height);
  }
  return rows;
}

std::string readme(const PhantomOptions& options) {
  return fmt::format(
      "{} Nobody was exposed for them.\n"
      "\n"
      "chestmap computed them from a geometric model of the chest. They test software: figures\n"
      "measured on them say nothing about how a method does on patients. Research use only.\n"
      "\n"
      "The layout is that of NIH ChestX-ray14. Boxes are in a frame of 1024x1024, whatever the\n"
      "size of the images. Patients are numbers; age and sex are drawn at random.\n"
      "\n"
      "images {}\nsize {}\nseed {}\ntest_fraction {}\nlabel_noise {}\nconspicuity "
      "{}\nimages_per_patient {}\n",
      kOpening, options.images, options.size, options.seed, options.test_fraction,
      options.label_noise, options.conspicuity, options.images_per_patient);
}

}  // namespace

bool is_phantom_dataset(const std::filesystem::path& folder) {
  const std::filesystem::path readme = folder / "README.txt";
  return std::filesystem::is_regular_file(readme) && read_file(readme).starts_with(kOpening);
}

void write_phantom_dataset(const std::filesystem::path& folder, const PhantomOptions& options,
                           const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::vector<Item> items = list_items(options);
  std::vector<PhantomImage> phantoms(items.size());
  make_folder(folder / "images");
  std::mutex mutex;
  std::size_t done = 0;
  for_each_index(items.size(), std::max<std::size_t>(1, options.threads), [&](std::size_t i) {
    phantoms[i] = make_phantom(options, items[i].patient, items[i].image);
    write_file(folder / "images" / image_name(items[i]), encode_png(to_8_bit(phantoms[i].image)));
    phantoms[i].image = {};
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, items.size());
  });

  std::string entries = kEntryHeader;
  std::string test_boxes = kBoxHeader;
  std::string all_boxes = kBoxHeader;
  std::string test_list;
  std::string train_val_list;
  for (std::size_t i = 0; i < items.size(); ++i) {
    entries += entry_row(items[i], phantoms[i], options.size);
    const std::string rows = box_rows(items[i], phantoms[i]);
    all_boxes += rows;
    if (phantoms[i].test) test_boxes += rows;
    (phantoms[i].test ? test_list : train_val_list) += image_name(items[i]) + "\n";
  }
  write_file(folder / "Data_Entry_2017_v2020.csv", entries);
  write_file(folder / "BBox_List_2017.csv", test_boxes);
  if (options.boxes_for_all_splits) write_file(folder / "BBox_List_all.csv", all_boxes);
  write_file(folder / "train_val_list.txt", train_val_list);
  write_file(folder / "test_list.txt", test_list);
  write_file(folder / "README.txt", readme(options));
}

}  // namespace chestmap
