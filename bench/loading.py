#!/usr/bin/env python3
"""How fast are weights loaded, against Python's safetensors and torch.load?

Writes one set of random tensors as safetensors and by torch.save (zip and legacy), then measures, each
in a process of its own, the time from opening the file until every tensor lies in memory of its own.
Start of the programs and imports are not counted. The floor is read(2) of the whole file into fresh
memory. "cold" drops the file from the page cache before each of its repeats.

    ./run bench loading [--megabytes 512] [--repeats 5]

Needs Debian's python3-torch; safetensors of PyPI is installed into build/bench-venv.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release"
VENV = ROOT / "build" / "bench-venv"
SAFETENSORS = "safetensors==0.4.5"

MAKE = """
import sys, torch
from safetensors.torch import save_file
folder, megabytes = sys.argv[1], int(sys.argv[2])
torch.manual_seed(1)
tensors = {f"layer{i}.weight": torch.randn(256, 1024) for i in range(megabytes)}
save_file(tensors, f"{folder}/w.safetensors")
torch.save(tensors, f"{folder}/w.pt")
torch.save(tensors, f"{folder}/w.pth", _use_new_zipfile_serialization=False)
"""

# safetensors gives tensors that lie in the mapped file: the copy makes them what the others give.
LOAD = """
import sys, time, torch
from safetensors.torch import load_file
path, repeats = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
for _ in range(repeats):
    start, processor = time.perf_counter(), time.process_time()
    if path.endswith(".safetensors"):
        tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    else:
        tensors = torch.load(path)
    print(time.perf_counter() - start, time.process_time() - processor)
    del tensors
"""


def prepare():
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "bench_loading"], check=True)
    if not (VENV / "bin" / "python").exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "install", "-q", SAFETENSORS], check=True)


def python(code, *arguments):
    return [VENV / "bin" / "python", "-c", code, *map(str, arguments)]


def drop(path):
    """Takes the file out of the page cache; needs no rights, but the file's pages must be clean."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def seconds(line):
    """A pair (wall, processor) for each repeat."""
    out = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, row.split())) for row in out.splitlines()]


def measure(command, path, repeats, cold):
    """Medians of wall and processor; `command` takes the number of repeats as its last argument."""
    if cold:
        values = []
        for _ in range(repeats):
            drop(path)
            values += seconds([*command, "1"])
    else:
        values = seconds([*command, str(repeats + 1)])[1:]  # the first warms up
    return [statistics.median(column) for column in zip(*values)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    prepare()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        subprocess.run(python(MAKE, folder, arguments.megabytes), check=True)
        print(f"{arguments.megabytes} tensors of 1 MiB, medians of {arguments.repeats}; GB/s by the "
              "wall (in brackets: by processor time)\n")  # fmt: skip
        print("| file | cache | read(2), the floor | chestmap | Python | chestmap over Python "
              "| chestmap over the floor |\n|-|-|-|-|-|-|-|")  # fmt: skip
        ours = BUILD / "bin" / "bench_loading"
        for name, other in (("w.safetensors", "safetensors"), ("w.pt", "torch.load"),
                            ("w.pth", "torch.load")):  # fmt: skip
            path = f"{folder}/{name}"
            size = os.path.getsize(path) / 1e9
            for cold in (False, True):
                floor, chestmap, theirs = (
                    [size / value for value in measure(command, path, arguments.repeats, cold)]
                    for command in ([ours, "read", path], [ours, "load", path], python(LOAD, path))
                )
                print(f"| {name} | {'cold' if cold else 'warm'} | {floor[0]:.2f} ({floor[1]:.2f}) "
                      f"| {chestmap[0]:.2f} ({chestmap[1]:.2f}) "
                      f"| {other} {theirs[0]:.2f} ({theirs[1]:.2f}) "
                      f"| {chestmap[0] / theirs[0]:.2f} ({chestmap[1] / theirs[1]:.2f}) "
                      f"| {chestmap[0] / floor[0]:.2f} ({chestmap[1] / floor[1]:.2f}) |")  # fmt: skip
                sys.stdout.flush()


main()
