#include "nn/dense_block.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/autograd.h>
#include <torch/custom_class.h>

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

#include "nn/norm_relu/kernels.h"

namespace chestmap {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Images x channels x height x width.
struct Sizes {
  std::int64_t images;
  std::int64_t height;
  std::int64_t width;
};

/// Pixels x channels: a view where the images are channels-last.
at::Tensor rows_of(const at::Tensor& images) {
  return images.permute({0, 2, 3, 1}).contiguous().view({-1, images.size(1)});
}

at::Tensor images_of(const at::Tensor& rows, const Sizes& sizes) {
  return rows.contiguous()
      .view({sizes.images, sizes.height, sizes.width, rows.size(1)})
      .permute({0, 3, 1, 2});
}

at::Tensor rows_like(const at::Tensor& rows, std::int64_t channels) {
  return at::empty({rows.size(0), channels}, rows.options());
}

/// Rows of fewer bits are computed in single precision.
at::ScalarType computed_type(const at::Tensor& rows) {
  return rows.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// A norm in one batch.
struct Applied {
  AppliedNorm by;
  at::Tensor count;  // of pixels; undefined where the moments are stored ones
};

/// Whether one kernel does what lies between the passes.
bool is_fused(const BatchNorm2dImpl& norm, const at::Tensor& rows) {
  return norm.uses_images() && !norm.sum_over_ranks() && has_norm_kernels(rows);
}

Applied applied(BatchNorm2dImpl& norm, const ChannelMoments& own, const at::Tensor& rows) {
  // The number on the CPU costs the GPU nothing.
  if (is_fused(norm, rows))
    return {moved_factors(norm.vectors(), own, rows.size(0)),
            at::scalar_tensor(static_cast<double>(rows.size(0)), at::kDouble)};
  if (!norm.uses_images() && has_norm_kernels(rows)) return {stored_factors(norm.vectors()), {}};
  BatchMoments moments;
  if (norm.uses_images()) {
    moments = norm.moments_of_all(own.mean, own.variance, rows.size(0));
    norm.track(moments);
  } else {
    moments = {norm.running_mean.to(at::kDouble), norm.running_var.to(at::kDouble), {}};
  }
  const at::Tensor inverse = (moments.variance + norm.options.eps()).rsqrt();
  const at::Tensor scale = norm.weight.detach().to(at::kDouble) * inverse;
  const at::Tensor shift = norm.bias.detach().to(at::kDouble) - scale * moments.mean;
  const at::ScalarType type = computed_type(rows);
  return {{scale.to(type), shift.to(type), moments.mean.to(type), inverse}, moments.count};
}

at::Tensor activated(const at::Tensor& rows, const AppliedNorm& norm) {
  at::Tensor y = rows_like(rows, rows.size(1));
  norm_relu_forward(rows, {norm.scale, norm.shift, {}, {}}, y);
  return y;
}

/// The gradient through a norm and its ReLU into `dx`, or added to what is there. With g = scale,
/// n pixels in all and means over them all,
///   dx = g (dy' - mean(dy') - x^ mean(dy' x^)),  x^ = (x - mean) inverse,
/// where stored moments leave the first term alone. Images that are not counted get none of it. The
/// gradients of weight and bias are this process's own, as all gradients are.
NormGradient backward_through(const BatchNorm2dImpl& norm, const Applied& applied, bool counted,
                              const at::Tensor& dy, const at::Tensor& rows, const at::Tensor& dx,
                              bool add) {
  const AppliedNorm& by = applied.by;
  if (counted && applied.count.defined() && is_fused(norm, rows))
    return whole_gradient(dy, rows, by, dx, add);
  NormReluFactors factors{by.scale, by.shift, at::zeros_like(by.scale), at::zeros_like(by.scale)};
  at::Tensor sums = at::zeros({2, rows.size(1)}, by.inverse.options());
  if (counted) {
    sums = norm_relu_sums(dy, rows, factors, by.mean);
    sums[0].mul_(by.inverse);
  }
  const at::ScalarType type = computed_type(rows);
  // Copies: the sums are about to become those of all ranks.
  NormGradient own{sums[0].to(type, /*non_blocking=*/false, /*copy=*/true),
                   sums[1].to(type, /*non_blocking=*/false, /*copy=*/true)};
  if (applied.count.defined()) {
    if (norm.sum_over_ranks()) norm.sum_over_ranks()(sums);
    const at::Tensor scale = by.scale.to(at::kDouble);
    const at::Tensor slope = -scale * by.inverse * sums[0] / applied.count;
    factors.slope = slope.to(type);
    factors.offset = (-scale * sums[1] / applied.count - slope * by.mean.to(at::kDouble)).to(type);
  }
  if (counted)
    norm_relu_backward(dy, rows, factors, dx, add);
  else if (!add)
    dx.zero_();
  return own;
}

/// The gradients of a convolution without a bias, stride 1, its output as large as its input.
struct ConvolutionGradient {
  at::Tensor input;  // rows
  at::Tensor weight;
};

ConvolutionGradient backward_through(const at::Tensor& dy, const at::Tensor& input,
                                     const at::Tensor& weight, const Sizes& sizes) {
  const std::int64_t padding = weight.size(2) / 2;
  const auto [dx, dw, none] = at::convolution_backward(
      images_of(dy, sizes), images_of(input, sizes), weight.to(input.scalar_type()), c10::nullopt,
      {1, 1}, {padding, padding}, {1, 1}, /*transposed=*/false, {0, 0}, /*groups=*/1,
      std::array<bool, 3>{true, weight.requires_grad(), false});
  return {rows_of(dx), dw.defined() ? dw.to(weight.scalar_type()) : dw};
}

at::Tensor convolved(const at::Tensor& rows, const at::Tensor& weight, const Sizes& sizes) {
  return rows_of(
      at::conv2d(images_of(rows, sizes), weight.to(rows.scalar_type()), {}, 1, weight.size(2) / 2));
}

struct Parts : torch::CustomClassHolder {
  Parts(std::vector<DenseLayerParts> of_layers, BatchNorm2d last)
      : layers(std::move(of_layers)), norm(std::move(last)) {}
  std::vector<DenseLayerParts> layers;
  BatchNorm2d norm;
};
using PartsPointer = c10::intrusive_ptr<Parts>;

// The inputs of the function: x, and these parameters of each layer; norm's weight and bias.
constexpr std::size_t kLayerInputs = 6;

variable_list inputs_of(const at::Tensor& x, const Parts& parts) {
  variable_list inputs = {x};
  for (const DenseLayerParts& layer : parts.layers)
    inputs.insert(inputs.end(), {layer.norm1->weight, layer.norm1->bias, layer.conv1->weight,
                                 layer.norm2->weight, layer.norm2->bias, layer.conv2->weight});
  inputs.insert(inputs.end(), {parts.norm->weight, parts.norm->bias});
  return inputs;
}

/// What forward leaves to backward, in the order in which it is taken there.
class Kept {
 public:
  explicit Kept(bool on) : on_(on) {}
  explicit Kept(variable_list tensors) : tensors_(std::move(tensors)) {}

  void add(const at::Tensor& tensor) {
    if (on_) tensors_.push_back(tensor);
  }
  void add(const Applied& of) {
    for (const at::Tensor& tensor : {of.by.scale, of.by.shift, of.by.mean, of.by.inverse, of.count})
      add(tensor);
  }
  at::Tensor take() { return std::move(tensors_[next_++]); }
  Applied take_applied() {
    Applied of;
    for (at::Tensor* tensor : {&of.by.scale, &of.by.shift, &of.by.mean, &of.by.inverse, &of.count})
      *tensor = take();
    return of;
  }
  [[nodiscard]] const variable_list& tensors() const { return tensors_; }

 private:
  bool on_ = false;
  variable_list tensors_;
  std::size_t next_ = 0;
};

bool any_uses_images(const Parts& parts) {
  bool any = parts.norm->uses_images();
  for (const DenseLayerParts& layer : parts.layers) any = any || layer.norm1->uses_images();
  return any;
}

class DenseBlockFunction : public torch::autograd::Function<DenseBlockFunction> {
 public:
  /// `inputs` is what torch's graph sees; `keep` whether backward may follow.
  static Variable forward(AutogradContext* context, at::TensorList inputs,
                          const PartsPointer& parts, bool keep) {
    // Everything is in x's type already, or meant to be in another.
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const at::Tensor& x = inputs[0];
    const Sizes sizes{x.size(0), x.size(2), x.size(3)};
    std::int64_t known = x.size(1);
    std::int64_t channels = known;
    for (const DenseLayerParts& layer : parts->layers) channels += layer.conv2->weight.size(0);
    at::Tensor block = rows_of(x);
    if (!parts->layers.empty()) {
      const at::Tensor whole = rows_like(block, channels);
      whole.narrow(1, 0, known).copy_(block);
      block = whole;
    }
    const bool measured = any_uses_images(*parts);
    ChannelMoments moments{at::zeros({channels}, block.options().dtype(at::kDouble)), {}};
    moments.variance = at::zeros_like(moments.mean);
    const auto measure = [&](std::int64_t first, std::int64_t count) {
      if (!measured) return;
      const ChannelMoments own = channel_moments(block.narrow(1, first, count));
      moments.mean.narrow(0, first, count).copy_(own.mean);
      moments.variance.narrow(0, first, count).copy_(own.variance);
    };
    const auto normalised = [&](BatchNorm2dImpl& norm) {
      return applied(norm, {moments.mean.narrow(0, 0, known), moments.variance.narrow(0, 0, known)},
                     block);
    };
    measure(0, known);
    Kept kept(keep);
    for (const DenseLayerParts& layer : parts->layers) {
      BatchNorm2d norm1 = layer.norm1;
      BatchNorm2d norm2 = layer.norm2;
      const Applied by1 = normalised(*norm1);
      const at::Tensor wide = activated(block.narrow(1, 0, known), by1.by);
      const at::Tensor narrow = convolved(wide, layer.conv1->weight, sizes);
      const Applied by2 = applied(
          *norm2, norm2->uses_images() ? channel_moments(narrow) : ChannelMoments{}, narrow);
      const at::Tensor middle = activated(narrow, by2.by);
      const std::int64_t growth = layer.conv2->weight.size(0);
      block.narrow(1, known, growth).copy_(convolved(middle, layer.conv2->weight, sizes));
      measure(known, growth);
      known += growth;
      kept.add(by1);
      kept.add(wide);
      kept.add(narrow);
      kept.add(by2);
      kept.add(middle);
    }
    const Applied by = normalised(*parts->norm);
    kept.add(by);
    kept.add(block);
    context->save_for_backward(kept.tensors());
    // They may count again when backward comes.
    context->saved_data["counted"] = parts->norm->counts_images();
    context->saved_data["parts"] = c10::IValue::make_capsule(parts);
    return images_of(activated(block, by.by), sizes);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto parts =
        c10::static_intrusive_pointer_cast<Parts>(context->saved_data["parts"].toCapsule());
    const bool counted = context->saved_data["counted"].toBool();
    Kept kept(context->get_saved_variables());
    const at::Tensor& dy = gradients[0];
    const Sizes sizes{dy.size(0), dy.size(2), dy.size(3)};
    struct OfLayer {
      Applied by1;
      at::Tensor wide;
      at::Tensor narrow;
      Applied by2;
      at::Tensor middle;
    };
    std::vector<OfLayer> layers(parts->layers.size());
    for (OfLayer& layer : layers) {
      layer.by1 = kept.take_applied();
      layer.wide = kept.take();
      layer.narrow = kept.take();
      layer.by2 = kept.take_applied();
      layer.middle = kept.take();
    }
    const Applied by = kept.take_applied();
    const at::Tensor block = kept.take();

    const at::Tensor d_block = rows_like(block, block.size(1));
    const NormGradient d_norm =
        backward_through(*parts->norm, by, counted, rows_of(dy), block, d_block, /*add=*/false);
    std::int64_t known = block.size(1);
    // x, the layers' parameters, norm's two; parts and keep have none.
    variable_list result(1 + kLayerInputs * layers.size() + 4);
    result[result.size() - 4] = d_norm.weight;
    result[result.size() - 3] = d_norm.bias;
    for (std::size_t l = layers.size(); l-- > 0;) {
      const DenseLayerParts& layer = parts->layers[l];
      const OfLayer& seen = layers[l];
      const std::int64_t growth = layer.conv2->weight.size(0);
      known -= growth;
      const ConvolutionGradient d_middle = backward_through(
          d_block.narrow(1, known, growth), seen.middle, layer.conv2->weight, sizes);
      const at::Tensor d_narrow = rows_like(seen.narrow, seen.narrow.size(1));
      const NormGradient d_norm2 = backward_through(*layer.norm2, seen.by2, counted, d_middle.input,
                                                    seen.narrow, d_narrow, /*add=*/false);
      const ConvolutionGradient d_wide =
          backward_through(d_narrow, seen.wide, layer.conv1->weight, sizes);
      const NormGradient d_norm1 =
          backward_through(*layer.norm1, seen.by1, counted, d_wide.input, block.narrow(1, 0, known),
                           d_block.narrow(1, 0, known), /*add=*/true);
      const std::array<at::Tensor, kLayerInputs> of_layer = {d_norm1.weight, d_norm1.bias,
                                                             d_wide.weight,  d_norm2.weight,
                                                             d_norm2.bias,   d_middle.weight};
      std::copy(of_layer.begin(), of_layer.end(),
                result.begin() + static_cast<std::ptrdiff_t>(1 + kLayerInputs * l));
    }
    result[0] = images_of(d_block.narrow(1, 0, known), sizes);
    return result;
  }
};

}  // namespace

at::Tensor norm_relu(const at::Tensor& x, BatchNorm2d norm) {
  return dense_block(x, {}, std::move(norm));
}

at::Tensor dense_block(const at::Tensor& x, std::vector<DenseLayerParts> layers, BatchNorm2d norm) {
  const PartsPointer parts = c10::make_intrusive<Parts>(std::move(layers), std::move(norm));
  const variable_list inputs = inputs_of(x, *parts);
  bool keep = false;
  for (const at::Tensor& input : inputs) keep = keep || input.requires_grad();
  keep = keep && at::GradMode::is_enabled();
  return DenseBlockFunction::apply(at::TensorList(inputs), parts, keep);
}

}  // namespace chestmap
