// bench_kernels [--size PIXELS] [--batch N] [--threads N] [--isa NAME] [--method NAME] [--only
// TEXT] [--layers] [--warm]
//
// The convolutions of DenseNet-121 and ResNet-50, by this project's kernels and by oneDNN's on the
// same layout (nChw16c): time, GFLOP/s counting direct operations, share of the peak of fused
// multiply-adds measured here, and oneDNN's time over ours. Ours has DenseNet's normalisation, ReLU
// and average pooling in it, oneDNN's has not. A layer's weights are read from beyond the second
// level cache, as in a network, unless --warm. --layers prints each layer instead of sums a stage.
// --accuracy prints the errors of each method instead.

#include <fmt/format.h>
#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/reference.h"

namespace {

using chestmap::kernels::AlignedFloats;
using chestmap::kernels::Convolution;
using chestmap::kernels::Extent;
using chestmap::kernels::Filter;
using chestmap::kernels::Isa;
using chestmap::kernels::Method;
using chestmap::kernels::PackedFilter;
using chestmap::kernels::Scratch;

constexpr std::size_t lanes = chestmap::kernels::lanes;

struct Options {
  std::size_t size = 224;
  std::size_t batch = 1;
  std::size_t threads = 1;
  Isa isa = chestmap::kernels::best_isa();
  std::string method;
  std::string only;
  bool layers = false;
  bool warm = false;
  bool accuracy = false;
};

struct Layer {
  std::string stage;
  Filter filter;
  std::size_t side;  // of the input
  bool activate;     // DenseNet's norm and ReLU before it
  std::size_t count = 1;
};

std::vector<Layer> densenet121(std::size_t size) {
  std::vector<Layer> layers;
  Filter stem{3, 64, 7, 2, 3};
  stem.planar_input = true;
  layers.push_back({"densenet stem 7x7/2", stem, size, false});
  std::size_t channels = 64;
  std::size_t side = size / 4;
  int block = 1;
  for (const std::size_t count : {6, 12, 24, 16}) {
    const std::string suffix = fmt::format(" block {}", block);
    for (std::size_t i = 0; i < count; ++i)
      layers.push_back({"densenet 1x1" + suffix, {channels + 32 * i, 128}, side, true});
    layers.push_back({"densenet 3x3" + suffix, {128, 32, 3, 1, 1}, side, false, count});
    channels += 32 * count;
    if (block < 4) {
      Filter transition{channels, channels / 2};
      transition.average_input = true;
      layers.push_back({fmt::format("densenet transition {}", block), transition, side, true});
      channels /= 2;
      side /= 2;
    }
    ++block;
  }
  return layers;
}

std::vector<Layer> resnet50(std::size_t size) {
  std::vector<Layer> layers;
  std::size_t in = 64;
  std::size_t side = size / 4;
  std::size_t width = 64;
  int stage = 1;
  for (const std::size_t count : {3, 4, 6, 3}) {
    const std::string suffix = fmt::format(" stage {}", stage);
    const std::size_t stride = stage == 1 ? 1 : 2;
    layers.push_back({"resnet 1x1" + suffix, {in, width}, side, false});
    layers.push_back({"resnet 1x1/s downsample" + suffix, {in, 4 * width, 1, stride}, side, false});
    if (stride == 2)
      layers.push_back({"resnet 3x3/2" + suffix, {width, width, 3, 2, 1}, side, false});
    side /= stride;
    layers.push_back({"resnet 3x3" + suffix,
                      {width, width, 3, 1, 1},
                      side,
                      false,
                      stride == 2 ? count - 1 : count});
    layers.push_back({"resnet 1x1" + suffix, {width, 4 * width}, side, false, count});
    layers.push_back({"resnet 1x1" + suffix, {4 * width, width}, side, false, count - 1});
    in = 4 * width;
    width *= 2;
    ++stage;
  }
  return layers;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

__attribute__((target("avx512f"))) void multiply_add_512(long count) {
  __m512 sums[24] = {};
  __m512 factor = _mm512_set1_ps(0.999F);
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));  // not known to be equal
  for (long i = 0; i < count; ++i) {
#pragma GCC unroll 24
    for (int j = 0; j < 24; ++j) sums[j] = _mm512_fmadd_ps(sums[j], factor, factor);
    asm volatile("" : "+v"(factor));
  }
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
}

