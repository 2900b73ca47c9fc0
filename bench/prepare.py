#!/usr/bin/env python3
"""How fast are 1024x1024 PNGs brought to 256 pixels, against Python's Pillow?

Runs `chestmap data prepare --threads 1` and, in a process of its own, a loop of Pillow over the same
files (open, grey, resize by area mean, bytes), turn by turn; images a second of processor time, so
of a core. The floor is inflating the files' pixel data by ISA-L, the library
that chestmap uses, and nothing else.

    ./run bench prepare [--data FOLDER] [--images 400] [--repeats 5]

--data names a data set whose images are used (those of 1024x1024 alone); without it they are
simulated. Few images are taken several times. Needs Debian's python3-pil.
"""

import argparse
import ctypes
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"
SIDE = 256
ALL = 112_120  # images of ChestX-ray14
CORES = 16
SIMULATED = 40

PILLOW = """
import sys
from pathlib import Path
from PIL import Image
for file in sorted(Path(sys.argv[1]).iterdir()):
    with Image.open(file) as image:
        image.convert("L").resize((256, 256), Image.BOX).tobytes()
"""


def header(file):
    """Width, height, bits and colour type of a PNG file."""
    return struct.unpack(">IIBB", file.read_bytes()[16:26])


def pixel_stream(content):
    at, stream = 8, b""
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] == b"IDAT":
            stream += content[at + 8 : at + 8 + length]
        at += 12 + length
    return stream


def make_data(folder, source, count):
    """A plain data set of 1024x1024 images; gives how many."""
    if source is None:
        phantoms = folder / "phantoms"
        subprocess.run([CHESTMAP, "data", "phantom", phantoms, "--images", str(min(count, SIMULATED)), "--size",
                        "1024"],
                       check=True, stderr=subprocess.DEVNULL)  # fmt: skip
        files = sorted((phantoms / "images").iterdir())
    else:
        files = [f for f in sorted(source.glob("images*/**/*.png")) if header(f)[:2] == (1024, 1024)]
    if not files:
        sys.exit(f"error: {source} holds no image of 1024x1024")
    images = folder / "data" / "images"
    images.mkdir(parents=True)
    for i in range(count):  # again and again where there are fewer
        shutil.copy(files[i % len(files)], images / f"{i}.png")
    rows = "".join(f"{i}.png,0\n" for i in range(count))
    (folder / "data" / "labels.csv").write_text("image,Nodule\n" + rows)
    return min(count, len(files))


def processor_seconds(line):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class InflateState(ctypes.Structure):
    """The first fields of ISA-L's `inflate_state`, and room for the others."""

    _fields_ = [("next_out", ctypes.c_void_p), ("avail_out", ctypes.c_uint32), ("total_out", ctypes.c_uint32),
                ("next_in", ctypes.c_char_p), ("read_in", ctypes.c_uint64), ("avail_in", ctypes.c_uint32),
                ("others", ctypes.c_uint8 * (1 << 18))]  # fmt: skip


def inflate_seconds(images):
    """Processor time of this process for inflating every image's data, by ISA-L, checksums left out."""
    library = ctypes.CDLL("libisal.so.2")
    state = InflateState()
    zlib_header = 2
    streams = [pixel_stream(file.read_bytes())[zlib_header:] for file in sorted(images.iterdir())]
    sizes = [len(zlib.decompress(stream, -zlib.MAX_WBITS)) for stream in streams]
    out = ctypes.create_string_buffer(max(sizes))
    before = resource.getrusage(resource.RUSAGE_SELF)
    for stream, size in zip(streams, sizes):
        library.isal_inflate_init(ctypes.byref(state))
        state.next_in, state.avail_in = stream, len(stream)
        state.next_out, state.avail_out = ctypes.addressof(out), len(out)
        if library.isal_inflate(ctypes.byref(state)) != 0 or state.total_out != size:
            sys.exit("error: ISA-L cannot inflate a file")
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        count = arguments.images
        different = make_data(folder, arguments.data, count)
        images = folder / "data" / "images"
        empty = processor_seconds(["/usr/bin/python3", "-c", "import sys, pathlib, PIL.Image"])
        ours, theirs, floor = [], [], []
        for turn in range(arguments.repeats):
            out = folder / f"out-{turn}"
            ours.append(processor_seconds([CHESTMAP, "data", "prepare", folder / "data", "--out", out,
                                           "--size", str(SIDE), "--threads", "1"]))  # fmt: skip
            theirs.append(processor_seconds(["/usr/bin/python3", "-c", PILLOW, images]) - empty)
            floor.append(inflate_seconds(images))
        rates = [count / statistics.median(seconds) for seconds in (ours, theirs, floor)]
    size = "real" if arguments.data else "simulated"
    print(f"{count} images ({different} different, {size}) of 1024x1024 to {SIDE}; images a second and core, medians of "
          f"{arguments.repeats}\n")  # fmt: skip
    print("| chestmap data prepare | Pillow | chestmap over Pillow | inflating alone, the floor "
          "| chestmap over the floor |\n|-|-|-|-|-|")  # fmt: skip
    print(f"| {rates[0]:.0f} | {rates[1]:.0f} | {rates[0] / rates[1]:.2f} | {rates[2]:.0f} "
          f"| {rates[0] / rates[2]:.2f} |")  # fmt: skip
    print(f"\n{ALL} images on {CORES} cores at this rate: {ALL / rates[0] / CORES / 60:.1f} minutes")


main()
