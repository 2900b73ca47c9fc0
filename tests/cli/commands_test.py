"""What the commands print and write where all goes well."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from png import GREY, RGB, read_png, write_grey_png  # noqa: E402
from program import NOTICE, SMALL, ProgramTest, chestmap, read, rows_of  # noqa: E402

JPEG = Path(__file__).parent / "phantom-96x128.jpg"
COMMANDS = {
    "chestmap": ["demo", "data", "localize", "evaluate", "score", "fit-thresholds", "calibrate", "report",
                 "card", "export", "weights", "bench"],
    "chestmap-torch": ["train", "evaluate", "fit-thresholds", "calibrate", "localize", "config", "bench"],
}


class HelpAndVersion(ProgramTest):
    def test_version_says_what_the_program_is_for(self):
        for name in COMMANDS:
            with self.subTest(program=name):
                version = self.must_run("--version", program=name)
                self.assertRegex(version.out, r"^chestmap \d+\.\d+\.\d+\n")
                self.assertIn(NOTICE, version.out)
                self.assertEqual(version.err, "")

    def test_help_lists_the_commands(self):
        for name, commands in COMMANDS.items():
            with self.subTest(program=name):
                shown = self.must_run("--help", program=name).out
                self.assertIn(NOTICE, shown)
                for command in commands:
                    self.assertIn(f"\n  {command} ", shown)
        shown = self.must_run("--help").out
        for command in COMMANDS["chestmap-torch"]:
            self.assertIn(f"\n  {command} ", shown, "chestmap hides a command that it hands over")

    def test_each_command_shows_an_example(self):
        for command in (*COMMANDS["chestmap"], *COMMANDS["chestmap-torch"]):
            words = [command]
            if command == "data":
                words = ["data", "phantom"]
            if command == "weights":
                words = ["weights", "inspect"]
            with self.subTest(command=words):
                self.assertIn(f"chestmap {' '.join(words)}", self.must_run(*words, "--help").out)

    def test_chestmap_starts_without_libtorch(self):
        def libraries(name):
            return subprocess.run(["ldd", program.BIN / name], capture_output=True, text=True,
                                  check=True).stdout  # fmt: skip

        self.assertNotRegex(libraries("chestmap"), r"libtorch|libc10|openblas")
        self.assertRegex(libraries("chestmap-torch"), r"libtorch|libc10")

    def test_chestmap_alone_says_what_is_missing(self):
        alone = self.scratch / "chestmap"
        shutil.copy(program.BIN / "chestmap", alone)
        done = subprocess.run([alone, "train"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.scratch / 'chestmap-torch'} is not there", done.stderr)
        self.assertIn("hint: ", done.stderr)


class WithRun(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=60)
        cls.run_folder = cls.folder / "trained"
        cls.train(cls.phantoms, cls.run_folder)
        cls.test_images = read(cls.phantoms / "test_list.txt").split()


class Config(WithRun):
    def test_output_loads_back(self):
        printed = self.must_run("config").out
        file = self.scratch / "all.toml"
        file.write_text(printed)
        run = self.scratch / "run"
        self.train(self.phantoms, run, "--config", file)
        defaults, used = tomllib.loads(printed), tomllib.loads(read(run / "config.toml"))
        defaults["model"].update(size=64, backbone="densenet-compact")
        defaults["train"].update(epochs=1, batch=8, threads=1)
        defaults["data"].update(threads=1)
        self.assertEqual(used, defaults)

    def test_config_of_a_run_repeats_it(self):
        again = self.scratch / "again"
        self.must_run("train", "--data", self.phantoms, "--out", again,
                      "--config", self.run_folder / "config.toml")  # fmt: skip
        for name in ("config.toml", "model.safetensors", "log.csv"):
            self.assertEqual((again / name).read_bytes(), (self.run_folder / name).read_bytes(), name)


class Data(WithRun):
    def test_check_counts_what_the_folder_holds(self):
        check = json.loads(self.must_run("data", "check", self.phantoms, "--json").out)
        labels = rows_of(self.phantoms / "Data_Entry_2017_v2020.csv")
        self.assertEqual(check["all"]["images"], len(labels))
        self.assertEqual(check["all"]["patients"], len({row[3] for row in labels}))
        self.assertEqual(check["test"]["images"], len(self.test_images))
        for finding in check["findings"]:
            positive = sum(finding["name"] in row[1].split("|") for row in labels)
            self.assertEqual(finding["positive"], positive, finding["name"])
        self.assertEqual(check["sizes"], [{"width": 64, "height": 64, "images": 60}])
        self.assertIn("60", self.must_run("data", "check", self.phantoms).out)

    def test_same_seed_writes_the_same_files(self):
        def contents(folder):
            return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

        first = self.make_phantoms("first", images=12, seed=5)
        again, other = self.folder / "again", self.folder / "other"
        for out, seed in ((again, 5), (other, 6)):
            self.must_run("data", "phantom", out, "--images", 12, "--size", 64, "--seed", seed,
                          "--test-fraction", 0.3, "--threads", 3)  # fmt: skip
        self.assertEqual(contents(first), contents(again))
        self.assertNotEqual(contents(first), contents(other))


class TrainEvaluateReport(WithRun):
    def test_run_folder_holds_what_was_promised(self):
        for name in ("config.toml", "split/train.txt", "split/valid.txt", "log.csv", "relevance.csv",
                     "last.ckpt", "best.safetensors", "model.safetensors"):  # fmt: skip
            self.assertGreater((self.run_folder / name).stat().st_size, 0, name)
        self.assertTrue(list((self.run_folder / "tensorboard").iterdir()))
        left = [file.name for file in self.run_folder.rglob("*.tmp*")]
        self.assertEqual(left, [])

    def test_relevance_of_each_finding_sums_to_one(self):
        sums = {}
        for epoch, finding, _, relevance in rows_of(self.run_folder / "relevance.csv"):
            sums[epoch, finding] = sums.get((epoch, finding), 0.0) + float(relevance)
        self.assertTrue(sums)
        for key, total in sums.items():
            self.assertAlmostEqual(total, 1.0, places=5, msg=str(key))  # printed with 6 digits

    def test_evaluation_and_report(self):
        run = Path(shutil.copytree(self.run_folder, self.scratch / "run"))
        result = self.must_run("evaluate", run, "--data", self.phantoms, "--resamples", 20,
                               "--threads", 1, "--json")  # fmt: skip
        folder = run / "evaluation-test"
        evaluation = json.loads(result.out)
        self.assertEqual(evaluation, json.loads(read(folder / "evaluation.json")))
        predictions = rows_of(folder / "predictions.csv")
        self.assertEqual(sorted(row[0] for row in predictions), sorted(self.test_images))
        self.assertTrue(rows_of(folder / "summary.csv"))
        table = self.must_run("evaluate", run, "--data", self.phantoms, "--resamples", 20,
                              "--threads", 1).out  # fmt: skip
        self.assertIn("control: never sees the image", table)
        self.assertIn(NOTICE, table)

        page, summary = self.scratch / "report.html", self.scratch / "summary.json"
        self.must_run("report", run, "--name", "the only one", "--data", self.phantoms,
                      "--out", page, "--summary", summary)  # fmt: skip
        self.assertIn(NOTICE, read(page))
        self.assertIn("imulated", read(page))
        self.assertEqual([run["name"] for run in json.loads(read(summary))["runs"]], ["the only one"])


class Localize(WithRun):
    def localize(self, *images, arguments=("--least-probability", 1)):
        """The localization.json of the images, in the order of the arguments; draws nothing."""
        self.out = self.scratch / "out"
        result = self.must_run("localize", self.run_folder, *images, "--out", self.out,
                               "--threads", 1, "--json", *arguments)  # fmt: skip
        written = json.loads(read(self.out / "localization.json"))
        self.assertEqual(json.loads(result.out), written)
        self.assertIn(NOTICE, written["notice"])
        return written["images"]

    def first_test_image(self):
        return self.phantoms / "images" / self.test_images[0]

    def assert_inside(self, image, width, height):
        self.assertEqual(image["frame"], [width, height])
        for finding in image["findings"]:
            self.assertTrue(0.0 <= finding["probability"] <= 1.0)
            x, y = finding["peak"]
            self.assertTrue(0.0 <= x <= width and 0.0 <= y <= height)
            for box in finding["boxes"]:
                x, y, w, h = box["bbox"]
                self.assertTrue(0.0 <= x and 0.0 <= y and w > 0.0 and h > 0.0, str(box))
                self.assertTrue(x + w <= width + 1e-6 and y + h <= height + 1e-6, str(box))

    def assert_scaled(self, image, other, across, down):
        """The findings of `other` are those of `image` with its axes multiplied. The two inputs
        differ by the rounding of one resize, so a box may differ by rounding too."""
        for one, two in zip(image["findings"], other["findings"], strict=True):
            self.assertEqual(one["finding"], two["finding"])
            self.assertAlmostEqual(one["probability"], two["probability"], places=4)
            self.assertAlmostEqual(one["peak"][0] * across, two["peak"][0], places=3)
            self.assertAlmostEqual(one["peak"][1] * down, two["peak"][1], places=3)
            self.assertEqual(len(one["boxes"]), len(two["boxes"]))
            for a, b in zip(one["boxes"], two["boxes"], strict=True):
                scaled = [v * s for v, s in zip(a["bbox"], (across, down) * 2, strict=True)]
                for expected, value in zip(scaled, b["bbox"], strict=True):
                    self.assertAlmostEqual(expected, value, places=3)

    def test_image_of_the_data_set_takes_its_frame(self):
        file = self.first_test_image()
        (own,) = self.localize(file)
        self.assert_inside(own, 64, 64)
        arguments = ("--data", self.phantoms, "--finding", "Mass")
        (framed,) = self.localize(file, arguments=arguments)
        self.assert_inside(framed, 1024, 1024)
        self.assert_scaled(own, framed, 16.0, 16.0)  # 1024 / 64

    def test_boxes_are_in_the_pixels_of_a_foreign_image(self):
        original = self.first_test_image()
        rows = read_png(original).rows
        foreign = self.scratch / "foreign.png"  # each pixel twice across, three times down
        write_grey_png(foreign, [[v for v in row for _ in range(2)] for row in rows for _ in range(3)])
        small, large = self.localize(original, foreign)
        self.assert_inside(large, 128, 192)
        self.assert_scaled(small, large, 2.0, 3.0)

    def test_jpeg(self):
        (image,) = self.localize(JPEG)
        self.assertEqual(image["image"], JPEG.name)
        self.assert_inside(image, 96, 128)

    def test_maps_are_grey_of_16_bits_with_their_scale(self):
        (image,) = self.localize(JPEG, arguments=("--all", "--resolution", 32))
        for finding in image["findings"]:
            stored = read_png(self.out / "maps" / f"{JPEG.stem}.{finding['finding']}.png")
            self.assertEqual((stored.width, stored.height), (32, 32))
            self.assertEqual((stored.bits, stored.colour), (16, GREY))
            low, high = float(stored.text["chestmap:low"]), float(stored.text["chestmap:high"])
            self.assertLess(low, high)
            self.assertIn(NOTICE, stored.text["Disclaimer"])
            # The peak of localization.json is the centre of the brightest of 32 x 32 cells.
            x, y = finding["peak"]
            column, row = int(x / 96 * 32), int(y / 128 * 32)
            self.assertEqual(stored.rows[row][column], max(map(max, stored.rows)))
            self.assertGreater(max(map(max, stored.rows)), min(map(min, stored.rows)))

    def test_overlays_are_colour_pictures(self):
        self.localize(JPEG, arguments=("--finding", "Mass"))
        overlay = read_png(self.out / "overlays" / f"{JPEG.stem}.Mass.png")
        self.assertEqual((overlay.bits, overlay.colour), (8, RGB))
        self.assertGreaterEqual(overlay.width, 96)
        self.assertGreaterEqual(overlay.height, 128)
        self.assertGreater(len(set(map(tuple, overlay.rows))), 1)

    def test_coco_results_repeat_the_boxes(self):
        images = self.localize(self.first_test_image(), JPEG)
        expected = [
            {"image_id": image["image"], "category_id": finding["finding"], "bbox": box["bbox"],
             "score": finding["probability"]}
            for image in images for finding in image["findings"] for box in finding["boxes"]
        ]  # fmt: skip
        self.assertTrue(expected)
        self.assertEqual(json.loads(read(self.out / "coco.json")), expected)

    def test_one_finding_alone_is_drawn(self):
        self.out = self.scratch / "out"
        self.must_run("localize", self.run_folder, JPEG, "--out", self.out, "--finding", "Effusion")
        for folder in ("maps", "overlays"):
            names = [file.name for file in (self.out / folder).iterdir()]
            self.assertEqual(names, [f"{JPEG.stem}.Effusion.png"])

    def test_folder_stands_for_its_images_by_name(self):
        few = self.scratch / "few"
        few.mkdir()
        for name in self.test_images[:3]:
            shutil.copy(self.phantoms / "images" / name, few)
        (few / "notes.txt").write_text("not an image\n")
        images = self.localize(few)
        self.assertEqual([image["image"] for image in images], sorted(self.test_images[:3]))


if __name__ == "__main__":
    program.main()
