#!/usr/bin/env python3
"""How far the float16 export is from the float32 one, in ONNX Runtime on the CPU.

Prints for each model the largest differences over 16 images of noise of several grains, and the
files' sizes.

    ./run bench export_half MODEL...

A model is a run folder or a model.safetensors. Needs numpy and onnxruntime, which `./run test`
installs into build/judges-venv.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / "build" / "judges-venv" / "bin" / "python"
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"

if PYTHON.exists() and Path(sys.prefix) != PYTHON.parents[1]:
    os.execv(PYTHON, [str(PYTHON), *sys.argv])

import numpy  # noqa: E402
import onnxruntime  # noqa: E402


def images(side, count=16):
    random = numpy.random.default_rng(1)
    batch = []
    for i in range(count):
        grain = 2 ** (i % 5)
        coarse = random.random((side // grain + 1, side // grain + 1), dtype=numpy.float32)
        batch.append(numpy.kron(coarse, numpy.ones((grain, grain), numpy.float32))[:side, :side])
    return numpy.stack(batch)[:, None]


def outputs(file):
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[2]
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"image": images(side)})))


def main(models):
    print("model\tprobabilities\tlogits\tattention map\tlargest stage map\tMB float32\tMB float16")
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / "single.onnx", Path(folder) / "half.onnx"]
            for file, options in zip(files, ([], ["--fp16"])):
                line = [CHESTMAP, "export", "onnx", model, file, *options]
                subprocess.run(line, check=True, capture_output=True)
            single, half = (outputs(file) for file in files)
            apart = {name: float(abs(single[name] - half[name]).max()) for name in single}
            stages = max(value for name, value in apart.items() if name.startswith("stage_map"))
            sizes = [file.stat().st_size / 1e6 for file in files]
            print(f"{model}\t{apart['probabilities']:.1e}\t{apart['logits']:.1e}\t"
                  f"{apart['attention_map']:.1e}\t{stages:.1e}\t{sizes[0]:.2f}\t{sizes[1]:.2f}")


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(sys.argv[1:])
