#pragma once

#include <array>
#include <vector>

#include "data/phantom/plan.h"
#include "data/phantom/pose.h"

namespace chestmap::phantom {

/// Attenuation coefficients (1/cm) at the effective energy of a chest radiograph, about 70 keV.
/// Lung is taken as soft tissue of a quarter of the density; bone counts beyond soft tissue.
inline constexpr double kSoftTissue = 0.18;
inline constexpr double kFat = 0.163;
inline constexpr double kLungDensity = 0.31;
inline constexpr double kBoneExcess = 0.28;

/// An ellipsoid whose projection is a turned ellipse.
struct Ellipsoid {
  Point2 centre;            ///< cm
  double semi_long = 1.0;   ///< cm
  double semi_short = 1.0;  ///< cm
  double cosine = 1.0;      ///< of the long axis' angle with x, towards y
  double sine = 0.0;
  double half_depth = 1.0;  ///< cm
  double stretch = 1.0;     ///< factor along y, applied after the turn

  /// Squared normalised radius of (x, y): below 1 inside.
  [[nodiscard]] double radius2(double x, double y) const noexcept;
  /// Length of the ray through the body, cm.
  [[nodiscard]] double chord(double x, double y) const noexcept;
  /// Half extents of the projection across and along, cm.
  [[nodiscard]] Point2 half_extent() const noexcept;
};

/// The two lungs; in the image the right lung lies on the left.
enum Side : std::size_t { right_side = 0, left_side = 1 };
[[nodiscard]] inline double sign_of(Side side) noexcept { return side == right_side ? -1.0 : 1.0; }

/// The ray's way at one point of the mid-plane, cm.
struct RayPath {
  float soft = 0.0F;  ///< body without the fat shell, air included
  float fat = 0.0F;   ///< fat shell
  float lung = 0.0F;  ///< aerated lung
};

/// A chest: shapes that are functions of the mid-plane (cm), and the pose.
struct Anatomy {
  Pose pose;
  bool bedridden = false;
  bool female = false;
  double age = 50.0;

  double half_width = 14.0;  ///< of the thoracic cavity at its widest
  double half_depth = 9.0;
  double wall = 2.0;  ///< muscle and skeleton between the cavity and the fat
  double fat = 1.5;   ///< thickness of the fat shell
  double neck = 6.0;  ///< half width
  double apex_x = 5.0;
  double shoulder_slope = 0.25;
  double arm_angle = 0.3;                       ///< of the upper arms with the long axis, radians
  std::array<double, 2> dome{22.5, 23.8};       ///< y of the diaphragm's top
  std::array<double, 2> angle_drop{5.0, 5.0};   ///< from the top to the costophrenic angle
  std::array<double, 2> mediastinum{2.6, 2.4};  ///< half width above the heart

  Ellipsoid heart;
  Ellipsoid atrium;
  Ellipsoid knob;   ///< aortic arch
  Ellipsoid trunk;  ///< pulmonary trunk
  Ellipsoid cava;   ///< upper vena cava
  Ellipsoid aorta;  ///< descending aorta
  std::array<Ellipsoid, 2> fat_pads;
  double fat_pad_density = 0.0;
  double breast_size = 0.0;  ///< cm of tissue at the thickest
  std::array<Ellipsoid, 2> breasts;
  Ellipsoid stomach_gas;
  bool has_stomach_gas = false;

  /// Tabulates the outlines along y; call after a change of the numbers above.
  void tabulate();

  [[nodiscard]] RayPath ray(double x, double y) const noexcept;
  /// Half width of the cavity and its inner border (distance from the midline) at `y`.
  [[nodiscard]] double lateral(double y) const noexcept;
  [[nodiscard]] double medial(double y, Side side) const noexcept;
  /// y of the diaphragm's silhouette at the distance `a` from the midline.
  [[nodiscard]] double diaphragm(double a, Side side) const noexcept;
  /// Aerated lung along the ray without heart and vessels, cm.
  [[nodiscard]] double cavity(double x, double y) const noexcept;
  /// Lung along the ray, cm.
  [[nodiscard]] double lung(double x, double y) const noexcept;
  /// The bounding box of the heart's shadow in the 1024 frame.
  [[nodiscard]] Box heart_box() const;

 private:
  struct Row {
    double body_half = 0.0;
    double body_depth = 0.0;
    double lung_half = 0.0;
    double lung_depth = 0.0;
    std::array<double, 2> medial{};
  };
  std::vector<Row> rows_;
  double arm_sine_ = 0.0;
  double arm_cosine_ = 1.0;
  [[nodiscard]] Row row(double y) const noexcept;
  [[nodiscard]] double cavity(double x, double y, const Row& at) const noexcept;
  [[nodiscard]] double organs(double x, double y) const noexcept;
  [[nodiscard]] double girdle(double a, double y) const noexcept;
};

/// The chest of `plan`: the patient's build and the visit's pose. An enlarged heart is drawn where
/// `enlarged_heart` says so; nothing else depends on it.
[[nodiscard]] Anatomy make_anatomy(const Plan& plan, bool enlarged_heart);

}  // namespace chestmap::phantom
