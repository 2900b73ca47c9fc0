#include "weights/backbone_fit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "weights/tensor_names.h"

namespace chestmap {

namespace {

using ByName = std::map<std::string, const StoredTensor*>;

/// Fits of different backbones share the names.
ByName by_torchvision_name(const WeightFile& file) {
  ByName names;
  for (const StoredTensor& tensor : file.tensors) {
    const auto [known, is_new] = names.emplace(torchvision_name(tensor.name), &tensor);
    if (!is_new && !is_beside_backbone(known->first))
      throw UserError(
          fmt::format("{}: \"{}\" and \"{}\" both stand for {}", file.path.string(),
                      known->second->name, tensor.name, known->first),
          "the file holds two networks; write the state dict of the one that is meant alone");
  }
  return names;
}

std::string described(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// Whether the shapes differ in the input channels alone, one against three.
ChannelChange channel_change(const ExpectedTensor& expected, const StoredTensor& stored) {
  if (stored.shape.size() != 4 || expected.shape.size() != 4) return ChannelChange::none;
  std::vector<std::int64_t> changed = stored.shape;
  changed[1] = expected.shape[1];
  if (changed != expected.shape) return ChannelChange::none;
  if (stored.shape[1] == 3 && expected.shape[1] == 1) return ChannelChange::summed;
  if (stored.shape[1] == 1 && expected.shape[1] == 3) return ChannelChange::replicated;
  return ChannelChange::none;
}

void match(BackboneFit& fit, const ExpectedTensor& expected, const StoredTensor& stored,
           bool is_first) {
  const ChannelChange change = is_first ? channel_change(expected, stored) : ChannelChange::none;
  // One batch count is a scalar; some programs give it a side.
  const bool same = stored.shape == expected.shape ||
                    (expected.whole && elements_of(stored.shape) == std::size_t{1});
  if (!is_convertible(stored.dtype)) {
    fit.misshapen.push_back(
        fmt::format("{} is of the type {}, which is no real number", stored.name, stored.dtype));
  } else if (same || change != ChannelChange::none) {
    fit.fitted.push_back({expected, &stored, change});
    if (change == ChannelChange::summed)
      fit.notes.push_back(fmt::format(
          "{}: its three input channels were summed into one; a grey image gives the same features",
          stored.name));
    if (change == ChannelChange::replicated)
      fit.notes.push_back(
          fmt::format("{}: its one input channel was divided among three; a grey image gives the "
                      "same features",
                      stored.name));
  } else {
    fit.misshapen.push_back(fmt::format("{} is {}, {} was expected", stored.name,
                                        described(stored.shape), described(expected.shape)));
  }
}

void note_types(BackboneFit& fit) {
  std::map<std::string, std::size_t> types;
  for (const FittedTensor& tensor : fit.fitted)
    if (!tensor.expected.whole && tensor.source->dtype != "F32") ++types[tensor.source->dtype];
  for (const auto& [dtype, count] : types)
    fit.notes.push_back(
        fmt::format("{} tensors of the type {} are used in single precision (F32)", count, dtype));
}

BackboneFit fit_names(ByName names, const BackboneLayout& layout, std::int64_t channels) {
  BackboneFit fit;
  fit.backbone = layout.name;
  fit.channels = channels;
  const std::string first = first_convolution(layout);
  for (const ExpectedTensor& expected : backbone_tensors(layout, channels)) {
    const auto found = names.find(expected.name);
    if (found != names.end()) {
      match(fit, expected, *found->second, expected.name == first);
      names.erase(found);
    } else if (expected.whole) {
      fit.uncounted.push_back(expected.name);
    } else {
      fit.missing.push_back(expected.name);
    }
  }
  if (!fit.uncounted.empty() && !fit.fitted.empty())
    fit.notes.push_back(fmt::format(
        "{} of {} batch counts (num_batches_tracked) are not there, as before PyTorch 0.4.1; they "
        "start at 0 and change no result",
        fit.uncounted.size(),
        std::count_if(fit.fitted.begin(), fit.fitted.end(), [](const FittedTensor& t) {
          return t.expected.whole;
        }) + static_cast<std::ptrdiff_t>(fit.uncounted.size())));
  note_types(fit);
  for (const auto& [name, stored] : names)
    (is_beside_backbone(name) ? fit.beside : fit.unexpected).push_back(stored->name);
  return fit;
}

/// Input channels of the first convolution in the file: 1 or 3.
std::int64_t stored_channels(const ByName& names, const BackboneLayout& layout) {
  const auto found = names.find(first_convolution(layout));
  const bool one =
      found != names.end() && found->second->shape.size() == 4 && found->second->shape[1] == 1;
  return one ? 1 : 3;
}

}  // namespace

BackboneFit fit_backbone(const WeightFile& file, const BackboneLayout& layout,
                         std::int64_t channels) {
  return fit_names(by_torchvision_name(file), layout, channels);
}

std::vector<BackboneFit> fit_every_backbone(const WeightFile& file) {
  const ByName names = by_torchvision_name(file);
  std::vector<BackboneFit> fits;
  for (const BackboneLayout& layout : backbone_layouts())
    fits.push_back(fit_names(names, layout, stored_channels(names, layout)));
  const auto wrong = [](const BackboneFit& fit) {
    return fit.missing.size() + fit.misshapen.size() + fit.unexpected.size();
  };
  std::stable_sort(fits.begin(), fits.end(),
                   [&](const BackboneFit& a, const BackboneFit& b) { return wrong(a) < wrong(b); });
  return fits;
}

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), most));
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

void require_exact(const BackboneFit& fit, const WeightFile& file,
                   const std::string& partial_option) {
  if (fit.exact()) return;
  std::vector<std::string> parts;
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty())
      parts.push_back(fmt::format("{} {}: {}", names.size(), what, listed(names)));
  };
  add("missing", fit.missing);
  add("unexpected", fit.unexpected);
  add("misshapen", fit.misshapen);
  throw UserError(
      fmt::format("{} does not fit {}: {}", file.path.string(), fit.backbone,
                  fmt::join(parts, "; ")),
      fmt::format("`chestmap weights inspect {}` says what it fits; {} takes what fits and "
                  "leaves the rest at its initial value",
                  file.path.string(), partial_option));
}

std::vector<float> fitted_floats(const FittedTensor& tensor) {
  std::vector<float> values = floats_of(*tensor.source);
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
    throw UserError(
        fmt::format("tensor \"{}\" holds values that are not finite in single precision",
                    tensor.source->name),
        "the training that wrote it diverged, or the file is damaged");
  if (tensor.change == ChannelChange::none) return values;
  const auto& shape = tensor.source->shape;
  const auto outs = static_cast<std::size_t>(shape[0]);
  const auto cells = static_cast<std::size_t>(shape[2] * shape[3]);
  std::vector<float> changed;
  for (std::size_t o = 0; o < outs; ++o) {
    if (tensor.change == ChannelChange::summed) {
      const float* in = values.data() + o * 3 * cells;
      for (std::size_t i = 0; i < cells; ++i)
        changed.push_back(static_cast<float>(static_cast<double>(in[i]) +
                                             static_cast<double>(in[i + cells]) +
                                             static_cast<double>(in[i + 2 * cells])));
    } else {
      const float* in = values.data() + o * cells;
      for (int c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < cells; ++i) changed.push_back(in[i] / 3.0F);
    }
  }
  return changed;
}

std::vector<std::int64_t> fitted_wholes(const FittedTensor& tensor) {
  return wholes_of(*tensor.source);
}

}  // namespace chestmap
