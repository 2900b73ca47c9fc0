#include "engine/fma_peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "engine/team.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chestmap::engine {

namespace {

constexpr int kSums = 12;  // independent, so that no sum is waited for
constexpr int kRounds = 20000;

/// Runs the rounds; gives the multiply-adds of each and something that depends on all of them.
struct Done {
  double products = 0.0;
  float sum = 0.0F;
};

Done portable_rounds() {
  float sums[kSums] = {};
  for (int round = 0; round < kRounds; ++round)
    for (float& sum : sums) sum = sum * 0.5F + 1.0F;
  Done done{static_cast<double>(kRounds) * kSums, 0.0F};
  for (const float sum : sums) done.sum += sum;
  return done;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) Done avx2_rounds() {
  __m256 sums[kSums];
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  const __m256 half = _mm256_set1_ps(0.5F);
  const __m256 one = _mm256_set1_ps(1.0F);
  for (int round = 0; round < kRounds; ++round)
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, half, one);
  Done done{static_cast<double>(kRounds) * kSums * 8, 0.0F};
  for (const __m256& sum : sums) done.sum += _mm256_cvtss_f32(sum);
  return done;
}

__attribute__((target("avx512f"))) Done avx512_rounds() {
  __m512 sums[kSums];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  const __m512 half = _mm512_set1_ps(0.5F);
  const __m512 one = _mm512_set1_ps(1.0F);
  for (int round = 0; round < kRounds; ++round)
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, half, one);
  Done done{static_cast<double>(kRounds) * kSums * 16, 0.0F};
  for (const __m512& sum : sums) done.sum += _mm512_cvtss_f32(sum);
  return done;
}
#endif

Done rounds(kernels::Isa isa) {
#if defined(__x86_64__)
  if (isa == kernels::Isa::avx512) return avx512_rounds();
  if (isa == kernels::Isa::avx2) return avx2_rounds();
#endif
  return portable_rounds();
}

/// The best of several short measurements, operations a second.
double peak_of_one(kernels::Isa isa) {
  using Clock = std::chrono::steady_clock;
  constexpr int kMeasurements = 200;
  double best = 0.0;
  volatile float kept = 0.0F;
  for (int i = 0; i < kMeasurements; ++i) {
    const Clock::time_point start = Clock::now();
    const Done done = rounds(isa);
    const std::chrono::duration<double> taken = Clock::now() - start;
    kept = done.sum;
    best = std::max(best, 2.0 * done.products / taken.count());
  }
  (void)kept;
  return best;
}

}  // namespace

double measured_fma_peak(std::size_t threads, kernels::Isa isa) {
  Team team(threads);
  std::vector<double> peaks(threads);
  team.run(threads,
           [&](std::size_t item, std::size_t /*member*/) { peaks[item] = peak_of_one(isa); });
  double sum = 0.0;
  for (const double peak : peaks) sum += peak;
  return sum;
}

}  // namespace chestmap::engine
