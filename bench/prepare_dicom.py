#!/usr/bin/env python3
"""How fast are uncompressed radiographs in DICOM brought to 256 pixels, against pydicom and numpy?

Runs `chestmap data prepare --threads 1` and, in a process of its own, a loop of pydicom (read, window,
resize by Pillow's area mean) over the same files of 2500x3000 pixels, 12 bits in 16, turn by turn;
images a second of processor time, so of a core.

    ./run bench prepare_dicom [--images 12] [--repeats 3]

Needs Debian's python3-pil, and pydicom, which `./run test` installs.
"""

import argparse
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHESTMAP = ROOT / "build" / "release" / "bin" / "chestmap"
PYTHON = ROOT / "build" / "judges-venv" / "bin" / "python"
SIDE = 256

WRITE = """
import sys
from pathlib import Path
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
folder, count = Path(sys.argv[1]), int(sys.argv[2])
(folder / "images").mkdir(parents=True)
random = np.random.default_rng(1)
rows = ["image,Nodule"]
for i in range(count):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.Modality, ds.PhotometricInterpretation, ds.SamplesPerPixel = "DX", "MONOCHROME1", 1
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 3000, 2500, 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = "2000", "3000"
    ds.PixelData = random.integers(0, 4096, (3000, 2500), dtype=np.uint16).tobytes()
    ds["PixelData"].VR = "OW"
    ds.save_as(folder / "images" / f"{i}.dcm", enforce_file_format=True)
    rows.append(f"{i}.dcm,{i % 2}")
(folder / "labels.csv").write_text("\\n".join(rows) + "\\n")
"""

READ = """
import sys
from pathlib import Path
import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
for file in sorted(Path(sys.argv[1]).iterdir()):
    ds = pydicom.dcmread(file)
    grey = apply_voi_lut(apply_modality_lut(ds.pixel_array, ds), ds).astype(np.float32) / 4095
    Image.fromarray(1 - grey).resize((256, 256), Image.BOX).tobytes()
"""


def processor_seconds(line):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        data = Path(name) / "data"
        subprocess.run([PYTHON, "-c", WRITE, data, str(arguments.images)], check=True)
        (data / "none").mkdir()
        empty = processor_seconds([PYTHON, "-c", READ, data / "none"])
        for turn in range(arguments.repeats):
            out = Path(name) / f"out-{turn}"
            ours.append(processor_seconds([CHESTMAP, "data", "prepare", data, "--out", out, "--size", str(SIDE), "--threads", "1"]))
            theirs.append(processor_seconds([PYTHON, "-c", READ, data / "images"]) - empty)
    rates = [arguments.images / statistics.median(seconds) for seconds in (ours, theirs)]
    print(f"{arguments.images} images of 2500x3000 to {SIDE}; images a second and core, medians of {arguments.repeats}\n")
    print("| chestmap data prepare | pydicom, numpy, Pillow | chestmap over pydicom |\n|-|-|-|")
    print(f"| {rates[0]:.1f} | {rates[1]:.1f} | {rates[0] / rates[1]:.2f} |")


main()
