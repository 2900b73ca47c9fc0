"""Training in several processes: what they reach, what they say, and how they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import program  # noqa: E402
from program import SMALL, ProgramTest, chestmap, command_line, read, rows_of  # noqa: E402

# 27 images to train on: 5 a batch are uneven over 2 ranks, and the last 2 leave one of 3 without any.
# The steps are small: large ones drive two runs that differ by a rounding apart, one rank's too.
SETTINGS = [
    *SMALL,
    "--set", "train.epochs=2",
    "--set", "train.batch=5",
    "--set", "train.balance=batch",
    "--set", "train.agreement_loss=0.1",
    "--set", "train.relevance_entropy=0.01",
    "--set", "train.average_decay=0.5",
    "--set", "train.bucket_mib=0.05",
    "--set", "train.optimizer=sgd",
    "--set", "train.learning_rate=0.005",
]  # fmt: skip

# Seconds, in the tests that make a rank fail. Without them a rank would wait for the others for 300,
# and the launcher for a hanging rank for ever; the tests wait for 60.
END_WITHIN = 5
RANK_TIMEOUT = 5
ENDED = 60


def launched(ranks, *arguments, options=()):
    return ["launch", "-n", ranks, *options, "--", "train", *arguments]


def children_of(process):
    """The ranks that a launcher has started, in their order."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(child) for child in listed.split()]


