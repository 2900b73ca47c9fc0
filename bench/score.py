#!/usr/bin/python3
"""How fast `chestmap score` is at full size, and against a plain scikit-learn loop.

usage: score.py [--labels DIR] [--resamples N] [--maps N] [--only probabilities|maps]

- 112,120 images x 14 findings of made-up probabilities on the real label table (or on a made-up one
  of its shape, where it is not there), with intervals of every classification measure by bootstrap over patients.
- The same AUROCs on a few of the same resamples by scikit-learn, which also says whether they agree.
- 25,596 maps of 64 x 64 from disk, with controls and as many resamples, beside merely reading the files.

Needs numpy and scikit-learn. Prints a table.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"
LABELS = ROOT.parent / "shared" / "data" / "chestxray14-labels"
FINDINGS = ["Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia",
            "Pneumothorax", "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening",
            "Hernia"]  # fmt: skip


def make_labels(folder, draw, images=112120, patients=30805):
    """A label table of ChestX-ray14's shape."""
    folder.mkdir()
    owner = np.sort(draw.integers(0, patients, images))
    share = draw.uniform(0.002, 0.18, len(FINDINGS))
    with open(folder / "Data_Entry_2017_v2020.csv", "w", encoding="utf-8") as table:
        table.write("Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
                    "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n")
        for i in range(images):
            labels = "|".join(f for f, p in zip(FINDINGS, share) if draw.random() < p)
            table.write(f"{owner[i] + 1:08}_{i % 1000:03}{i}.png,{labels or 'No Finding'},0,"
                        f"{owner[i] + 1},50,M,PA,2500,2048,0.168,0.168\n")
    return folder


