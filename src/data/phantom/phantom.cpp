#include "data/phantom/phantom.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "data/phantom/canvas.h"
#include "data/phantom/detector.h"
#include "data/phantom/distractors.h"
#include "data/phantom/lesion.h"
#include "data/phantom/noise_field.h"
#include "data/phantom/skeleton.h"
#include "data/phantom/vessels.h"

namespace chestmap {

namespace {

using namespace phantom;  // NOLINT(google-build-using-namespace)

void check(const PhantomOptions& o) {
  const auto refuse = [](const std::string& what) {
    throw UserError("phantom data set: " + what, "see docs/phantoms.md for the options");
  };
  if (o.images == 0) refuse("`images` is 0, expected at least 1");
  if (o.size < 32 || o.size > 1024) {
    refuse("`size` is " + std::to_string(o.size) + ", expected 32 to 1024");
  }
  if (!(o.test_fraction >= 0.0 && o.test_fraction <= 1.0)) {
    refuse("`test_fraction` is " + std::to_string(o.test_fraction) + ", expected 0 to 1");
  }
  if (!(o.conspicuity > 0.0 && o.conspicuity <= 10.0)) {
    refuse("`conspicuity` is " + std::to_string(o.conspicuity) + ", expected above 0, to 10");
  }
  if (!(o.label_noise >= 0.0 && o.label_noise <= 1.0)) {
    refuse("`label_noise` is " + std::to_string(o.label_noise) + ", expected 0 to 1");
  }
  if (!(o.images_per_patient >= 1.0 && o.images_per_patient <= 100.0)) {
    refuse("`images_per_patient` is " + std::to_string(o.images_per_patient) +
           ", expected 1 to 100");
  }
}

/// A plan with its chest, lesions and boxes. A lesion without a shadow (hidden by the heart or
/// outside of the frame) would be a label without a box: its finding is taken back.
struct Case {
  Plan plan;
  Anatomy anatomy;
  std::vector<Lesion> lesions;
  std::vector<FindingBox> boxes;
};

Case make_case(const PhantomOptions& options, std::size_t patient, std::size_t image) {
  Case c;
  c.plan = make_plan(options, patient, image);
  c.anatomy = make_anatomy(c.plan, c.plan.truth[cardiomegaly]);
  for (Lesion& lesion : draw_lesions(c.plan, c.anatomy)) {
    const std::optional<Box> box = lesion_box(lesion, c.anatomy);
    if (!box || box->width < 12.0 || box->height < 12.0) {
      c.plan.truth[lesion.finding] = false;
      c.plan.labels[lesion.finding] = false;
      c.anatomy.dome[lesion.side] += lesion.dome_lift;
      continue;
    }
    c.boxes.push_back({lesion.finding, *box});
    c.lesions.push_back(lesion);
  }
  return c;
}

PhantomImage describe(const Case& c) {
  PhantomImage p;
  for (std::size_t f = 0; f < finding_count; ++f) {
    p.labels.push_back(c.plan.labels[f] ? Label::positive : Label::negative);
    p.truth.push_back(c.plan.truth[f] ? Label::positive : Label::negative);
  }
  p.boxes = c.boxes;
  p.view = c.plan.view;
  p.sex = c.plan.sex;
  p.age_years = c.plan.age_years;
  p.test = c.plan.test;
  return p;
}

/// Soft tissue that the lesions put in the place of air, the share of lung that they empty, and the
/// pleural lines, on the image's grid.
struct LesionMaps {
  ImageF dense;
  ImageF empty;
  ImageF line;
};

LesionMaps map_lesions(const Canvas& canvas, const std::vector<Lesion>& lesions, std::size_t size) {
  LesionMaps maps{ImageF(size, size), ImageF(size, size), ImageF(size, size)};
  for (const Lesion& lesion : lesions) {
    if (lesion.finding == cardiomegaly) continue;
    const Box window =
        scaled(lesion_support(lesion, *canvas.anatomy), canvas.pixels, canvas.pixels);
    const auto x1 = std::min(size, static_cast<std::size_t>(std::ceil(window.right())));
    const auto y1 = std::min(size, static_cast<std::size_t>(std::ceil(window.bottom())));
    for (auto y = static_cast<std::size_t>(window.y); y < y1; ++y) {
      for (auto x = static_cast<std::size_t>(window.x); x < x1; ++x) {
        const Point2 p = canvas.body_at(static_cast<double>(x), static_cast<double>(y));
        const LesionEffect e = lesion_effect(lesion, *canvas.anatomy, p.x, p.y);
        maps.dense.at(x, y) += static_cast<float>(e.dense);
        maps.empty.at(x, y) = std::max(maps.empty.at(x, y), static_cast<float>(e.empty));
        maps.line.at(x, y) += static_cast<float>(e.line);
      }
    }
  }
  return maps;
}

ImageF attenuate(const Case& c, std::size_t size) {
  const Anatomy& anatomy = c.anatomy;
  const Canvas canvas(anatomy, size);
  const LesionMaps lesions = map_lesions(canvas, c.lesions, size);
  ImageF vessels(size, size);
  ImageF air(size, size);
  ImageF bone(size, size);
  ImageF soft(size, size);
  ImageF total(size, size);
  add_vessels(vessels, canvas, c.plan);
  add_airways(air, canvas, c.plan);
  add_skeleton(bone, canvas, c.plan);
  add_distractors(soft, canvas, c.plan);
  add_devices(total, canvas, c.plan);
  const auto texture = static_cast<std::uint32_t>(c.plan.patient * 2654435761U + c.plan.seed);
  constexpr auto kAir = static_cast<float>(kSoftTissue * (1.0 - kLungDensity));
  constexpr auto kLung = static_cast<float>(kSoftTissue * kLungDensity);
  for (std::size_t y = 0; y < size; ++y) {
    for (std::size_t x = 0; x < size; ++x) {
      const Point2 p = canvas.body_at(static_cast<double>(x), static_cast<double>(y));
      const RayPath ray = anatomy.ray(p.x, p.y);
      float mu = static_cast<float>(kSoftTissue) * ray.soft + static_cast<float>(kFat) * ray.fat;
      if (ray.lung > 0.0F) {
        const float dense = std::min(lesions.dense.at(x, y), ray.lung);
        const float aerated = ray.lung - dense;
        const float full = 1.0F - lesions.empty.at(x, y);
        const float reach = std::min(1.0F, aerated / 3.0F);
        const float grain = 1.0F + 0.10F * cloud_noise(static_cast<float>(p.x) * 1.1F,
                                                       static_cast<float>(p.y) * 1.1F, texture);
        mu -= kAir * aerated + kLung * aerated * (1.0F - full * grain);
        mu += kAir * (vessels.at(x, y) * full * reach + lesions.line.at(x, y));
      }
      if (ray.soft > 2.0F) mu -= static_cast<float>(kSoftTissue) * air.at(x, y);
      if (anatomy.has_stomach_gas) {
        mu -= static_cast<float>(0.8 * kSoftTissue * anatomy.stomach_gas.chord(p.x, p.y));
      }
      mu += static_cast<float>(kSoftTissue) * soft.at(x, y) +
            static_cast<float>(kBoneExcess) * bone.at(x, y);
      total.at(x, y) += std::max(mu, 0.0F);
    }
  }
  return total;
}

}  // namespace

const FindingList& phantom_findings() {
  static const FindingList list({"Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass",
                                 "Nodule", "Pneumonia", "Pneumothorax"});
  return list;
}

PhantomImage make_phantom(const PhantomOptions& options, std::size_t patient, std::size_t image,
                          std::optional<std::size_t> without) {
  check(options);
  Case c = make_case(options, patient, image);
  PhantomImage result = describe(c);
  if (without && c.plan.truth[*without]) {
    if (*without == cardiomegaly) {
      const Anatomy normal = make_anatomy(c.plan, false);
      c.anatomy.heart = normal.heart;
      c.anatomy.atrium = normal.atrium;
      c.anatomy.fat_pads = normal.fat_pads;
    }
    std::erase_if(c.lesions, [&](const Lesion& l) {
      if (l.finding != *without) return false;
      c.anatomy.dome[l.side] += l.dome_lift;
      return true;
    });
  }
  ImageF picture =
      expose(attenuate(c, options.size), Canvas(c.anatomy, options.size).per_cm(), c.plan);
  add_marks(picture, Canvas(c.anatomy, options.size), c.plan);
  result.image = std::move(picture);
  return result;
}

PhantomImage describe_phantom(const PhantomOptions& options, std::size_t patient,
                              std::size_t image) {
  check(options);
  return describe(make_case(options, patient, image));
}

std::vector<std::size_t> phantom_images_per_patient(const PhantomOptions& options) {
  check(options);
  // 1 + a geometric number with this chance of going on has the wanted mean.
  const double more = 1.0 - 1.0 / options.images_per_patient;
  std::vector<std::size_t> counts;
  std::size_t left = options.images;
  for (std::uint64_t patient = 0; left > 0; ++patient) {
    RandomStream r{options.seed, patient, static_cast<std::uint64_t>(Purpose::visits)};
    std::size_t count = 1;
    while (count < left && count < 1000 && r.chance(more)) ++count;
    counts.push_back(count);
    left -= count;
  }
  return counts;
}

}  // namespace chestmap