class Ranks(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=64)
        cls.alone = cls.folder / "alone"
        cls.must_run("train", "--data", cls.phantoms, "--out", cls.alone, *SETTINGS)

    def start(self, out, *arguments, ranks=2, options=("--end-within", END_WITHIN)):
        return subprocess.Popen(
            command_line(launched(ranks, "--data", self.phantoms, "--out", out, *arguments,
                                  options=options)),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def wait_for(self, process, ready):
        deadline = time.monotonic() + 120
        while process.poll() is None and not ready():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def start_and_wait_for_a_checkpoint(self, out, *arguments, ranks=2):
        process = self.start(out, *SETTINGS, "--set", "train.epochs=200",
                             "--set", "train.checkpoint_batches=1", *arguments, ranks=ranks)  # fmt: skip
        self.wait_for(process, (out / "last.ckpt").exists)
        return process

    def assert_same_numbers(self, run):
        """As those of one rank, up to the order of sums: files hold six digits, of which rounding
        may change the last few in the 12 steps here; another image, weight or mean changes the first."""
        for name, tolerance in (("log.csv", 2e-5), ("relevance.csv", 1e-5)):
            mine, theirs = rows_of(run / name), rows_of(self.alone / name)
            self.assertEqual(len(mine), len(theirs))
            for row, expected in zip(mine, theirs):
                for value, other in zip(row, expected):
                    try:
                        self.assertAlmostEqual(float(value), float(other), delta=tolerance,
                                               msg=f"{name}: {row} {expected}")  # fmt: skip
                    except ValueError:
                        self.assertEqual(value, other)

    def test_two_and_three_ranks_reach_what_one_does(self):
        for ranks in (2, 3):
            with self.subTest(ranks=ranks):
                run = self.scratch / f"ranks-{ranks}"
                result = self.must_run(*launched(ranks, "--data", self.phantoms, "--out", run, *SETTINGS))
                self.assert_same_numbers(run)
                self.assertTrue((run / "model.safetensors").exists())
                self.assertIn(f"{ranks} ranks: each sent", result.err)
                self.assertNotIn("[rank", result.err)
                # Rank 0 alone wrote.
                self.assertEqual(len(list((run / "tensorboard").iterdir())), 1)
                self.assertEqual(read(run / "config.toml"), read(self.alone / "config.toml"))

    def test_ranks_that_keep_the_images_reach_what_one_does_that_reads_them(self):
        run = self.scratch / "kept"
        self.must_run(*launched(2, "--data", self.phantoms, "--out", run, *SETTINGS,
                                "--set", "data.device_cache=on"))  # fmt: skip
        self.assert_same_numbers(run)

    def test_without_synchronised_norms_it_trains_to_other_numbers(self):
        run = self.scratch / "own-norms"
        self.must_run(*launched(2, "--data", self.phantoms, "--out", run, *SETTINGS,
                                "--set", "train.synchronise_norms=false"))  # fmt: skip
        self.assertEqual(len(rows_of(run / "log.csv")), 2)
        self.assertNotEqual(rows_of(run / "log.csv"), rows_of(self.alone / "log.csv"))

    def test_a_killed_rank_ends_all_and_the_run_goes_on_with_another_number(self):
        run = self.scratch / "killed"
        process = self.start_and_wait_for_a_checkpoint(run, ranks=3)
        victims = children_of(process)
        os.kill(victims[1], signal.SIGKILL)
        _, said = process.communicate(timeout=ENDED)
        said = said.decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("error: rank 1 was killed by signal 9", said)
        self.assertIn("--resume", said)
        for victim in victims:
            self.assertFalse(Path(f"/proc/{victim}").exists())
        for ranks in (2, 1):
            # Ctrl-C: the launcher passes it on, and all ranks stop after one step.
            process = self.start(run, "--resume", ranks=ranks)
            before = (run / "last.ckpt").stat().st_ino
            self.wait_for(process, lambda: (run / "last.ckpt").stat().st_ino != before)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=ENDED)
            self.assertEqual(process.returncode, 130, said.decode())
            self.assertIn("--resume", said.decode())

    def test_a_resumed_run_reaches_what_an_unbroken_one_does(self):
        run = self.scratch / "resumed"
        long = ["--set", "train.checkpoint_batches=2", "--set", "train.epochs=2"]
        process = self.start(run, *SETTINGS, *long, ranks=3)
        self.wait_for(process, (run / "last.ckpt").exists)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=ENDED)
        if process.returncode == 130:
            self.must_run(*launched(2, "--data", self.phantoms, "--out", run, "--resume"))
        self.assert_same_numbers(run)

    def test_a_hanging_rank_ends_all_after_the_timeout(self):
        run = self.scratch / "hanging"
        process = self.start_and_wait_for_a_checkpoint(run, "--rank-timeout", RANK_TIMEOUT)
        ranks = children_of(process)
        os.kill(ranks[1], signal.SIGSTOP)
        _, said = process.communicate(timeout=ENDED)
        said = said.decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("rank 0 of 2 lost the others", said)
        self.assertIn("rank 1 did not answer the others and was killed", said)
        self.assertFalse(Path(f"/proc/{ranks[1]}").exists())

    def test_an_error_of_rank_zero_is_said_once(self):
        result = chestmap(*launched(2, "--data", self.phantoms, "--out", self.alone, *SETTINGS))
        self.assert_user_error(result, "already holds a run", "rank 0 ended with exit code 1")
        self.assertNotIn("lost the others", result.err)

    def test_a_loss_that_is_no_number_ends_all_ranks_alike(self):
        result = chestmap(*launched(2, "--data", self.phantoms, "--out", self.scratch / "nan", *SETTINGS,
                                    "--set", "train.learning_rate=1e30",
                                    "--set", "train.gradient_clip=0",
                                    "--set", "train.schedule=constant"))  # fmt: skip
        self.assert_user_error(result, "the loss is no longer a number")

    def test_wrong_variables_and_commands_are_errors(self):
        self.assert_user_error(chestmap("launch", "-n", 2, "--", "evaluate"), "launch starts `train`")
        self.assert_user_error(chestmap("launch", "-n", 0, "--", "train"))
        os.environ["RANK"] = "1"
        self.addCleanup(os.environ.pop, "RANK")
        result = chestmap("train", "--data", self.phantoms, "--out", self.scratch / "x", *SETTINGS)
        self.assert_user_error(result, "RANK is set, and WORLD_SIZE is not")

    def test_ranks_started_by_others_find_each_other(self):
        """As mpirun on one machine starts them, by the variables of Open MPI."""
        run = self.scratch / "mpirun"
        processes = []
        for rank in range(2):
            environment = dict(os.environ, OMPI_COMM_WORLD_RANK=str(rank), OMPI_COMM_WORLD_SIZE="2",
                               OMPI_COMM_WORLD_LOCAL_RANK=str(rank), OMPI_COMM_WORLD_LOCAL_SIZE="2",
                               MASTER_PORT=str(20000 + os.getpid() % 9000))  # fmt: skip
            processes.append(subprocess.Popen(
                command_line(["train", "--data", self.phantoms, "--out", run, *SETTINGS]),
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            ))  # fmt: skip
        said = [process.communicate(timeout=120)[1].decode() for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0], said)
        self.assertEqual(said[1], "")
        self.assert_same_numbers(run)


if __name__ == "__main__":
    program.main()