def read_labels(folder):
    with open(folder / "Data_Entry_2017_v2020.csv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    images = [row["Image Index"] for row in rows]
    patients = [row["Patient ID"] for row in rows]
    labels = np.array([[f in row["Finding Labels"].split("|") for f in FINDINGS] for row in rows])
    return images, patients, labels


def write_probabilities(file, images, labels, draw):
    scores = 1 / (1 + np.exp(-(draw.normal(size=labels.shape) + 1.3 * labels - 2)))
    text = np.char.mod("%.6f", scores)
    with open(file, "w", encoding="utf-8") as out:
        out.write("image," + ",".join(FINDINGS) + "\n")
        for image, row in zip(images, text):
            out.write(image + "," + ",".join(row) + "\n")
    return text.astype(float)


def timed(*command):
    """Wall seconds, CPU seconds and peak memory in MiB of a program."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return (time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def mixed(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def drawn(seed, number, patients):
    """How often each patient is drawn in a resample: the program's own draws (base/random.h, metrics/bootstrap.h),
    a SplitMix64 stream keyed by seed and number, each value modulo the number of patients."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        state = golden
        for part in (seed, number):
            state = mixed(state ^ mixed(np.uint64(part) + golden)) + golden
        steps = np.arange(1, patients + 1, dtype=np.uint64)
        values = mixed(state + steps * golden)
    # The program draws again above the largest multiple of `patients`: one in 10^14 values.
    return np.bincount((values % np.uint64(patients)).astype(np.int64), minlength=patients)


def memory_bandwidth():
    """Bytes a second that one core copies, reading and writing counted."""
    a = np.zeros(1 << 27, dtype=np.uint8)
    b = np.ones_like(a)
    best = 0.0
    for _ in range(5):
        begin = time.perf_counter()
        np.copyto(a, b)
        best = max(best, 2 * a.nbytes / (time.perf_counter() - begin))
    return best


def per_resample(file):
    """Columns of AUROC by finding, of classifier "p.csv"."""
    with open(file, encoding="utf-8") as table:
        rows = list(csv.reader(table))
    columns = {f: rows[0].index(f"p.csv|{f}|auroc") for f in FINDINGS if f"p.csv|{f}|auroc" in rows[0]}
    return {f: [float(row[c]) for row in rows[1:]] for f, c in columns.items()}


def probabilities(folder, data, resamples):
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(1)
    images, patients, labels = read_labels(data)
    file = folder / "p.csv"
    scores = write_probabilities(file, images, labels, draw)
    command = (CHESTMAP, "score", file, "--data", data, "--split", "all", "--json")
    wall, cpu, memory = timed(*command, "--resamples", resamples)
    wall_few, cpu_few, _ = timed(*command, "--resamples", 2)
    print(f"{len(images)} images x {len(FINDINGS)} findings, {resamples} resamples of "
          f"{len(set(patients))} patients, {len(os.sched_getaffinity(0))} cores")
    print(f"  chestmap score        {wall:8.1f} s wall  {cpu:8.1f} s CPU  {memory:6.0f} MiB")
    print(f"  of which not resamples{wall_few:8.1f} s wall  {cpu_few:8.1f} s CPU  (2 resamples and the jackknife)")

    # A few resamples of the same patients by scikit-learn.
    few = 2
    timed(*command, "--resamples", few, "--out", folder / "few")
    ours = per_resample(folder / "few" / "per_resample.csv")
    names = sorted(set(patients))
    place = {name: i for i, name in enumerate(names)}
    owner = np.array([place[name] for name in patients])
    worst, begin = 0.0, time.process_time()
    for number in range(few):
        weights = drawn(0, number, len(names))[owner]
        for f, finding in enumerate(FINDINGS):
            value = roc_auc_score(labels[:, f], scores[:, f], sample_weight=weights)
            worst = max(worst, abs(value - ours[finding][number]))
    loop = (time.process_time() - begin) / few * resamples
    print(f"  scikit-learn, AUROC               {loop:8.1f} s CPU  (from {few} of the same resamples)")
    print(f"  largest difference of an AUROC {worst:.1e} (the table has six digits)")
    print(f"  ratio of CPU time     {loop / cpu:8.1f}   though chestmap computes every measure, strata and both intervals")

    # The floor of AUROC alone: each resample reads every finding's ranking and the images' weights.
    touched = (resamples + 256) * len(FINDINGS) * len(images) * (8 + 8)
    bandwidth = memory_bandwidth()
    print(f"  floor of AUROC alone  {touched / bandwidth / len(os.sched_getaffinity(0)):8.1f} s wall  "
          f"({touched / 1e9:.0f} GB touched, {bandwidth / 1e9:.1f} GB/s a core)")


def forget(files):
    """Drops the files from the page cache."""
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def read_seconds(files):
    """Wall seconds, CPU seconds and bytes of reading each file once."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    size = sum(len(file.read_bytes()) for file in files)
    return time.perf_counter() - begin, time.process_time() - begin_cpu, size


def maps(folder, data, count, resamples):
    draw = np.random.default_rng(2)
    images, _, _ = read_labels(data)
    boxed = {}
    if (data / "BBox_List_2017.csv").exists():
        with open(data / "BBox_List_2017.csv", encoding="utf-8") as table:
            boxed = {row[0]: row[1] for row in list(csv.reader(table))[1:]}
    if (data / "test_list.txt").exists():
        images = (data / "test_list.txt").read_text().split()
    wanted = list(boxed) + [i for i in images if i not in boxed]
    place = folder / "maps"
    place.mkdir()
    for image in wanted[:count]:
        finding = boxed.get(image, "Nodule").replace("Infiltrate", "Infiltration")
        np.save(place / f"{image}.{finding}.npy", draw.random((64, 64), dtype=np.float32))
    os.sync()
    files = sorted(place.iterdir())
    split = "test" if (data / "test_list.txt").exists() else "all"
    command = (CHESTMAP, "score", place, "--data", data, "--split", split, "--json", "--resamples")
    size = read_seconds(files)[2]
    print(f"{len(files)} maps of 64 x 64, {size / 1e6:.0f} MB in files, controls included")
    bandwidth = memory_bandwidth()
    print(f"  floor                 {size / bandwidth:8.2f} s  (the bytes at the {bandwidth / 1e9:.1f} GB/s that a core copies)")
    for cache in ("cold", "warm"):
        if cache == "cold":
            forget(files)
        wall, cpu, _ = read_seconds(files)
        print(f"  {cache}: reading         {wall:8.1f} s wall  {cpu:8.1f} s CPU  (one core)")
        for rounds in (2, resamples):
            if cache == "cold":
                forget(files)
            score_wall, score_cpu, memory = timed(*command, rounds)
            print(f"  {cache}: {rounds:5} resamples {score_wall:8.1f} s wall  {score_cpu:8.1f} s CPU  {memory:6.0f} MiB  "
                  f"{score_wall / wall:5.1f} times reading's wall time, {score_cpu / cpu:5.1f} its CPU time")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=pathlib.Path, default=LABELS)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--maps", type=int, default=25596)
    parser.add_argument("--only", choices=["probabilities", "maps"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = arguments.labels
        if not data.exists():
            data = make_labels(folder / "data", np.random.default_rng(0))
            print("label table: made up")
        if arguments.only != "maps":
            probabilities(folder, data, arguments.resamples)
        if arguments.only != "probabilities":
            maps(folder, data, arguments.maps, arguments.resamples)


if __name__ == "__main__":
    main()
