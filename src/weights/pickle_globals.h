#pragma once

#include <string_view>

namespace chestmap {

/// What a global name in a pickle stands for. No name is ever looked up or called: each role is a
/// rule of pickle.cpp for building a value.
enum class PickleRole {
  ordered_dict,       ///< collections.OrderedDict: a dictionary
  storage,            ///< a class of storages, with the type of its elements
  untyped_storage,    ///< bytes, whose type the tensor gives
  element_type,       ///< torch.float32 and the like
  rebuild_tensor_v1,  ///< (storage, offset, shape, strides)
  rebuild_tensor_v2,  ///< the same, requires_grad, hooks
  rebuild_tensor_v3,  ///< the same, element type
  rebuild_parameter,  ///< (tensor, requires_grad, hooks[, state]): the tensor
  sequence,           ///< a tuple, list or set made from one
  module_class,       ///< a class of networks: its objects are kept as their attributes
  inert               ///< a value beside the weights that nothing is made of
};

struct PickleGlobal {
  std::string_view module;
  std::string_view name;
  PickleRole role;
  std::string_view dtype;  ///< safetensors' name, of `storage` and `element_type`
};

/// The entry of the whitelist, or null: the name is refused. All of torch.nn.modules shares one.
[[nodiscard]] const PickleGlobal* find_pickle_global(std::string_view module,
                                                     std::string_view name) noexcept;

}  // namespace chestmap
