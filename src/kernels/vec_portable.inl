// Vec: 16 floats in plain C++, for the compiler to vectorize as it can.
namespace chestmap::kernels {
namespace {

struct Vec {
  float lane[16];
};

template <typename Function>
inline Vec each(Function function) {
  Vec result;
  for (int i = 0; i < 16; ++i) result.lane[i] = function(i);
  return result;
}

inline Vec load(const float* from) {
  return each([&](int i) { return from[i]; });
}
inline void store(float* to, const Vec& x) {
  for (int i = 0; i < 16; ++i) to[i] = x.lane[i];
}
inline Vec spread(float x) {
  return each([&](int) { return x; });
}
inline Vec add(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline Vec sub(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline Vec mul(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline Vec larger(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
/// a * b + c
inline Vec mul_add(const Vec& a, const Vec& b, const Vec& c) {
  return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
}
/// c - a * b
inline Vec mul_sub_from(const Vec& a, const Vec& b, const Vec& c) {
  return each([&](int i) { return c.lane[i] - a.lane[i] * b.lane[i]; });
}

constexpr int max_tile_pixels = 2;
constexpr int max_tile_blocks = 1;

}  // namespace
}  // namespace chestmap::kernels
