#!/usr/bin/env python3
"""Opens a report of `chestmap report` in headless Chromium and checks what the browser makes of it.

usage: report_browser.py CHESTMAP [--keep FOLDER]

Writes two made-up run folders, has the report written, and loads it in a frame of a page that
inspects it: messages on the console, pictures that do not decode, links without a target, drawings
whose text sticks out, content wider than the page on a desktop's and a phone's width, figures that
are not numbers. Exit code 77 where Chromium or the imaging library is missing.
"""

import argparse
import functools
import html
import http.server
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

SKIPPED = 77
FINDINGS = ["Atelectasis", "Cardiomegaly", "Effusion", "Mass", "Nodule", "Pleural_Thickening"]
BOXED = FINDINGS[:5]
WIDTHS = (1200, 390)

INSPECTOR = """<!DOCTYPE html><meta charset="utf-8"><title>inspector</title>
<style>body{margin:0}iframe{border:0;width:WIDTHpx;height:3000px;display:block}</style>
<iframe src="report.html"></iframe><pre id="result"></pre>
<script>
const frame = document.querySelector('iframe');
// The frame's load event waits for its pictures, and the dump of this page for the frame.
frame.addEventListener('load', () => {
  const page = frame.contentDocument, problems = [];
  const images = [...page.images];
  for (const image of images)
    if (!image.complete || image.naturalWidth === 0) problems.push('broken image: ' + image.alt);
  for (const link of page.querySelectorAll('a'))
    if (!page.getElementById(link.hash.slice(1))) problems.push('link without target: ' + link.href);
  const root = page.documentElement;
  if (root.scrollWidth > root.clientWidth)
    problems.push('page is ' + root.scrollWidth + ' wide in ' + root.clientWidth);
  for (const svg of page.querySelectorAll('svg')) {
    const box = svg.viewBox.baseVal, label = svg.getAttribute('aria-label');
    if (svg.getBoundingClientRect().width < 50) problems.push('drawing has no width: ' + label);
    for (const text of svg.querySelectorAll('text')) {
      const b = text.getBBox();
      if (b.x < box.x - 1 || b.y < box.y - 1 || b.x + b.width > box.x + box.width + 1 ||
          b.y + b.height > box.y + box.height + 1)
        problems.push('text sticks out of "' + label + '": ' + text.textContent);
    }
  }
  if (/\\b(nan|undefined|infinity)\\b/i.test(root.innerText)) problems.push('a figure is no number');
  if (/\\b(nan|inf)\\b/i.test(page.querySelector('main').innerHTML.replace(/base64,[^"]*/g, '')))
    problems.push('a drawing has a coordinate that is no number');
  if (page.body.matches('.injected') || page.querySelector('b.injected'))
    problems.push('text of the input became markup');
  document.getElementById('result').textContent = JSON.stringify({
    problems, images: images.length, drawings: page.querySelectorAll('svg').length,
    sections: [...page.querySelectorAll('section')].map(section => section.id)});
});
</script>
"""


def measured(value, spread):
    if value is None:
        return None
    return {"value": value, "low": max(0.0, value - spread), "high": min(1.0, value + spread)}


def row(level, draw):
    def value(scale):
        return measured(min(1.0, max(0.0, level * scale + draw.uniform(-0.03, 0.03))), 0.06)

    return {
        "boxes": draw.randrange(40, 180),
        "masks": 0,
        "normal_images": 480,
        "froc_curve": [[i / 20, min(1.0, level * (1 - math.exp(-i / 8)))] for i in range(60)],
        "ap": {t: value(0.7) for t in ("0.1", "0.5")},
        "wafroc": value(0.9),
        "afroc": value(0.9),
        "froc_mean": value(0.6),
        "froc": {"0.5": value(0.5), "2": value(0.9)},
        "pointing": value(1.0),
        "mean_iou": value(0.5),
        "iou": {f"{t / 10}": value(1.1 - 1.4 * t / 10) for t in range(1, 8)},
        "iobb": {t: value(1.1 - float(t)) for t in ("0.1", "0.25", "0.5", "0.75", "0.9")},
        "afp_iou": {f"{t / 10}": measured(0.5 + t / 20, 0.04) for t in range(1, 8)},
        "afp_iobb": {t: measured(0.6, 0.04) for t in ("0.1", "0.25", "0.5", "0.75", "0.9")},
    }


def mean(level, draw):
    counts = ("boxes", "masks", "normal_images", "froc_curve")
    return {key: value for key, value in row(level, draw).items() if key not in counts}