__attribute__((target("avx2,fma"))) void multiply_add_256(long count) {
  __m256 sums[12] = {};
  __m256 factor = _mm256_set1_ps(0.999F);
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));  // not known to be equal
  for (long i = 0; i < count; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) sums[j] = _mm256_fmadd_ps(sums[j], factor, factor);
    asm volatile("" : "+x"(factor));
  }
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
}

/// GFLOP/s of independent fused multiply-adds on `threads` cores: the best of ten.
double peak(Isa isa, std::size_t threads) {
  const bool wide = isa == Isa::avx512;
  constexpr long count = 400'000;
  double best = 1e9;
  for (int i = 0; i < 10; ++i) {
    const double start = seconds_now();
#pragma omp parallel num_threads(static_cast <int>(threads))
    if (wide)
      multiply_add_512(count);
    else
      multiply_add_256(count);
    best = std::min(best, seconds_now() - start);
  }
  const double operations = static_cast<double>(count) * (wide ? 24 * 32 : 12 * 16);
  return operations * static_cast<double>(threads) / best / 1e9;
}

AlignedFloats noise(std::size_t size) {
  AlignedFloats values(size);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525U + 1013904223U;
    values.data()[i] = static_cast<float>(state >> 8) / 16777216.0F - 0.5F;
  }
  return values;
}

std::size_t copies_of(std::size_t bytes, bool warm) {
  return warm ? 1 : std::clamp<std::size_t>((std::size_t{12} << 20) / bytes, 2, 200);
}

/// Of numbers in bfloat16 or of 8 bits.
std::optional<Method> narrow_method(std::string_view name) {
  if (name == "bfloat16") return Method::bfloat16;
  if (name == "bfloat16x2") return Method::bfloat16x2;
  if (name == "bfloat16x3") return Method::bfloat16x3;
  if (name == "int8") return Method::int8;
  return std::nullopt;
}

bool runs(Method method) {
  using chestmap::kernels::Unit;
  return chestmap::kernels::narrow_operands(method).terms == 0 ||
         chestmap::kernels::supported(method, Unit::dots) ||
         chestmap::kernels::supported(method, Unit::tiles);
}

class Ours {
 public:
  Ours(const Layer& layer, const Options& options)
      : extent_{options.batch, layer.side, layer.side}, threads_(options.threads) {
    const Filter& f = layer.filter;
    const AlignedFloats weights = noise(f.out_channels * f.in_channels * f.kernel * f.kernel);
    Method method = chestmap::kernels::choose_method(f, extent_, options.isa);
    if (f.kernel == 3 && f.stride == 1 && !options.method.empty())
      method = options.method == "winograd4"   ? Method::winograd4
               : options.method == "winograd2" ? Method::winograd2
                                               : Method::direct;
    if (f.kernel == 1 && options.method == "direct") method = Method::direct;
    if (const auto narrow = narrow_method(options.method); narrow && !f.planar_input)
      method = *narrow;
    const std::span<const float> span{weights.data(), weights.size()};
    const float step = 0.5F / 255.0F;  // of 8 bits: `noise` is below 0.5
    filters_.emplace_back(f, method, span, std::span<const float>{}, step);
    for (std::size_t i = 1; i < copies_of(filters_[0].bytes(), options.warm); ++i)
      filters_.emplace_back(f, method, span, std::span<const float>{}, step);
    for (const PackedFilter& filter : filters_)
      convolutions_.emplace_back(filter, extent_, options.isa, threads_);
    scratch_floats_ = chestmap::kernels::padded(convolutions_[0].scratch_floats()) + lanes;
    scratch_ = AlignedFloats(std::max(threads_ * scratch_floats_, std::size_t{1} << 20));
    const std::size_t in_planes =
        f.planar_input ? f.in_channels : chestmap::kernels::blocks(f.in_channels);
    const std::size_t in_block = extent_.pixels() * (f.planar_input ? 1 : lanes) + lanes;
    in_ = noise(extent_.batch * in_planes * in_block);
    const Extent out = convolutions_[0].output();
    const std::size_t out_planes = chestmap::kernels::blocks(f.out_channels);
    const std::size_t out_block = out.pixels() * lanes + lanes;
    out_ = AlignedFloats(extent_.batch * out_planes * out_block);
    channels_ = noise(std::max(in_planes, out_planes) * lanes);
    input_.source = {in_.data(), in_planes * in_block, in_block};
    if (layer.activate) input_.scale = input_.shift = channels_.data();
    output_.sink = {out_.data(), out_planes * out_block, out_block};
    output_.bias = channels_.data();
    output_.relu = true;
  }

