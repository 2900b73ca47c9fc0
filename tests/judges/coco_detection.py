"""Judge of average precision: pycocotools' answers for the cases in the JSON file named.

A case has "kind" ("bbox" or "segm"), "size" [height, width], "thresholds" and "images", whose ids are their places in
the list; an image has "truth" (boxes [x, y, w, h], or compressed run lengths), "detected" (likewise) and "scores".
Prints for each case the average precisions at the thresholds. Exits with 77 where pycocotools is missing.
"""

import contextlib
import io
import json
import sys

try:
    import numpy
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError:
    sys.exit(77)


def annotation(case, image, region, **more):
    entry = {"image_id": image, "category_id": 1, **more}
    if case["kind"] == "bbox":
        return {**entry, "bbox": region, "area": region[2] * region[3]}
    return {**entry, "segmentation": {"size": case["size"], "counts": region.encode()}, "area": 1}


def answer(case):
    truth = COCO()
    height, width = case["size"]
    images = list(enumerate(case["images"]))
    truth.dataset = {
        "images": [{"id": i, "height": height, "width": width} for i, _ in images],
        "categories": [{"id": 1}],
        "annotations": [],
    }
    for i, image in images:
        for region in image["truth"]:
            number = len(truth.dataset["annotations"]) + 1
            truth.dataset["annotations"].append(annotation(case, i, region, id=number, iscrowd=0))
    truth.createIndex()
    detected = truth.loadRes(
        [
            annotation(case, i, region, score=score)
            for i, image in images
            for region, score in zip(image["detected"], image["scores"])
        ]
    )
    scorer = COCOeval(truth, detected, case["kind"])
    scorer.params.iouThrs = numpy.array(case["thresholds"])
    scorer.evaluate()
    scorer.accumulate()
    return scorer.eval["precision"][:, :, 0, 0, -1].mean(axis=1).tolist()


with contextlib.redirect_stdout(io.StringIO()):
    answers = [answer(case) for case in json.load(open(sys.argv[1]))]
print(json.dumps(answers))