def method(name, level, draw, control=False, uses_boxes=False):
    return {
        "method": name,
        "control": control,
        "uses_boxes": uses_boxes,
        "findings": {f: row(level + 0.1 * (i % 3), draw) for i, f in enumerate(BOXED)},
        "mean": mean(level + 0.08, draw),
        "mean_without_cardiomegaly": mean(level, draw),
    }


def roc(auroc):
    # TPR = FPR^a has an area of 1 / (1 + a).
    power = (1 - auroc) / auroc
    return [[i / 40, math.pow(i / 40, power)] for i in range(41)]


def classified(finding, auroc):
    known = finding != FINDINGS[-1]
    return {
        "positives": 90 if known else 0,
        "negatives": 500 if known else 590,
        "threshold": 0.5,
        "auroc": measured(auroc, 0.03) if known else None,
        "average_precision": measured(auroc - 0.3, 0.05) if known else None,
        **{name: measured(0.8, 0.04) for name in ("sensitivity", "specificity", "brier", "ece")
           if known},
        "roc": roc(auroc) if known else [],
        "reliability": [{"mean_probability": 0.05 + i / 10, "positive_share": 0.04 + i / 12,
                         "images": 200 - 18 * i} for i in range(10)] if known else [],
    }


def evaluation(level, draw):
    methods = [
        method("multiscale attention map", level, draw),
        method("last stage", level - 0.1, draw),
        method("multiscale attention map, boxes by Wang's rule", level - 0.05, draw),
        method("level chosen on the boxes", level + 0.05, draw, uses_boxes=True),
        method("random map", 0.05, random.Random(5), control=True),
        method("fixed centre box", 0.15, random.Random(6), control=True),
    ]
    return {
        "format": "chestmap-evaluation",
        "format_version": 2,
        "program": "chestmap 0.1.0",
        "notice": "Research use only.",
        "oracle": [],
        "not_computed": ["measures by mask: the data set has no mask on the split's images"],
        "data": {"name": "phantoms", "split": "test", "fingerprint": "0123456789abcdef",
                 "images": 590, "patients": 350, "boxed_images": 358, "boxes": 636, "masks": 0,
                 "size_limits": [0.0123, 0.0456]},
        "bootstrap": {"resamples": 1000, "seed": 0, "unit": "patient",
                      "interval": "percentile 95%"},
        "classification": [{
            "classifier": "classifier",
            "findings": {f: classified(f, 0.7 + level * (0.4 - 0.1 * i)) for i, f in enumerate(FINDINGS)},
            "mean": {"auroc": measured(0.8, 0.02), "average_precision": measured(0.5, 0.03)},
        }],
        "localization": methods,
        "strata": [
            {"subject": subject, "of": of, "by": by, "stratum": name, "images": 290,
             "findings": {f: {"count": 40} for f in BOXED},
             "mean": {measure: measured(0.5, 0.04)},
             "pooled": {} if of == "classification" else {measure: measured(0.5, 0.04)}}
            for subject, of, measure in (("classifier", "classification", "auroc"),
                                         (methods[0]["method"], "localization", "pointing"))
            for by, name in (("view", "PA"), ("view", "AP"), ("size", "small"), ("size", "large"))
            if (of, by) != ("classification", "size")
        ],
        "comparisons": [
            {"a": methods[0]["method"], "b": other["method"], "finding": finding,
             "measure": measure,
             "difference": {"value": 0.05, "low": draw.uniform(-0.1, 0.04), "high": 0.11},
             "p": 0.0002, "p_holm": None if finding.startswith("mean") else 0.012,
             "p_delong": None, "p_delong_holm": None}
            for other in methods[1:4]
            for finding in BOXED + ["mean", "mean_without_cardiomegaly"]
            for measure in ("pointing", "iou.0.3")
        ],
    }


