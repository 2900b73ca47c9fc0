"""Writes maps by NumPy into a folder, each with what it should load to.

NAME.npy and NAME.expected: int32 width, int32 height, float32 values. Exit code 77: NumPy is missing.
"""
import struct
import sys
from pathlib import Path

try:
    import numpy as np
    from numpy.lib import format as npy
except ImportError:
    sys.exit(77)

folder = Path(sys.argv[1])
random = np.random.default_rng(11)
HEIGHT, WIDTH = 5, 7


def expect(name, values):
    values = np.ascontiguousarray(values, dtype="<f4")
    head = struct.pack("<ii", values.shape[1], values.shape[0])
    (folder / (name + ".expected")).write_bytes(head + values.tobytes())


def write(name, array, version=None):
    with open(folder / (name + ".npy"), "wb") as out:
        npy.write_array(out, array, version=version)
    expect(name, array.reshape(HEIGHT, WIDTH) if array.ndim != 2 else array)


for kind in ("f2", "f4", "f8", "u1", "u2", "i4"):
    if kind[0] == "f":
        values = random.normal(0, 100, (HEIGHT, WIDTH))
        values[0, 0], values[0, 1], values[0, 2] = 0.0, 6e-8, -6.1e-5  # subnormal as f2
    else:
        info = np.iinfo(kind)
        values = random.integers(info.min, info.max, (HEIGHT, WIDTH), endpoint=True)
        values[0, 0], values[0, 1] = info.min, info.max
    for order in "<>":
        array = values.astype(order + kind)
        place = "big" if order == ">" else "little"
        write(f"{kind}_{place}", array)
        write(f"{kind}_{place}_fortran", np.asfortranarray(array))
write("version2", random.normal(size=(HEIGHT, WIDTH)), (2, 0))
write("version3", random.normal(size=(HEIGHT, WIDTH)), (3, 0))
write("batch_and_channel", random.normal(size=(1, 1, HEIGHT, WIDTH)).astype("f4"))
write("channel_behind", random.normal(size=(HEIGHT, WIDTH, 1)).astype("f4"))
