"""Writes a random data set and results in COCO's format, and what pycocotools makes of them.

instances.json, results.json; truth.csv: annotation, area of its mask, then x, y, width, height of the mask's bounding
box; results.csv: the same of each result. Exit code 77: a module is missing.
"""
import contextlib
import io
import json
import sys
from pathlib import Path

try:
    import numpy as np
    from pycocotools import mask as masks
    from pycocotools.coco import COCO
except ImportError:
    sys.exit(77)

folder = Path(sys.argv[1])
random = np.random.default_rng(5)
FRAMES = [(97, 64), (50, 81), (128, 128)]


def encoded(bits):
    rle = masks.encode(np.asfortranarray(bits.astype("u1")))
    return {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode()}


def blob(width, height):
    y, x = np.mgrid[:height, :width]
    cx, cy, rx, ry = random.uniform(0.2, 0.8, 2).tolist() + random.uniform(0.1, 0.4, 2).tolist()
    return ((x / width - cx) / rx) ** 2 + ((y / height - cy) / ry) ** 2 < 1


def uncompressed(bits):
    flat = bits.flatten(order="F").astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [1 - flat[-1]]])))
    counts = np.diff(np.concatenate([[0], edges]))
    return {"size": list(bits.shape), "counts": counts.tolist()}


def polygon(width, height):
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    radius = random.uniform(0.1, 0.45, 9)
    x = width * (0.5 + radius * np.cos(angles))
    y = height * (0.5 + radius * np.sin(angles))
    return np.round(np.stack([x, y], axis=1), 2).reshape(-1).tolist()


images = [
    {"id": 100 + i, "file_name": f"scan_{i}.png", "width": w, "height": h} for i, (w, h) in enumerate(FRAMES)
]
annotations, results = [], []
for image in images:
    w, h = image["width"], image["height"]
    for shape in ([polygon(w, h)], [polygon(w, h), polygon(w, h)], encoded(blob(w, h)), uncompressed(blob(w, h))):
        annotations.append({
            "id": len(annotations) + 1, "image_id": image["id"], "category_id": int(random.choice([4, 9])),
            "segmentation": shape, "iscrowd": 0, "area": 1, "bbox": [1, 2, 3, 4],
        })  # fmt: skip
    for _ in range(5):
        results.append({
            "image_id": image["id"], "category_id": int(random.choice([4, 9])), "score": float(random.uniform()),
            "segmentation": encoded(blob(w, h)),
        })  # fmt: skip
document = {"images": images, "annotations": annotations,
            "categories": [{"id": 9, "name": "Mass"}, {"id": 4, "name": "Nodule"}]}  # fmt: skip
(folder / "instances.json").write_text(json.dumps(document))
(folder / "results.json").write_text(json.dumps(results))

with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(folder / "instances.json")
    loaded = truth.loadRes(str(folder / "results.json"))
for name, coco in (("truth", truth), ("results", loaded)):
    rows = ["id,area,x,y,width,height"]
    for number in sorted(coco.anns):
        rle = coco.annToRLE(coco.anns[number])
        box = masks.toBbox(rle)
        rows.append(",".join(str(v) for v in (number, int(masks.area(rle)), *box.tolist())))
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