def write_run(folder, level, stages, seed):
    from PIL import Image, ImageDraw

    draw = random.Random(seed)
    (folder / "evaluation-test").mkdir(parents=True)
    (folder / "evaluation-test" / "evaluation.json").write_text(
        json.dumps(evaluation(level, draw)))
    log = ["epoch,learning_rate,train_loss,valid_loss,valid_auroc," +
           ",".join("auroc." + f for f in FINDINGS)]
    relevance = ["epoch,finding,stage,relevance"]
    for epoch in range(1, 13):
        auroc = 0.85 - 0.3 / epoch - (0.01 if epoch > 10 else 0)
        log.append(f"{epoch},0.001,{0.5 + 0.6 / epoch:.6f},{0.55 + 0.5 / epoch:.6f},{auroc:.6f}," +
                   ",".join([f"{auroc:.6f}"] * 5 + [""]))
        for finding in FINDINGS:
            weights = [draw.uniform(0.1, 1) ** 2 for _ in stages]
            for stage, weight in zip(stages, weights):
                relevance.append(f"{epoch},{finding},{stage},{weight / sum(weights):.6f}")
    (folder / "log.csv").write_text("\n".join(log) + "\n")
    (folder / "relevance.csv").write_text("\n".join(relevance) + "\n")
    (folder / "config.toml").write_text('seed = 1\n[model]\nhead = "<b class=injected>"\n')
    (folder / "gallery").mkdir()
    captions = ["file,caption"]
    for i in range(3):
        picture = Image.new("RGB", (1024, 768), (16, 20, 26))
        picture.paste(Image.radial_gradient("L").resize((768, 768)).convert("RGB"), (0, 0))
        ImageDraw.Draw(picture).rectangle((200 + 60 * i, 250, 400 + 60 * i, 420),
                                          outline=(255, 190, 0), width=4)
        picture.save(folder / "gallery" / f"{i:02}-Nodule.png")
        captions.append(f'{i:02}-Nodule.png,"Nodule, phantom {i} <b class=injected>p = .83</b>"')
    (folder / "gallery" / "captions.csv").write_text("\n".join(captions) + "\n")


def chromium(*arguments):
    with tempfile.TemporaryDirectory() as profile:
        return subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0",
             f"--user-data-dir={profile}", *arguments],
            capture_output=True, text=True, timeout=120, check=False)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def inspect(folder, width, port):
    (folder / f"inspector-{width}.html").write_text(INSPECTOR.replace("WIDTH", str(width)))
    result = chromium("--dump-dom", f"--window-size={max(width, 500)},1000",
                      f"http://127.0.0.1:{port}/inspector-{width}.html")
    problems = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    found = re.search(r'<pre id="result">(.+?)</pre>', result.stdout, re.DOTALL)
    if not found:
        return problems + ["the page was never inspected: " + result.stderr[-2000:]]
    seen = json.loads(html.unescape(found.group(1)))
    problems += seen["problems"]
    if seen["images"] != 6:
        problems.append(f"{seen['images']} images; 2 runs of 3 were given")
    # Two learning curves; a ROC panel a finding and a reliability diagram for those with
    # probabilities; a forest a boxed finding and for the two means; a FROC panel a boxed finding.
    drawings = 2 + len(FINDINGS) + len(FINDINGS) - 1 + len(BOXED) + 2 + len(BOXED)
    if seen["drawings"] != drawings:
        problems.append(f"{seen['drawings']} drawings; {drawings} were expected")
    expected = ["summary", "training", "classification", "localization", "localization-tables",
                "free-response", "comparisons", "strata", "relevance", "gallery", "provenance"]
    if seen["sections"] != expected:
        problems.append(f"sections: {seen['sections']}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chestmap", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="keep the files and screenshots here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        if folder.exists() and arguments.keep:
            shutil.rmtree(folder)
        write_run(folder / "multiscale", 0.5, (1, 2, 3, 4), 1)
        write_run(folder / "last", 0.4, (4,), 2)
        subprocess.run([arguments.chestmap, "report", folder / "multiscale", folder / "last",
                        "--name", "multiscale", "--name", "last stage <only>", "--title",
                        "Phantoms & two models", "--out", folder / "report.html", "--summary",
                        folder / "summary.json"], check=True)
        text = (folder / "report.html").read_text(encoding="utf-8")
        problems = []
        if "Simulated radiographs" not in text:
            problems.append("the report does not say that the images are simulated")
        if len(json.loads((folder / "summary.json").read_text())["runs"]) != 2:
            problems.append("summary.json does not hold two runs")
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for width in WIDTHS:
            problems += [f"at {width} px: {p}" for p in inspect(folder, width, server.server_port)]
        server.shutdown()
        if arguments.keep:
            for width in (1200, 500):
                chromium(f"--screenshot={folder}/report-{width}.png",
                         f"--window-size={width},12000", f"file://{folder.resolve()}/report.html")
            chromium(f"--print-to-pdf={folder}/report.pdf", f"file://{folder.resolve()}/report.html")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
        "google-chrome")
    try:
        import PIL  # noqa: F401
    except ImportError:
        CHROMIUM = None
    if CHROMIUM is None:
        print("skipped: Chromium and Python's PIL are needed")
        sys.exit(SKIPPED)
    sys.exit(main())
