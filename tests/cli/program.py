"""Runs the built programs for the tests of whole commands.

A test script is started as `SCRIPT BIN_FOLDER [unittest's arguments]`; BIN_FOLDER holds chestmap and
chestmap-torch. Only Python's standard library is used.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

BIN = Path()

# Settings with which a training run takes about a second.
SMALL = [
    "--set", "model.size=64",
    "--set", "model.backbone=densenet-compact",
    "--set", "train.epochs=1",
    "--set", "train.batch=8",
    "--set", "train.threads=1",
    "--set", "data.threads=1",
]  # fmt: skip

NOTICE = "Research use only"


@dataclass
class Result:
    """What a program that has ended leaves behind."""

    command: str
    code: int
    out: str
    err: str

    def __str__(self):
        return f"$ {self.command}\nexit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def command_line(arguments, program="chestmap"):
    return [str(BIN / program), *map(str, arguments)]


def chestmap(*arguments, program="chestmap", cwd=None, stdout=subprocess.PIPE):
    """Runs the program to its end."""
    line = command_line(arguments, program)
    done = subprocess.run(
        line, cwd=cwd, stdout=stdout, stderr=subprocess.PIPE, timeout=300, check=False
    )
    text = (done.stdout or b"").decode()
    return Result(" ".join(line), done.returncode, text, done.stderr.decode())


def read(path):
    return Path(path).read_text(encoding="utf-8")


def rows_of(csv_file):
    """The rows of a table below its header."""
    return list(csv.reader(read(csv_file).splitlines()))[1:]


class ProgramTest(unittest.TestCase):
    """Each class has a folder of its own, `self.folder`, that goes with it; so does each test,
    `self.scratch`."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="chestmap-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def setUp(self):
        self.scratch = Path(tempfile.mkdtemp(prefix="test-", dir=self.folder))

    @classmethod
    def must_run(cls, *arguments, **options):
        result = chestmap(*arguments, **options)
        if result.code != 0:
            raise AssertionError(f"it should have succeeded:\n{result}")
        return result

    @classmethod
    def make_phantoms(cls, name, images, seed=1, size=64):
        """A folder of simulated radiographs; a third of the patients are for testing."""
        folder = cls.folder / name
        cls.must_run("data", "phantom", folder, "--images", images, "--size", size, "--seed", seed,
                     "--test-fraction", 0.3, "--threads", 1)  # fmt: skip
        return folder

    @classmethod
    def train(cls, data, out, *arguments):
        return cls.must_run("train", "--data", data, "--out", out, *SMALL, *arguments)

    def assert_user_error(self, result, *parts):
        """Exit code 1, an error and a hint on stderr, and each of `parts` somewhere in them."""
        self.assertEqual(result.code, 1, str(result))
        lines = result.err.splitlines()
        self.assertTrue(any(line.startswith("error: ") for line in lines), str(result))
        self.assertTrue(any(line.startswith("hint: ") for line in lines), str(result))
        for sign_of_a_bug in ("bug:", "terminate called", "Exception raised", "frame #"):
            self.assertNotIn(sign_of_a_bug, result.err, str(result))
        for part in parts:
            self.assertIn(str(part), result.err, str(result))


def main():
    """Takes the folder of the programs from the command line and runs the script's tests."""
    global BIN
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"usage: {sys.argv[0]} FOLDER-OF-THE-PROGRAMS [unittest's arguments]")
    BIN = Path(sys.argv.pop(1)).resolve()
    os.environ.pop("OMP_NUM_THREADS", None)
    unittest.main(verbosity=2)
