#include "weights/map_grids.h"

namespace chestmap {

std::vector<PlaneGrid> geometric_grids(const std::vector<Grid>& grids) {
  std::vector<PlaneGrid> planes;
  planes.reserve(grids.size());
  for (const Grid& grid : grids) planes.push_back({grid, grid});
  return planes;
}

std::vector<PlaneGrid> aligned_grids(const ModelSpec& spec, const std::vector<Grid>& grids,
                                     std::size_t finding) {
  std::vector<PlaneGrid> planes = geometric_grids(grids);
  if (!spec.alignment) return planes;
  for (std::size_t s = 0; s < planes.size(); ++s) {
    const MapShift& shift = spec.alignment->shifts[finding][s];
    planes[s].x.offset += shift.x;
    planes[s].y.offset += shift.y;
  }
  return planes;
}

}  // namespace chestmap
