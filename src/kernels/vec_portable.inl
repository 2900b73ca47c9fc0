// Vec: 16 floats for any CPU, by GCC's and Clang's vectors of four, which every target has or
// imitates.
namespace chestmap::kernels {
namespace {

using Four = float __attribute__((vector_size(16)));

struct Vec {
  Four part[4];
};

template <typename Function>
inline Vec each(Function function) {
  return {{function(0), function(1), function(2), function(3)}};
}

inline Vec load(const float* from) {
  return each([&](int i) {
    Four part;
    __builtin_memcpy(&part, from + i * 4, sizeof part);
    return part;
  });
}
inline void store(float* to, const Vec& x) {
  for (int i = 0; i < 4; ++i) __builtin_memcpy(to + i * 4, &x.part[i], sizeof x.part[i]);
}
inline Vec spread(float x) {
  return each([&](int) { return Four{x, x, x, x}; });
}
inline Vec add(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.part[i] + b.part[i]; });
}
inline Vec sub(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.part[i] - b.part[i]; });
}
inline Vec mul(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.part[i] * b.part[i]; });
}
inline Vec larger(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.part[i] > b.part[i] ? a.part[i] : b.part[i]; });
}
/// a * b + c
inline Vec mul_add(const Vec& a, const Vec& b, const Vec& c) {
  return each([&](int i) { return a.part[i] * b.part[i] + c.part[i]; });
}
/// c - a * b
inline Vec mul_sub_from(const Vec& a, const Vec& b, const Vec& c) {
  return each([&](int i) { return c.part[i] - a.part[i] * b.part[i]; });
}

constexpr int max_tile_pixels = 2;
constexpr int max_tile_blocks = 1;

}  // namespace
}  // namespace chestmap::kernels
