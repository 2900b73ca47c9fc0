"""Preparing data sets, and training, evaluating and localizing from what was prepared."""

import fcntl
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import SMALL, ProgramTest, chestmap, command_line, read, rows_of  # noqa: E402

SHARDS = ["index.bin", "shard-00000.bin", "records.jsonl", "skipped.csv"]


def archived(phantoms, folder):
    """The phantoms with their images in two archives, as the NIH distributes them."""
    folder.mkdir()
    for table in phantoms.glob("*.[ct]*"):
        shutil.copy(table, folder)
    images = sorted((phantoms / "images").iterdir())
    for part in range(2):
        with tarfile.open(folder / f"images_00{part + 1}.tar.gz", "w:gz") as archive:
            for image in images[part::2]:
                archive.add(image, f"images/{image.name}")
    return folder


class Prepare(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=60)
        cls.archives = archived(cls.phantoms, cls.folder / "archives")
        cls.cache = cls.folder / "cache"
        cls.must_run("data", "prepare", cls.phantoms, "--out", cls.cache, "--size", 64, "--bits", 16)

    def assert_same_cache(self, a, b):
        for name in SHARDS:
            self.assertEqual((a / name).read_bytes(), (b / name).read_bytes(), name)

    def test_archives_give_what_folders_give(self):
        cache = self.scratch / "cache"
        result = self.must_run("data", "prepare", self.archives, "--out", cache, "--size", 64,
                               "--bits", 16)  # fmt: skip
        self.assertIn("60 of 60 images", result.err)
        self.assert_same_cache(cache, self.cache)

    def test_training_and_evaluating_give_what_the_files_give(self):
        for data, run in ((self.phantoms, "files"), (self.cache, "cache")):
            self.train(data, self.scratch / run)
            self.must_run("evaluate", self.scratch / run, "--data", data, "--resamples", 20)
        for name in ("model.safetensors", "log.csv", "split/valid.txt",
                     "evaluation-test/predictions.csv", "evaluation-test/evaluation.json"):  # fmt: skip
            self.assertEqual((self.scratch / "files" / name).read_bytes(),
                             (self.scratch / "cache" / name).read_bytes(), name)  # fmt: skip
        out = self.scratch / "localized"
        self.must_run("localize", self.scratch / "cache", self.cache, "--out", out)
        images = json.loads(read(out / "localization.json"))["images"]
        self.assertEqual(len(images), 60)
        # In the frame of the record, whatever the prepared side.
        self.assertEqual({tuple(image["frame"]) for image in images}, {(1024, 1024)})

    def test_two_data_sets_train_together(self):
        other = self.scratch / "other"
        shutil.copytree(self.phantoms, other)
        run = self.scratch / "run"
        self.must_run("train", "--data", self.cache, "--data", other, "--out", run, *SMALL)
        names = read(run / "split" / "train.txt").split() + read(run / "split" / "valid.txt").split()
        self.assertEqual({name.split("/")[0] for name in names}, {"phantoms", "phantoms-2"})
        result = chestmap("evaluate", run, "--data", self.cache, "--data", other, "--split", "test",
                          "--resamples", 20)  # fmt: skip
        self.assertEqual(result.code, 0, str(result))
        self.assertTrue(rows_of(run / "evaluation-test" / "predictions.csv"))

    def test_goes_on_after_a_kill(self):
        cache = self.scratch / "cache"
        line = ["data", "prepare", self.archives, "--out", cache, "--size", 64, "--bits", 16]
        for _ in range(5):
            running = subprocess.Popen(command_line([*line, "--threads", 1]),
                                       stderr=subprocess.DEVNULL)  # fmt: skip
            deadline = time.monotonic() + 60
            while not (cache / "shard-00000.bin").exists() and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.003)
            running.send_signal(signal.SIGKILL)
            running.wait()
        self.must_run(*line)
        self.assert_same_cache(cache, self.cache)

    def test_one_process_at_a_time(self):
        cache = self.scratch / "cache"
        cache.mkdir()
        with open(cache / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = chestmap("data", "prepare", self.phantoms, "--out", cache)
            self.assert_user_error(result, "another process is preparing", cache)
        self.must_run("data", "prepare", self.phantoms, "--out", cache)

    def test_an_archive_that_is_cut_short(self):
        data = Path(shutil.copytree(self.archives, self.scratch / "data"))
        cache = self.scratch / "cache"
        line = ["data", "prepare", data, "--out", cache, "--size", 64, "--bits", 16]
        whole = (data / "images_002.tar.gz").read_bytes()
        (data / "images_002.tar.gz").write_bytes(whole[: len(whole) // 2])
        self.assert_user_error(chestmap(*line), "images_002.tar.gz", "truncated gzip input")
        self.assert_user_error(
            chestmap("train", "--data", cache, "--out", self.scratch / "run", *SMALL),
            "is not complete", "chestmap data prepare")  # fmt: skip
        (data / "images_002.tar.gz").write_bytes(whole)
        self.must_run(*line)
        self.assert_same_cache(cache, self.cache)

    def test_archives_are_not_trained_from(self):
        result = chestmap("train", "--data", self.archives, "--out", self.scratch / "run", *SMALL)
        self.assert_user_error(result, "no image of the training list", "chestmap data prepare")

    def test_other_settings_or_another_data_set(self):
        self.assert_user_error(
            chestmap("data", "prepare", self.phantoms, "--out", self.cache, "--size", 32),
            self.cache, "size 64 there, 32 now")  # fmt: skip
        other = self.make_phantoms("other", images=12, seed=2)
        self.assert_user_error(
            chestmap("data", "prepare", other, "--out", self.cache, "--size", 64, "--bits", 16),
            "records 60 there, 12 now")  # fmt: skip

    def test_check_verifies_and_writes_a_page(self):
        page = self.scratch / "data.html"
        first, second = sorted((self.phantoms / "images").iterdir())[:2]
        data = Path(shutil.copytree(self.phantoms, self.scratch / "data"))
        shutil.copy(first, data / "images" / second.name)
        self.must_run("data", "check", data, "--decode", "--html", page)
        for text in ("Data set phantoms", "Cardiomegaly", f"{first.name}, {second.name}"):
            self.assertIn(text, read(page))
        damaged = Path(shutil.copytree(self.cache, self.scratch / "cache"))
        shard = bytearray((damaged / "shard-00000.bin").read_bytes())
        shard[5] ^= 1
        (damaged / "shard-00000.bin").write_bytes(shard)
        result = self.must_run("data", "check", damaged, "--json")
        (unreadable,) = json.loads(result.out)["unreadable"]
        self.assertIn("the prepared image is damaged", unreadable["reason"])


if __name__ == "__main__":
    program.main()
