"""Same seed, same result: whatever the number of loader threads, and however often a run was killed."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import program  # noqa: E402
from program import SMALL, ProgramTest, command_line, read  # noqa: E402

COMPARED = ("model.safetensors", "best.safetensors", "log.csv", "relevance.csv")

# Everything that a checkpoint has to carry: place in the epoch, averaged weights, optimizer.
SETTINGS = [
    *SMALL,
    "--set", "seed=3",
    "--set", "train.epochs=3",
    "--set", "train.batch=4",
    "--set", "train.checkpoint_batches=2",
    "--set", "train.average_decay=0.9",
    "--set", "train.stage_dropout=0.3",
    "--set", "train.schedule=plateau",
    "--set", "train.plateau_patience=1",
]  # fmt: skip


def state_of(file):
    """Tells one version of a file from the next: each is written anew and renamed."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


class Determinism(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=120)
        cls.reference = cls.folder / "uninterrupted"
        cls.must_run("train", "--data", cls.phantoms, "--out", cls.reference, *SETTINGS)

    def assert_same_as_uninterrupted(self, run):
        for name in COMPARED:
            same = (run / name).read_bytes() == (self.reference / name).read_bytes()
            self.assertTrue(same, f"{name} differs from the uninterrupted run's")

    def start(self, run):
        """Begins the run, or goes on with it where an earlier process has begun it."""
        begun = (run / "config.toml").exists()
        how = ["--resume"] if begun else SETTINGS
        return subprocess.Popen(
            command_line(["train", "--data", self.phantoms, "--out", run, *how]),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def wait_for(self, process, ready):
        """Until `ready()` or the process has ended."""
        while process.poll() is None and not ready():
            time.sleep(0.001)

    def wait_for_new(self, process, file):
        before = state_of(file)
        self.wait_for(process, lambda: state_of(file) != before)

    def finish(self, run):
        process = self.start(run)
        _, said = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0, said.decode())

    def test_the_run_is_long_enough_to_be_interrupted(self):
        self.assertEqual(len(read(self.reference / "log.csv").splitlines()), 1 + 3)
        images = len(read(self.reference / "split" / "train.txt").split())
        self.assertGreater(images / 4, 4, "fewer than two checkpoints in an epoch")

    def test_threads_of_the_loader_change_nothing(self):
        run = self.folder / "three-threads"
        self.must_run("train", "--data", self.phantoms, "--out", run, *SETTINGS,
                      "--set", "data.threads=3", "--set", "data.prefetch=2")  # fmt: skip
        self.assert_same_as_uninterrupted(run)

    def test_other_seed_gives_another_model(self):
        run = self.folder / "other-seed"
        self.must_run("train", "--data", self.phantoms, "--out", run, *SETTINGS, "--set", "seed=4")
        model = "model.safetensors"
        self.assertNotEqual((run / model).read_bytes(), (self.reference / model).read_bytes())

    def test_killed_run_resumes_to_the_same_result(self):
        run = self.folder / "killed"
        # A fast machine may end the run before its kills are over: it then begins anew.
        for attempt in range(20):
            if self.killed_often(run, random.Random(attempt)):
                break
            shutil.rmtree(run)
        else:
            self.fail("the run was never killed four times: it is too short")
        self.finish(run)
        self.assert_same_as_uninterrupted(run)

    def killed_often(self, run, moments):
        """Kills the run four times at random moments, goes on with it each time, and kills it once
        more where training is over and the box levels are fitted. False where it ended before."""
        for new_checkpoint in (False, True, True, False):
            process = self.start(run)
            if new_checkpoint:
                self.wait_for_new(process, run / "last.ckpt")
            else:
                time.sleep(moments.uniform(0.0, 0.6))
            time.sleep(moments.uniform(0.0, 0.04))
            process.kill()
            process.communicate()
            if process.returncode != -signal.SIGKILL:
                return False
        process = self.start(run)
        self.wait_for(process, lambda: self.epochs_logged(run) == 3)
        process.kill()
        process.communicate()
        return process.returncode == -signal.SIGKILL

    def epochs_logged(self, run):
        log = run / "log.csv"
        return len(read(log).splitlines()) - 1 if log.exists() else 0

    def test_interrupted_run_says_how_to_go_on_and_does(self):
        for stop in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=stop.name):
                run = self.folder / f"stopped-by-{stop.name}"
                process = self.start(run)
                self.wait_for_new(process, run / "last.ckpt")
                process.send_signal(stop)
                _, said = process.communicate(timeout=300)
                self.assertEqual(process.returncode, 130, said.decode())
                self.assertIn(f"--out {run} --resume", said.decode())
                self.assertFalse((run / "model.safetensors").exists())
                self.finish(run)
                self.assert_same_as_uninterrupted(run)

    def test_finished_run_may_be_resumed_and_stays_as_it_is(self):
        run = self.folder / "finished"
        self.must_run("train", "--data", self.phantoms, "--out", run, *SETTINGS)
        self.finish(run)
        self.assert_same_as_uninterrupted(run)


if __name__ == "__main__":
    program.main()
