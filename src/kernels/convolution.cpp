#include "kernels/convolution.h"

#include <algorithm>

#include "kernels/kernel_table.h"

namespace chestmap::kernels {
namespace {

std::size_t ceil_divide(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

Gather gather_of(const Filter& filter) {
  if (filter.average_input) return Gather::average;
  return filter.kernel == 1 && filter.stride == 1 && filter.padding == 0 ? Gather::pixel
                                                                         : Gather::patch;
}

bool narrow(Method method) { return narrow_operands(method).terms > 0; }

bool winograd(Method method) { return method == Method::winograd2 || method == Method::winograd4; }

/// Rows of registers that a pixel's inputs take, at one tap of the filter.
std::size_t narrow_rows(const Job& job, Method method) {
  const NarrowOperands operands = narrow_operands(method);
  return ceil_divide(job.in_blocks, operands.blocks) * operands.terms;
}

/// Floats that the rows of input for `rows` of the output take as narrow numbers.
std::size_t rows_floats(const Job& job, Method method, std::size_t rows) {
  const std::size_t phases = job.stride * job.stride;
  return narrow_rows(job, method) * phases * (rows + (job.kernel - 1) / job.stride) *
         job.row_pitch * lanes;
}

/// Floats that a tile's gathered or transformed input takes.
std::size_t tile_floats(const Job& job, Method method) {
  if (narrow(method))
    return narrow_rows(job, method) * job.kernel * job.kernel * lanes * job.tile_pixels;
  return padded(job.products) * job.tile_pixels * positions_of(method);
}

Job shape_of(const Filter& filter, Method method, const Extent& input, const Extent& output) {
  Job job{};
  job.gather = gather_of(filter);
  job.in_height = input.height;
  job.in_width = input.width;
  job.in_blocks = blocks(filter.in_channels);
  job.out_height = output.height;
  job.out_width = output.width;
  job.out_blocks = blocks(filter.out_channels);
  job.in_channels = filter.in_channels;
  job.kernel = filter.kernel;
  job.stride = filter.stride;
  job.padding = filter.padding;
  const std::size_t taps = winograd(method) ? 1 : filter.kernel * filter.kernel;
  job.products = (filter.planar_input ? filter.in_channels : padded(filter.in_channels)) * taps;
  return job;
}

/// Whether the second level cache (here 2 MiB) cannot hold the weights beside what they are
/// multiplied with.
bool weights_exceed_cache(const Job& job, Method method) {
  const std::size_t weights = job.products * job.out_blocks * lanes * positions_of(method);
  return weights > (std::size_t{1} << 18);
}

/// Floats of gathered or transformed input that a span should have. Weights that the second level
/// cache holds are read again for each span, which then stays in the first level;
/// larger ones should be read from memory as few times as possible. AMX is fast enough to wait for
/// its writing: many outputs for few inputs are written in long pieces, which makes dot products
/// neither faster nor slower. Measured; docs/performance.md.
std::size_t span_floats(const Job& job, Method method) {
  if (weights_exceed_cache(job, method)) return std::size_t{1} << 18;
  const bool mostly_written = narrow(method) && job.out_blocks >= 2 * job.in_blocks;
  return winograd(method) || mostly_written ? std::size_t{1} << 16 : std::size_t{1} << 12;
}

/// Input that takes no more floats is gathered by each of several threads, which then share the
/// weights instead of the pixels: at 7 x 7 pixels there are more weights to read.
constexpr std::size_t shared_floats = std::size_t{1} << 17;

/// Floats of rows gathered for a span, which the second level cache should hold, beside weights
/// that it can hold.
std::size_t rows_at_most(const Job& job, Method method) {
  return weights_exceed_cache(job, method) ? std::size_t{1} << 19 : std::size_t{1} << 16;
}

/// Cuts it: tiles of equal size but for a pixel, spans that the cache holds.
void cut(Job& job, Method method, bool planar, const Extent& output, const KernelTable& table,
         std::size_t threads) {
  job.tile_pixels = table.tile_pixels;
  job.groups = 1;
  if (planar) {
    job.spans = output.batch * output.height;
    job.tiles_per_image = ceil_divide(output.width, job.tile_pixels);
    job.row_pitch = padded(2 * (output.width - 1) + job.kernel) + lanes;
    return;
  }
  const std::size_t steps = ceil_divide(job.out_blocks, table.tile_blocks);
  if (narrow(method) && job.gather == Gather::patch && job.kernel > 1 && job.stride <= 2 &&
      job.kernel * job.kernel <= most_row_taps) {
    job.gather = Gather::rows;
    job.row_pitch = ceil_divide(job.in_width + 2 * job.padding, job.stride);
    const std::size_t at_most = rows_at_most(job, method);
    const std::size_t wanted = threads == 1 ? 1 : 4 * threads;
    std::size_t rows = output.height;
    while (rows > 1 && (rows_floats(job, method, rows) > at_most ||
                        output.batch * ceil_divide(output.height, rows) * steps < wanted))
      rows = (rows + 1) / 2;
    job.tiles_per_image = ceil_divide(output.height, rows);
    job.span_tiles = rows;
    job.spans = output.batch * job.tiles_per_image;
    if (threads > 1) job.groups = std::min(steps, ceil_divide(wanted, job.spans));
    return;
  }
  if (!winograd(method)) {
    job.tiles_per_image = ceil_divide(output.pixels(), job.tile_pixels);
    job.tiles = output.batch * job.tiles_per_image;
  } else {
    const std::size_t side = method == Method::winograd4 ? 4 : 2;
    job.squares = output.batch * ceil_divide(output.height, side) * ceil_divide(output.width, side);
    job.tiles = ceil_divide(job.squares, job.tile_pixels);
  }
  // Work for every thread, where the output blocks alone do not give it.
  if (steps < threads && job.tiles < 8 * threads)
    job.tiles = std::min(ceil_divide(job.tiles, threads) * threads,
                         winograd(method) ? job.squares : job.tiles);

  const std::size_t at_most = std::max<std::size_t>(
      1, span_floats(job, method) / std::max<std::size_t>(1, tile_floats(job, method)));
  job.spans = ceil_divide(job.tiles, at_most);
  if (steps < threads) job.spans = std::min(job.tiles, std::max(job.spans, threads));
  if (threads > 1 && steps >= threads && job.tiles * tile_floats(job, method) <= shared_floats)
    job.spans = 1;
  if (threads > 1 && job.spans < 4 * threads)
    job.groups = std::min(steps, ceil_divide(4 * threads, job.spans));
  job.span_tiles = ceil_divide(job.tiles, job.spans);
}

/// Floats behind a thread's scratch memory, a page: what is prefetched beyond its end must not be
/// lines that the next thread writes.
constexpr std::size_t thread_distance = 1024;

std::size_t scratch_of(const Job& job, Method method, const KernelTable& table) {
  const std::size_t sums = table.tile_blocks * job.tile_pixels * lanes;
  constexpr std::size_t beyond = 2 * lanes * lanes;  // pixels that a tile's last registers may read
  if (job.gather == Gather::rows) return rows_floats(job, method, job.span_tiles) + sums + beyond;
  if (job.row_pitch > 0) return job.in_channels * job.kernel * job.row_pitch;
  const std::size_t gathered = job.span_tiles * tile_floats(job, method);
  if (method == Method::direct) return gathered;
  if (narrow(method)) return gathered + sums + beyond;
  return gathered + positions_of(method) * (job.span_tiles * sums + 2 * lanes);
}

/// Transformed weights take more memory; beyond this, 20 MB, more than the time saved is worth.
constexpr std::size_t most_transformed_floats = 5'000'000;

/// Where there is AMX, Winograd's F(2x2) may take so much, 4 MB: beyond, of 256 by 256 channels,
/// three numbers in bfloat16 are as fast and take less memory. So are they for images of no more
/// pixels, 32 x 32, over which Winograd's weights are read too few times.
constexpr std::size_t most_floats_beside_matrices = 1'000'000;
constexpr std::size_t most_pixels_by_matrices = 1024;

std::size_t packed_floats(const Filter& filter, Method method) {
  return positions_of(method) * padded(filter.in_channels) * padded(filter.out_channels);
}

/// What a 3x3 convolution costs, in products of one channel by another: those that it takes, 14 for
/// each value that is transformed or gathered, and 3 for each byte of weights, which come from the
/// third level cache. Fitted to measurements; docs/performance.md.
double products_worth(const Filter& filter, const Extent& input, Method method) {
  const std::size_t square =
      method == Method::winograd4 ? 4 : (method == Method::winograd2 ? 2 : 1);
  const std::size_t positions = method == Method::direct ? 9 : positions_of(method);
  const std::size_t squares = input.batch * ceil_divide(input.height, square) *
                              ceil_divide(input.width, square) * positions;
  const std::size_t in = padded(filter.in_channels);
  const std::size_t out = padded(filter.out_channels);
  const std::size_t transformed = method == Method::direct ? in : in + out;
  return static_cast<double>(squares) * static_cast<double>(in * out + 14 * transformed) +
         static_cast<double>(3 * sizeof(float) * positions * in * out);
}

/// The same in bfloat16 by dot products of two numbers, which take as long as one of single
/// precision.
double dot_products_worth(const Filter& filter, const Extent& input) {
  const std::size_t in = padded(filter.in_channels);
  const std::size_t weights = 9 * in * padded(filter.out_channels);
  const std::size_t pixels = input.batch * input.height * input.width;
  constexpr std::size_t weight_bytes = 2;
  return static_cast<double>(pixels * weights) / 2.0 + static_cast<double>(14 * pixels * in) +
         static_cast<double>(3 * weight_bytes * weights);
}

}  // namespace

std::size_t positions_of(Method method) noexcept {
  return method == Method::winograd4 ? 36 : (method == Method::winograd2 ? 16 : 1);
}

Extent output_extent(const Filter& filter, const Extent& input) noexcept {
  if (filter.average_input) return {input.batch, input.height / 2, input.width / 2};
  const auto side = [&](std::size_t length) {
    return (length + 2 * filter.padding - filter.kernel) / filter.stride + 1;
  };
  return {input.batch, side(input.height), side(input.width)};
}

NarrowOperands narrow_operands(Method method) noexcept {
  switch (method) {
    case Method::bfloat16:
      return {1, 2};
    case Method::bfloat16x2:
      return {2, 2};
    case Method::bfloat16x3:
      return {3, 2};
    case Method::int8:
      return {1, 4};
    default:
      return {};
  }
}

bool supported(Method method, Unit unit) noexcept {
  const std::size_t terms = narrow_operands(method).terms;
  if (terms == 0 || (terms > 1 && unit != Unit::tiles)) return false;
  return method == Method::int8 ? int8_by(unit) : bfloat16_by(unit);
}

Method choose_method(const Filter& filter, const Extent& input, Isa isa) noexcept {
  const bool matrices =
      isa == Isa::avx512 && !filter.planar_input && supported(Method::bfloat16x3, Unit::tiles);
  if (matrices && (filter.kernel == 1 || (filter.kernel == 3 && filter.stride == 2)))
    return Method::bfloat16x3;
  if (filter.kernel != 3 || filter.stride != 1 || filter.padding != 1 || filter.planar_input ||
      filter.average_input)
    return Method::direct;
  if (matrices && (packed_floats(filter, Method::winograd2) > most_floats_beside_matrices ||
                   input.height * input.width <= most_pixels_by_matrices))
    return Method::bfloat16x3;
  Method best = Method::direct;
  for (const Method method : {Method::winograd2, Method::winograd4})
    if (packed_floats(filter, method) <= most_transformed_floats &&
        products_worth(filter, input, method) < products_worth(filter, input, best))
      best = method;
  return best;
}

Method choose_bfloat16_method(const Filter& filter, const Extent& input, Isa isa) noexcept {
  const Method single = choose_method(filter, input, isa);
  // Planes are a stem's, whose few channels would leave the products nearly empty.
  if (filter.planar_input) return single;
  const bool faster = !winograd(single) || supported(Method::bfloat16, Unit::tiles) ||
                      dot_products_worth(filter, input) < products_worth(filter, input, single);
  return faster ? Method::bfloat16 : single;
}

Convolution::Convolution(const PackedFilter& filter, const Extent& input, Isa isa,
                         std::size_t threads)
    : Convolution(filter, input, isa, threads,
                  supported(filter.method(), Unit::tiles) ? Unit::tiles : Unit::dots) {}

Convolution::Convolution(const PackedFilter& filter, const Extent& input, Isa isa,
                         std::size_t threads, Unit unit)
    : filter_(&filter),
      method_(filter.method()),
      planar_(filter.filter().planar_input),
      isa_(isa),
      unit_(unit),
      output_(output_extent(filter.filter(), input)),
      job_(shape_of(filter.filter(), method_, input, output_)) {
  cut(job_, method_, planar_, output_, kernel_table(isa, method_, unit), threads);
}

std::size_t Convolution::scratch_floats() const noexcept {
  return scratch_of(job_, method_, kernel_table(isa_, method_, unit_)) + thread_distance;
}

void Convolution::run(const Input& input, const Output& output, std::size_t begin, std::size_t end,
                      Scratch& scratch) const {
  Job job = job_;
  job.input = planes(input.source);
  job.scale = input.scale;
  job.shift = input.shift;
  job.weights = filter_->data();
  if (method_ == Method::int8) {
    job.steps_per_one = 1.0F / filter_->input_step();
    job.product_steps = filter_->product_steps();
  }
  job.bias = output.bias;
  job.residual = planes(output.residual);
  job.relu = output.relu;
  job.output = planes(output.sink);
  const KernelTable& table = kernel_table(isa_, method_, unit_);
  switch (method_) {
    case Method::direct:
    case Method::bfloat16:
    case Method::bfloat16x2:
    case Method::bfloat16x3:
    case Method::int8:
      return (planar_ ? table.planar : table.direct)(job, begin, end, scratch);
    case Method::winograd2:
      return table.winograd2(job, begin, end, scratch);
    case Method::winograd4:
      return table.winograd4(job, begin, end, scratch);
  }
}

}  // namespace chestmap::kernels
