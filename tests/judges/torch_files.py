"""Files that torch.save writes, and what stands in them.

torch_files.py FOLDER
    FOLDER/expected.safetensors: tensors of every type, by hand, row-major
    FOLDER/zip.pt, legacy.pth: the same, some as views with strides and offsets, some as parameters
    FOLDER/nested.pt, nested-legacy.pth.tar: under "state_dict" with an optimizer and more beside it
    FOLDER/deep.pt: under "model" and then "net"; FOLDER/module.pt: a module's own state_dict()
    FOLDER/protocol4.pt: pickled by protocol 4; FOLDER/protocol5-legacy.pt: by 5
    FOLDER/whole.pt, whole-legacy.pt: a network saved whole; whole-expected.safetensors: its state
    FOLDER/objects.pt: a whole network of a class of this script
    FOLDER/small.pt, small-legacy.pt: two tensors, to be damaged
    FOLDER/half.f4: every half-precision number as single precision, in the order of its bits

Exit code 77 means that torch is not installed.
"""

import argparse
import collections
import json
import struct
import sys

try:
    import torch
except ImportError:
    sys.exit(77)

DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64",
}  # fmt: skip


def raw(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def write_safetensors(path, tensors):
    header, offset, chunks = {}, 0, []
    for name, tensor in tensors.items():
        chunk = raw(tensor)
        header[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def some_tensors():
    shared = torch.randn(6, 5)
    tensors = collections.OrderedDict()
    tensors["plain"] = torch.randn(2, 3)
    tensors["parameter"] = torch.nn.Parameter(torch.randn(3, 2))
    tensors["transposed"] = shared.t()
    tensors["part"] = shared[1:5:2, 1:4]
    tensors["column"] = shared[:, 2]
    tensors["channels_last"] = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    tensors["double"] = torch.randn(3).double()
    tensors["half"] = torch.randn(5).half()
    tensors["bfloat"] = torch.randn(5).bfloat16()
    tensors["long"] = torch.tensor([-(2**60), -1, 0, 7])
    tensors["int"] = torch.tensor([-5, 6], dtype=torch.int32)
    tensors["short"] = torch.tensor([-5, 6], dtype=torch.int16)
    tensors["char"] = torch.tensor([-128, 127], dtype=torch.int8)
    tensors["byte"] = torch.tensor([0, 255], dtype=torch.uint8)
    tensors["bool"] = torch.tensor([[True], [False]])
    tensors["complex"] = torch.randn(3, dtype=torch.complex64)
    tensors["scalar"] = torch.tensor(3)
    tensors["empty"] = torch.empty(0, 4)
    tensors["größe"] = torch.ones(1)
    return tensors


class Own(torch.nn.Linear):
    def __init__(self):
        super().__init__(2, 2)


def main():
    folder = sys.argv[1]
    torch.manual_seed(3)
    old = {"_use_new_zipfile_serialization": False}
    tensors = some_tensors()
    write_safetensors(f"{folder}/expected.safetensors", tensors)
    torch.save(tensors, f"{folder}/zip.pt")
    torch.save(tensors, f"{folder}/legacy.pth", **old)
    torch.save(dict(tensors), f"{folder}/protocol4.pt", pickle_protocol=4)
    torch.save(dict(tensors), f"{folder}/protocol5-legacy.pt", pickle_protocol=5, **old)

    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    beside = {
        "epoch": 3,
        "best": torch.tensor(0.75),
        "loss": 0.1 + 0.2,
        "huge": 2**100,
        "arch": "densenet121",
        "args": argparse.Namespace(rate=0.1, layers=[1, 2]),
        "size": torch.Size([1, 2]),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "names": {"a", "b"},
        "nothing": None,
        "counts": collections.defaultdict(int, a=1),
        "optimizer": optimizer.state_dict(),
        "state_dict": tensors,
    }
    torch.save(beside, f"{folder}/nested.pt")
    torch.save(beside, f"{folder}/nested-legacy.pth.tar", **old)
    torch.save({"model": {"net": tensors, "steps": 5}}, f"{folder}/deep.pt")
    torch.save(torch.nn.BatchNorm2d(3).state_dict(), f"{folder}/module.pt")
    torch.save(Own(), f"{folder}/objects.pt")
    nested = torch.nn.Sequential(
        collections.OrderedDict(first=torch.nn.Conv2d(1, 2, 3, bias=False), block=torch.nn.Sequential(
            torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Linear(2, 2)))
    )  # fmt: skip
    write_safetensors(f"{folder}/whole-expected.safetensors", nested.state_dict())
    torch.save({"model": nested, "epoch": 1}, f"{folder}/whole.pt")
    torch.save(nested, f"{folder}/whole-legacy.pt", **old)
    small = {"w": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(7)}
    torch.save(small, f"{folder}/small.pt")
    torch.save(small, f"{folder}/small-legacy.pt", **old)
    halves = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(torch.float16)
    halves = torch.cat([halves[2**15 :], halves[: 2**15]])
    with open(f"{folder}/half.f4", "wb") as out:
        out.write(halves.float().numpy().tobytes())


main()