  void run(std::size_t copy) {
    const Convolution& convolution = convolutions_[copy % convolutions_.size()];
    const std::size_t items = convolution.items();
#pragma omp parallel num_threads(static_cast <int>(threads_))
    {
      const auto t = static_cast<std::size_t>(omp_get_thread_num());
      Scratch scratch{scratch_.data() + t * scratch_floats_};
      convolution.run(input_, output_, items * t / threads_, items * (t + 1) / threads_, scratch);
    }
  }
  [[nodiscard]] Extent output() const { return convolutions_[0].output(); }

 private:
  Extent extent_;
  std::size_t threads_;
  std::vector<PackedFilter> filters_;
  std::vector<Convolution> convolutions_;
  std::size_t scratch_floats_ = 0;
  AlignedFloats scratch_, in_, out_, channels_;
  chestmap::kernels::Input input_;
  chestmap::kernels::Output output_;
};

class OneDnn {
 public:
  OneDnn(const Layer& layer, const Options& options) {
    using dnnl::memory;
    using tag = memory::format_tag;
    const auto dim = [](std::size_t n) { return static_cast<memory::dim>(n); };
    const Filter& f = layer.filter;
    const memory::dim side = dim(layer.side / (f.average_input ? 2 : 1));
    const memory::dim out_side = (side + 2 * dim(f.padding) - dim(f.kernel)) / dim(f.stride) + 1;
    const memory::desc source({dim(options.batch), dim(f.in_channels), side, side},
                              memory::data_type::f32, f.planar_input ? tag::nchw : tag::nChw16c);
    const memory::desc weights(
        {dim(f.out_channels), dim(f.in_channels), dim(f.kernel), dim(f.kernel)},
        memory::data_type::f32, tag::any);
    const memory::desc bias({dim(f.out_channels)}, memory::data_type::f32, tag::x);
    const memory::desc target({dim(options.batch), dim(f.out_channels), out_side, out_side},
                              memory::data_type::f32, tag::nChw16c);
    dnnl::post_ops relu;
    relu.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(relu);
    const memory::dims strides{dim(f.stride), dim(f.stride)};
    const memory::dims padding{dim(f.padding), dim(f.padding)};
    const dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, source, weights,
        bias, target, strides, padding, padding);
    const dnnl::convolution_forward::primitive_desc chosen(description, attributes, engine_);
    primitive_ = dnnl::convolution_forward(chosen);
    const std::size_t bytes = chosen.weights_desc().get_size();
    for (std::size_t i = 0; i < copies_of(bytes, options.warm); ++i)
      weights_.push_back(filled(chosen.weights_desc()));
    arguments_ = {{DNNL_ARG_SRC, filled(source)},
                  {DNNL_ARG_BIAS, filled(bias)},
                  {DNNL_ARG_DST, filled(target)}};
  }

  void run(std::size_t copy) {
    arguments_[DNNL_ARG_WEIGHTS] = weights_[copy % weights_.size()];
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::memory filled(const dnnl::memory::desc& description) {
    dnnl::memory memory(description, engine_);
    const AlignedFloats values = noise(description.get_size() / sizeof(float));
    std::memcpy(memory.get_data_handle(), values.data(), description.get_size());
    return memory;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::convolution_forward primitive_;
  std::vector<dnnl::memory> weights_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

/// Median seconds of both, in turns: at least `rounds` rounds and 10 ms each.
std::array<double, 2> compare(const std::function<void(std::size_t)>& first,
                              const std::function<void(std::size_t)>& second) {
  constexpr std::size_t rounds = 9;
  std::array<std::vector<double>, 2> times;
  const std::array<const std::function<void(std::size_t)>*, 2> sides{&first, &second};
  std::size_t copy = 0;
  for (const auto* side : sides) (*side)(copy++);
  const double start = seconds_now();
  while (times[1].size() < rounds || seconds_now() - start < 0.03)
    for (std::size_t s = 0; s < 2; ++s) {
      const std::size_t repeats = 3;
      const double begin = seconds_now();
      for (std::size_t i = 0; i < repeats; ++i) (*sides[s])(copy++);
      times[s].push_back((seconds_now() - begin) / static_cast<double>(repeats));
    }
  std::array<double, 2> medians{};
  for (std::size_t s = 0; s < 2; ++s) {
    std::nth_element(times[s].begin(), times[s].begin() + static_cast<long>(times[s].size() / 2),
                     times[s].end());
    medians[s] = times[s][times[s].size() / 2];
  }
  return medians;
}

struct Row {
  double operations = 0.0;
  double ours = 0.0;
  double onednn = 0.0;
  std::size_t layers = 0;

  void add(const Row& other) {
    operations += other.operations;
    ours += other.ours;
    onednn += other.onednn;
    layers += other.layers;
  }
};

Row measure(const Layer& layer, const Options& options) {
  Ours ours(layer, options);
  OneDnn onednn(layer, options);
  const auto [our_time, their_time] = compare([&](std::size_t copy) { ours.run(copy); },
                                              [&](std::size_t copy) { onednn.run(copy); });
  const Filter& f = layer.filter;
  const Extent out = ours.output();
  const auto count = static_cast<double>(layer.count);
  const double operations = 2.0 * static_cast<double>(out.batch * out.pixels() * f.in_channels *
                                                      f.out_channels * f.kernel * f.kernel);
  return {count * operations, count * our_time, count * their_time, layer.count};
}

void print(const std::string& label, const Row& row, double the_peak) {
  const double rate = row.operations / row.ours / 1e9;
  fmt::print("{:34} {:>6} {:>8.3f} {:>8.3f} {:>8.1f} {:>6.1f}% {:>7.2f}\n", label, row.layers,
             row.ours * 1e3, row.onednn * 1e3, rate, 100.0 * rate / the_peak,
             row.onednn / row.ours);
}

/// Errors of each method against the definition in double precision, relative to the root mean
/// square of the output: inputs normal and positive, as after ReLU, weights as He draws them.
void print_accuracy(const Options& options) {
  fmt::print("{:20} {:>10} {:>10} {:>10}\n", "3x3, 28 x 28 pixels", "method", "rms", "largest");
  for (const auto& [in, out] :
       std::vector<std::pair<std::size_t, std::size_t>>{{64, 64}, {128, 32}, {256, 256}}) {
    const Filter filter{in, out, 3, 1, 1};
    const Extent extent{1, 28, 28};
    std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same each time
    std::normal_distribution<float> normal;
    std::vector<float> input(in * extent.pixels());
    std::vector<float> weights(in * out * 9);
    for (float& x : input) x = std::max(0.0F, normal(random));
    for (float& w : weights) w = normal(random) * std::sqrt(2.0F / static_cast<float>(9 * in));
    std::vector<float> expected(out * extent.pixels());
    std::vector<float> actual(expected.size());
    const std::size_t block = extent.pixels() * lanes;
    chestmap::kernels::Input reads;
    reads.source = {input.data(), input.size(), block};
    chestmap::kernels::Output writes;
    writes.sink = {expected.data(), expected.size(), block};
    chestmap::kernels::reference_convolution(filter, weights, extent, reads, writes);
    writes.sink.data = actual.data();
    for (const auto& [name, method] :
         std::vector<std::pair<std::string, Method>>{{"direct", Method::direct},
                                                     {"F(2x2)", Method::winograd2},
                                                     {"F(4x4)", Method::winograd4},
                                                     {"bfloat16", Method::bfloat16},
                                                     {"bfloat16x2", Method::bfloat16x2},
                                                     {"bfloat16x3", Method::bfloat16x3}}) {
      if (!runs(method)) continue;
      const PackedFilter packed(filter, method, weights);
      const Convolution convolution(packed, extent, options.isa, 1);
      AlignedFloats memory(convolution.scratch_floats());
      Scratch scratch{memory.data()};
      convolution.run(reads, writes, 0, convolution.items(), scratch);
      double squares = 0.0;
      double errors = 0.0;
      double largest = 0.0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double error = static_cast<double>(actual[i]) - expected[i];
        squares += static_cast<double>(expected[i]) * expected[i];
        errors += error * error;
        largest = std::max(largest, std::abs(error));
      }
      const double scale = std::sqrt(squares / static_cast<double>(expected.size()));
      fmt::print("{:20} {:>10} {:>10.1e} {:>10.1e}\n", fmt::format("{} -> {}", in, out), name,
                 std::sqrt(errors / static_cast<double>(expected.size())) / scale, largest / scale);
    }
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (key == "--size") options.size = std::stoul(value());
    if (key == "--batch") options.batch = std::stoul(value());
    if (key == "--threads") options.threads = std::stoul(value());
    if (key == "--method") options.method = value();
    if (key == "--only") options.only = value();
    if (key == "--layers") options.layers = true;
    if (key == "--warm") options.warm = true;
    if (key == "--accuracy") options.accuracy = true;
    if (key == "--isa") {
      const std::string wanted = value();
      for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
        if (chestmap::kernels::name(isa) == wanted) options.isa = isa;
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (const auto narrow = narrow_method(options.method); narrow && !runs(*narrow)) {
    fmt::print("this CPU has nothing that multiplies by {}\n", options.method);
    return 1;
  }
  if (options.accuracy) {
    print_accuracy(options);
    return 0;
  }
  omp_set_num_threads(static_cast<int>(options.threads));
  const double the_peak = peak(options.isa, options.threads);
  fmt::print("{} px, batch {}, {} thread(s), {}; peak {:.1f} GFLOP/s\n", options.size,
             options.batch, options.threads, chestmap::kernels::name(options.isa), the_peak);
  fmt::print("{:34} {:>6} {:>8} {:>8} {:>8} {:>7} {:>7}\n", "stage", "layers", "ms", "oneDNN ms",
             "GFLOP/s", "peak", "ratio");
  for (const auto& network : {densenet121(options.size), resnet50(options.size)}) {
    std::vector<std::pair<std::string, Row>> stages;
    Row total;
    for (const Layer& layer : network) {
      if (layer.stage.find(options.only) == std::string::npos) continue;
      const Row row = measure(layer, options);
      if (options.layers)
        print(fmt::format("{} {}->{} @{}", layer.stage, layer.filter.in_channels,
                          layer.filter.out_channels, layer.side),
              row, the_peak);
      total.add(row);
      auto stage = std::find_if(stages.begin(), stages.end(),
                                [&](const auto& s) { return s.first == layer.stage; });
      if (stage == stages.end()) stage = stages.insert(stages.end(), {layer.stage, {}});
      stage->second.add(row);
    }
    if (!options.layers)
      for (const auto& [stage, row] : stages) print(stage, row, the_peak);
    if (total.layers > 0) print("total", total, the_peak);
  }
}
