#!/usr/bin/env python3
"""What do several ranks send, and how much of that is hidden behind the backward pass?

Trains a few steps with 1 and more ranks over Gloo on this machine, the same batch over all of them, and prints what each
rank says of its gradients, beside the bytes that went over the loopback interface. Ranks that share
cores compute slower, each: the seconds of an epoch are no scaling.

    ./run bench ranks [--ranks 1 2] [--backbone densenet121] [--bucket-mib 1 4 25]
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"
SAID = re.compile(
    r"each sent (?P<sent>[\d.]+) MB of gradients a step, in (?P<buckets>\d+) buckets; "
    r"sums took (?P<sums>[\d.]+) ms a step, (?P<hidden>\d+) % of that"
)


def run(*arguments):
    done = subprocess.run([CHESTMAP, *map(str, arguments)], check=True, capture_output=True, text=True)
    return done.stderr


def loopback_bytes():
    for line in Path("/proc/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[8])
    return 0


def measure(data, folder, ranks, bucket_mib, norms, arguments):
    settings = {
        "model.backbone": arguments.backbone,
        "model.size": arguments.size,
        "train.batch": arguments.batch,
        "train.epochs": 1,
        "train.bucket_mib": bucket_mib,
        "train.synchronise_norms": norms,
        "data.threads": 1,
        "model.align_maps": "false",
    }
    options = [text for key, value in settings.items() for text in ("--set", f"{key}={value}")]
    before, begin = loopback_bytes(), time.monotonic()
    said = run("launch", "-n", ranks, "--", "train", "--data", data, "--out", folder, *options)
    return SAID.search(said), loopback_bytes() - before, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--backbone", default="densenet121")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--images", type=int, default=160)
    parser.add_argument("--bucket-mib", type=float, nargs="+", default=[1, 4, 25])
    arguments = parser.parse_args()
    print(f"{arguments.backbone}, {arguments.size} px, {arguments.batch} images a step over all ranks")
    print("ranks  bucket MiB  norms   sent/step MB  buckets  sums ms/step  hidden  loopback MB  run s")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        data = Path(name) / "phantoms"
        run("data", "phantom", data, "--images", arguments.images, "--size", arguments.size)
        cases = [(r, b, n) for r in arguments.ranks for b in arguments.bucket_mib for n in ("true", "false")]
        for i, (ranks, bucket, norms) in enumerate(cases):
            if ranks == 1 and (bucket, norms) != (arguments.bucket_mib[0], "true"):
                continue
            found, sent, seconds = measure(data, Path(name) / f"run{i}", ranks, bucket, norms, arguments)
            figures = [found[key] for key in ("sent", "buckets", "sums", "hidden")] if found else ["0", "0", "0", "-"]
            together = "-" if ranks == 1 else "joint" if norms == "true" else "own"
            print(f"{ranks:5}  {bucket:10g}  {together:5}  {figures[0]:>13}  {figures[1]:>7}  {figures[2]:>12}  "
                  f"{figures[3] + ' %':>6}  {sent / 1e6:11.1f}  {seconds:5.1f}", flush=True)  # fmt: skip


main()
