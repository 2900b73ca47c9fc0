"""safetensors files read and written from the format's description alone.

safetensors_by_hand.py read FILE
    prints "meta KEY VALUE" and "tensor NAME DTYPE SHAPE HEX" lines, sorted
safetensors_by_hand.py write FILE
    writes a file with tensors of several types, whose data lie in another order than their names
"""

import json
import struct
import sys


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size].decode())
    data = content[8 + size :]
    assert size % 8 == 0, "data is not aligned"
    end_of_all = 0
    lines = []
    for key, value in header.pop("__metadata__", {}).items():
        lines.append(f"meta {key} {value}")
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        end_of_all = max(end_of_all, end)
        shape = "x".join(str(side) for side in entry["shape"])
        lines.append(f"tensor {name} {entry['dtype']} [{shape}] {data[begin:end].hex()}")
    assert end_of_all == len(data), "bytes that no tensor owns"
    print("\n".join(sorted(lines)))


def write(path):
    chunks = {
        "b": ("F32", [2, 2], struct.pack("<4f", 1.0, -2.5, 0.0, 1e-3)),
        "scalar": ("I64", [], struct.pack("<q", -7)),
        "none": ("F32", [0, 3], b""),
        "a.weight": ("F16", [3], bytes([0, 60, 0, 64, 0, 66])),  # 1, 2, 3
        "flags": ("BOOL", [2], bytes([1, 0])),
    }
    header = {"__metadata__": {"note": "größer als \"1\""}}
    offset, data = 0, b""
    for name in ["scalar", "flags", "none", "a.weight", "b"]:
        dtype, shape, chunk = chunks[name]
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [offset, offset + len(chunk)],
        }
        offset += len(chunk)
        data += chunk
    text = json.dumps(dict(sorted(header.items()))).encode() + b"   "
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
