#include "weights/pickle_globals.h"

#include <array>

namespace chestmap {

namespace {

using enum PickleRole;

// What torch.save writes around weights, in the spellings of Python 2 and 3 and of PyTorch 0.2 to
// 2.x, and the plain values that training scripts keep beside them.
constexpr auto kGlobals = std::to_array<PickleGlobal>({
    {"collections", "OrderedDict", ordered_dict, ""},
    {"torch._utils", "_rebuild_tensor", rebuild_tensor_v1, ""},
    {"torch._utils", "_rebuild_tensor_v2", rebuild_tensor_v2, ""},
    {"torch._utils", "_rebuild_tensor_v3", rebuild_tensor_v3, ""},
    {"torch._utils", "_rebuild_parameter", rebuild_parameter, ""},
    {"torch._utils", "_rebuild_parameter_with_state", rebuild_parameter, ""},

    {"torch", "FloatStorage", storage, "F32"},
    {"torch", "DoubleStorage", storage, "F64"},
    {"torch", "HalfStorage", storage, "F16"},
    {"torch", "BFloat16Storage", storage, "BF16"},
    {"torch", "LongStorage", storage, "I64"},
    {"torch", "IntStorage", storage, "I32"},
    {"torch", "ShortStorage", storage, "I16"},
    {"torch", "CharStorage", storage, "I8"},
    {"torch", "ByteStorage", storage, "U8"},
    {"torch", "BoolStorage", storage, "BOOL"},
    {"torch", "ComplexFloatStorage", storage, "C64"},
    {"torch", "ComplexDoubleStorage", storage, "C128"},
    {"torch.cuda", "FloatStorage", storage, "F32"},
    {"torch.cuda", "DoubleStorage", storage, "F64"},
    {"torch.cuda", "HalfStorage", storage, "F16"},
    {"torch.cuda", "BFloat16Storage", storage, "BF16"},
    {"torch.cuda", "LongStorage", storage, "I64"},
    {"torch.cuda", "IntStorage", storage, "I32"},
    {"torch.cuda", "ShortStorage", storage, "I16"},
    {"torch.cuda", "CharStorage", storage, "I8"},
    {"torch.cuda", "ByteStorage", storage, "U8"},
    {"torch.cuda", "BoolStorage", storage, "BOOL"},
    {"torch", "UntypedStorage", untyped_storage, ""},
    {"torch.storage", "UntypedStorage", untyped_storage, ""},

    {"torch", "float64", element_type, "F64"},
    {"torch", "float32", element_type, "F32"},
    {"torch", "float16", element_type, "F16"},
    {"torch", "bfloat16", element_type, "BF16"},
    {"torch", "float8_e4m3fn", element_type, "F8_E4M3"},
    {"torch", "float8_e5m2", element_type, "F8_E5M2"},
    {"torch", "float8_e4m3fnuz", element_type, "F8_E4M3FNUZ"},
    {"torch", "float8_e5m2fnuz", element_type, "F8_E5M2FNUZ"},
    {"torch", "float8_e8m0fnu", element_type, "F8_E8M0"},
    {"torch", "int64", element_type, "I64"},
    {"torch", "int32", element_type, "I32"},
    {"torch", "int16", element_type, "I16"},
    {"torch", "int8", element_type, "I8"},
    {"torch", "uint64", element_type, "U64"},
    {"torch", "uint32", element_type, "U32"},
    {"torch", "uint16", element_type, "U16"},
    {"torch", "uint8", element_type, "U8"},
    {"torch", "bool", element_type, "BOOL"},
    {"torch", "complex64", element_type, "C64"},
    {"torch", "complex128", element_type, "C128"},

    {"torch", "Size", sequence, ""},
    {"builtins", "set", sequence, ""},
    {"builtins", "frozenset", sequence, ""},
    {"builtins", "list", sequence, ""},

    // Networks that were saved whole, as TorchXRayVision's are.
    {"torchvision.models.densenet", "DenseNet", module_class, ""},
    {"torchvision.models.densenet", "_DenseBlock", module_class, ""},
    {"torchvision.models.densenet", "_DenseLayer", module_class, ""},
    {"torchvision.models.densenet", "_Transition", module_class, ""},
    {"torchvision.models.resnet", "ResNet", module_class, ""},
    {"torchvision.models.resnet", "BasicBlock", module_class, ""},
    {"torchvision.models.resnet", "Bottleneck", module_class, ""},
    {"torchxrayvision.models", "DenseNet", module_class, ""},
    {"torchxrayvision.models", "_DenseBlock", module_class, ""},
    {"torchxrayvision.models", "_DenseLayer", module_class, ""},
    {"torchxrayvision.models", "_Transition", module_class, ""},
    {"torch.nn.parallel.data_parallel", "DataParallel", module_class, ""},
    {"torch.nn.backends.thnn", "_get_thnn_function_backend", inert, ""},

    {"torch", "device", inert, ""},
    {"torch.serialization", "_get_layout", inert, ""},
    {"argparse", "Namespace", inert, ""},
    {"_codecs", "encode", inert, ""},
    {"builtins", "complex", inert, ""},
    {"builtins", "bytearray", inert, ""},
    {"collections", "defaultdict", inert, ""},
    {"collections", "Counter", inert, ""},
    {"builtins", "dict", inert, ""},
    {"builtins", "int", inert, ""},
    {"builtins", "long", inert, ""},
    {"builtins", "float", inert, ""},
    {"datetime", "datetime", inert, ""},
    {"datetime", "timedelta", inert, ""},
    {"pathlib", "PosixPath", inert, ""},
    {"numpy", "dtype", inert, ""},
    {"numpy", "ndarray", inert, ""},
    {"numpy.core.multiarray", "scalar", inert, ""},
    {"numpy.core.multiarray", "_reconstruct", inert, ""},
    {"numpy._core.multiarray", "scalar", inert, ""},
    {"numpy._core.multiarray", "_reconstruct", inert, ""},
    {"pytorch_lightning.utilities.parsing", "AttributeDict", inert, ""},
    {"pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint", inert, ""},
    {"lightning_fabric.utilities.data", "AttributeDict", inert, ""},
});

constexpr std::string_view kModules = "torch.nn.modules.";
constexpr PickleGlobal kModule = {"torch.nn.modules", "*", module_class, ""};

}  // namespace

const PickleGlobal* find_pickle_global(std::string_view module, std::string_view name) noexcept {
  if (module == "__builtin__") module = "builtins";  // its name in Python 2 and in protocol 2
  for (const PickleGlobal& global : kGlobals)
    if (global.module == module && global.name == name) return &global;
  return module.starts_with(kModules) ? &kModule : nullptr;
}

}  // namespace chestmap
