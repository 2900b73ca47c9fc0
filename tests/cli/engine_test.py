"""What runs a model: the own engine, on any number of threads, against libtorch; and `chestmap bench`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import ProgramTest, chestmap, read, rows_of  # noqa: E402


class WithModel(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=6)
        cls.images = sorted((cls.phantoms / "images").glob("*.png"))
        cls.model = cls.folder / "model.safetensors"
        cls.must_run("bench", "densenet-compact", "--size", 64, "--batch", 1, "--repeats", 1,
                     "--save", cls.model)  # fmt: skip

    def localize(self, name, *arguments, images=None, program="chestmap"):
        out = self.scratch / name
        self.must_run("localize", self.model, *(images or self.images[:3]), "--out", out, *arguments,
                      program=program)  # fmt: skip
        return json.loads(read(out / "localization.json"))


class Localize(WithModel):
    def test_libtorch_says_the_same(self):
        own, torch = self.localize("own"), self.localize("torch", "--engine", "torch")
        for ours, theirs in zip(own["images"], torch["images"], strict=True):
            for a, b in zip(ours["findings"], theirs["findings"], strict=True):
                self.assertAlmostEqual(a["probability"], b["probability"], delta=1e-4)

    def test_threads_change_nothing(self):
        expected = self.localize("one", "--threads", 1, "--all")
        self.assertEqual(self.localize("three", "--threads", 3, "--all"), expected)
        for file in (self.scratch / "one").rglob("*.png"):
            other = self.scratch / "three" / file.relative_to(self.scratch / "one")
            self.assertEqual(other.read_bytes(), file.read_bytes(), file.name)

    def test_image_that_cannot_be_read_is_named_and_the_others_go_on(self):
        images = self.scratch / "images"
        images.mkdir()
        for image in self.images[:4]:
            shutil.copy(image, images)
        broken = images / self.images[1].name
        broken.write_bytes(broken.read_bytes()[:300])
        for threads in (1, 2):
            with self.subTest(threads=threads):
                out = self.scratch / f"out{threads}"
                done = self.must_run("localize", self.model, images, "--out", out, "--threads", threads)
                self.assertIn(broken.name, done.err)
                self.assertEqual([row[0] for row in rows_of(out / "skipped.csv")], [str(broken)])
                found = json.loads(read(out / "localization.json"))["images"]
                self.assertEqual([image["image"] for image in found],
                                 [self.images[i].name for i in (0, 2, 3)])  # fmt: skip

    def test_program_alone_localizes_and_says_where_it_needs_the_other(self):
        alone = self.scratch / "chestmap"
        shutil.copy(program.BIN / "chestmap", alone)
        line = [alone, "localize", self.model, self.images[0], "--out", self.scratch / "out"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for arguments in (["--engine", "torch"], ["--device", "cuda"]):
            done = subprocess.run([*line, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("chestmap-torch is not there", done.stderr)

    def test_results_of_two_images_never_share_a_file(self):
        other = self.scratch / "other"
        other.mkdir()
        shutil.copy(self.images[0], other)
        done = chestmap("localize", self.model, self.images[0], other, "--out", self.scratch / "out")
        self.assert_user_error(done, self.images[0], other, "same name", "a folder of its own")
        self.assertFalse((self.scratch / "out").exists())

    def test_bad_choices(self):
        line = ("localize", self.model, self.images[0], "--out", self.scratch / "out")
        self.assert_user_error(chestmap(*line, "--engine", "fast"), "--engine", "own", "torch")
        self.assert_user_error(chestmap(*line, "--device", "tpu"), '"tpu"', "cuda:N")
        self.assert_user_error(chestmap(*line, "--threads", 100000), "--threads")


class Bench(WithModel):
    def test_prints_times_and_layers(self):
        done = self.must_run("bench", self.model, "--batch", 1, "--batch", 3, "--repeats", 1, "--layers")
        for part in ("features.conv0", "stage_map_4", "3x3, stride 1", "floor: ", "  1 at a time", "  3 at a time",
                     "peak memory: "):  # fmt: skip
            self.assertIn(part, done.out)

    def test_figures_as_json(self):
        figures = json.loads(self.must_run("bench", self.model, "--batch", 2, "--repeats", 1, "--json").out)
        self.assertEqual((figures["backbone"], figures["input_size"]), ("densenet-compact", 64))
        self.assertEqual([batch["images"] for batch in figures["batches"]], [2])
        self.assertGreater(figures["batches"][0]["seconds"], 0)

    def test_libtorch_is_timed_but_not_its_layers(self):
        line = ("bench", self.model, "--batch", 1, "--repeats", 1, "--engine", "torch")
        self.assertIn("1 at a time", self.must_run(*line).out)
        self.assert_user_error(chestmap(*line, "--layers"), "--layers")

    def test_unknown_backbone(self):
        self.assert_user_error(chestmap("bench", "densenet12"), "densenet12", "densenet121")


if __name__ == "__main__":
    program.main()
