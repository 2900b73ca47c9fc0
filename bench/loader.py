#!/usr/bin/env python3
"""How many images a second reach the network, from files and from a prepared data set?

Simulates 1024x1024 radiographs (or takes --data), prepares them at 256 pixels and runs
`chestmap data bench` on both.

    ./run bench loader [--data FOLDER] [--images 200]
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"


def run(*arguments):
    subprocess.run([CHESTMAP, "data", *map(str, arguments)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        data = arguments.data or Path(name) / "phantoms"
        if arguments.data is None:
            run("phantom", data, "--images", arguments.images, "--size", 1024)
        run("prepare", data, "--out", Path(name) / "prepared", "--size", 256)
        run("bench", data, "--images", arguments.images)
        print()
        run("bench", Path(name) / "prepared", "--images", 10_000)


main()
