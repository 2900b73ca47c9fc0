"""Judge of masks: pycocotools' answers for the cases in the JSON file named.

A case has "width", "height" and either "bits" (two row-major lists of 0 and 1) or "polygons" (lists of x y x y ...).
Prints a list: for "bits", both masks' strings, areas and boxes [x, y, w, h] and their IoU; for "polygons", the string
of the union. Exits with 77 where pycocotools is missing.
"""

import json
import sys

try:
    import numpy
    from pycocotools import mask as coco
except ImportError:
    sys.exit(77)


def answer(case):
    height, width = case["height"], case["width"]
    if "polygons" in case:
        return {"counts": coco.merge(coco.frPyObjects(case["polygons"], height, width))["counts"].decode()}
    masks = [
        coco.encode(numpy.asfortranarray(numpy.array(bits, numpy.uint8).reshape(height, width)))
        for bits in case["bits"]
    ]
    return {
        "counts": [mask["counts"].decode() for mask in masks],
        "area": [int(coco.area(mask)) for mask in masks],
        "box": [coco.toBbox(mask).tolist() for mask in masks],
        "iou": float(coco.iou(masks[:1], masks[1:], [0])[0, 0]),
    }


print(json.dumps([answer(case) for case in json.load(open(sys.argv[1]))]))
