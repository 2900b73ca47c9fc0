#!/usr/bin/env python3
"""How fast is inference on the CPU, against ONNX Runtime and libtorch?

The same model of random weights by the own engine, by ONNX Runtime on our own export of it, and by
eager libtorch (`chestmap bench --engine torch`), all with the same threads. The three take turns,
each in a process of its own; figures are medians over all turns, in milliseconds for one call. The
floor is the model's operations, counted as direct convolutions, over the peak of multiply-adds that
was measured on as many threads.

    ./run bench engine [--turns 3] [--repeats 9] [--real-time] [--backbones ...] [--sizes ...]

--real-time runs each measurement with `chrt -r 1`, for a machine that does other things too. Needs
onnxruntime, which `./run test` installs into build/judges-venv.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / "build" / "judges-venv" / "bin" / "python"
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"

ONNX_RUNTIME = """
import statistics, sys, time
import numpy, onnxruntime
file, batch, threads, repeats = sys.argv[1], *map(int, sys.argv[2:])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
side = session.get_inputs()[0].shape[2]
images = numpy.full((batch, 1, side, side), 0.5, numpy.float32)
session.run(None, {"image": images})
seconds = []
for _ in range(repeats):
    start = time.perf_counter()
    session.run(None, {"image": images})
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds))
"""


def run(line, real_time):
    prefix = ["chrt", "-r", "1"] if real_time else []
    return subprocess.run([*prefix, *map(str, line)], check=True, capture_output=True, text=True).stdout


def chestmap_seconds(model, engine, batch, threads, arguments):
    out = run([CHESTMAP, "bench", model, "--engine", engine, "--batch", batch, "--threads", threads,
               "--repeats", arguments.repeats, "--json"], arguments.real_time)  # fmt: skip
    return json.loads(out)["batches"][0]["seconds"]


def onnx_seconds(onnx, batch, threads, arguments):
    line = [PYTHON, "-c", ONNX_RUNTIME, onnx, batch, threads, arguments.repeats]
    return float(run(line, arguments.real_time))


def floor_seconds(model, threads, arguments):
    """For one image."""
    out = run([CHESTMAP, "bench", model, "--threads", threads, "--batch", 1, "--repeats", 1, "--layers"],
              arguments.real_time)  # fmt: skip
    return float(re.search(r"floor: ([0-9.]+) ms", out).group(1)) / 1e3


def measure(model, onnx, batch, threads, arguments):
    turns = [
        (
            chestmap_seconds(model, "own", batch, threads, arguments),
            onnx_seconds(onnx, batch, threads, arguments),
            chestmap_seconds(model, "torch", batch, threads, arguments),
        )
        for _ in range(arguments.turns)
    ]
    own, runtime, torch = (statistics.median(column) for column in zip(*turns))
    over_runtime = statistics.median(turn[1] / turn[0] for turn in turns)
    over_torch = statistics.median(turn[2] / turn[0] for turn in turns)
    return own, runtime, torch, over_runtime, over_torch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--real-time", action="store_true")
    parser.add_argument("--backbones", nargs="+", default=["densenet121", "resnet50"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[224, 512])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    arguments = parser.parse_args()
    if not PYTHON.exists():
        sys.exit("error: onnxruntime is not there\nhint: ./run test installs it")
    print("| model | pixels | images | threads | chestmap, ms | ONNX Runtime | libtorch | over ONNX Runtime "
          "| over libtorch | floor | of it |\n|-|-|-|-|-|-|-|-|-|-|-|")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        for backbone in arguments.backbones:
            for size in arguments.sizes:
                model, onnx = Path(folder) / "model.safetensors", Path(folder) / "model.onnx"
                model.unlink(missing_ok=True)
                run([CHESTMAP, "bench", backbone, "--size", size, "--save", model, "--batch", 1,
                     "--repeats", 1], False)  # fmt: skip
                # Without the attention map, which the engine leaves to what follows it, too.
                run([CHESTMAP, "export", "onnx", model, onnx, "--resolution", 1], False)
                for threads in arguments.threads:
                    floor = floor_seconds(model, threads, arguments)
                    for batch in arguments.batches:
                        own, runtime, torch, over_runtime, over_torch = measure(
                            model, onnx, batch, threads, arguments
                        )
                        print(f"| {backbone} | {size} | {batch} | {threads} | {1e3 * own:.1f} "
                              f"| {1e3 * runtime:.1f} | {1e3 * torch:.1f} | **{over_runtime:.2f}** "
                              f"| **{over_torch:.2f}** | {1e3 * floor * batch:.1f} "
                              f"| {100 * floor * batch / own:.0f}% |", flush=True)  # fmt: skip


os.environ.pop("OMP_NUM_THREADS", None)
main()
