#!/usr/bin/env python3
"""Which configuration localizes small and large findings both?

Trains each named configuration for each seed on one set of phantoms with the demo's settings, evaluates it on the test
split, and prints one row a configuration: mean over the seeds (lowest to highest). What is already there is not
trained again, so that the run can be stopped and gone on with.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess

DEMO = {
    "model.backbone": "densenet-compact",
    "model.size": "128",
    "train.learning_rate": "0.003",
    "train.threads": "1",
    "data.threads": "1",
}

# Changes to the defaults of `chestmap config`.
CONFIGURATIONS = {
    "default": {},
    "last stage, log-sum-exp": {"model.stages": "[4]"},
    "last stage, average (CAM)": {"model.stages": "[4]", "model.pooling": "average"},
    "last stage, PCAM": {"model.stages": "[4]", "model.pooling": "pcam"},
    "stage 3 alone, log-sum-exp": {"model.stages": "[3]"},
    "sedai2018": {"model.head": "sedai2018"},
    "relevance uniform": {"model.relevance": "uniform"},
    "relevance shared": {"model.relevance": "shared"},
    "relevance from evidence": {"model.relevance": "evidence"},
    "relevance rate 0.01": {"train.relevance_learning_rate": "0.01"},
    "relevance rate 0.1": {"train.relevance_learning_rate": "0.1"},
    "relevance entropy 0.3": {"train.relevance_entropy": "0.3"},
    "maps not normalised": {"model.normalise_maps": "false"},
    "fusion maps": {"model.fusion": "maps"},
    "PCAM": {"model.pooling": "pcam"},
    "average": {"model.pooling": "average"},
    "no stage dropout": {"train.stage_dropout": "0"},
    "stages 1 to 4": {"model.stages": "[1, 2, 3, 4]"},
    "stages 1 to 4, agreement loss": {"model.stages": "[1, 2, 3, 4]", "train.agreement_loss": "0.5"},
    "stages 2 and 3": {"model.stages": "[2, 3]"},
    "no auxiliary loss": {"train.auxiliary_loss": "0"},
    "pyramid": {"model.head": "pyramid"},
}

COLUMNS = [
    ("AUROC", lambda e: e["classification"][0]["mean"]["auroc"]),
    ("nodule pt", lambda e: finding(e, "Nodule")["pointing"]),
    ("T.3", lambda e: finding(e, "Nodule")["iou"]["0.3"]),
    ("mass pt", lambda e: finding(e, "Mass")["pointing"]),
    ("T.3", lambda e: finding(e, "Mass")["iou"]["0.3"]),
    ("cardiom. pt", lambda e: finding(e, "Cardiomegaly")["pointing"]),
    ("T.3", lambda e: finding(e, "Cardiomegaly")["iou"]["0.3"]),
    ("mean pt", lambda e: e["localization"][0]["mean"]["pointing"]),
    ("T.3", lambda e: e["localization"][0]["mean"]["iou"]["0.3"]),
]


def finding(evaluation, name):
    return evaluation["localization"][0]["findings"][name]


def run(program, data, folder, settings, seed, epochs):
    log = folder.with_suffix(".log")
    arguments = dict(DEMO, seed=str(seed), **{"train.epochs": str(epochs)})
    arguments.update(settings)
    train = [program, "train", "--data", data, "--out", folder]
    if (folder / "config.toml").exists():
        train.append("--resume")
    else:
        for key, value in arguments.items():
            train += ["--set", f"{key}={value}"]
    evaluate = [program, "evaluate", folder, "--data", data, "--threads", "1", "--baselines"]
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        for command in (train, evaluate):
            subprocess.run(list(map(str, command)), check=True, stdout=out, stderr=out, env=environment)


def row(folders):
    cells = []
    for _, pick in COLUMNS:
        values = [pick(json.loads((f / "evaluation-test" / "evaluation.json").read_text())) for f in folders]
        values = [v["value"] for v in values if v is not None]
        mean = sum(values) / len(values)
        spread = f" ({min(values):.3f}-{max(values):.3f})" if len(values) > 1 else ""
        cells.append(f"{mean:.3f}{spread}")
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/chestmap")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/ablation"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--images", type=int, default=2600)
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--only", nargs="+", choices=list(CONFIGURATIONS), default=list(CONFIGURATIONS))
    arguments = parser.parse_args()

    data = arguments.out / f"phantoms-{arguments.images}"
    if not (data / "README.txt").exists():
        subprocess.run([arguments.program, "data", "phantom", data, "--images", str(arguments.images),
                        "--size", "256", "--seed", "1", "--conspicuity", "1.5"], check=True)
    todo = [(name, seed, arguments.out / f"{name.replace(' ', '-')}-{seed}")
            for seed in arguments.seeds for name in arguments.only]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(run, arguments.program, data, folder, CONFIGURATIONS[name], seed, arguments.epochs)
                for name, seed, folder in todo
                if not (folder / "evaluation-test" / "evaluation.json").exists()]
        for job in jobs:
            job.result()
    print("| configuration | seeds | " + " | ".join(title for title, _ in COLUMNS) + " |")
    print("|-" * (len(COLUMNS) + 2) + "|")
    for name in arguments.only:
        folders = [folder for other, _, folder in todo if other == name]
        print(f"| {name} | {len(folders)} | " + " | ".join(row(folders)) + " |")


if __name__ == "__main__":
    main()
