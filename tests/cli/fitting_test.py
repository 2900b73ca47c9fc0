"""Calibration and thresholds: what is fitted, what is stored of it, and what it is used for."""

import datetime
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from png import read_png  # noqa: E402
from program import ProgramTest, chestmap, read, rows_of  # noqa: E402

LABELS = "Data_Entry_2017_v2020.csv"


def open_model(file):
    """The metadata of a model and the bytes of its tensors."""
    content = Path(file).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    return json.loads(header["__metadata__"]["chestmap"]), content[end:]


def write_model(file, metadata, entry="chestmap"):
    """The same tensors with other metadata."""
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = {entry: json.dumps(metadata)}
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])


def sigmoid(logit):
    return 1.0 / (1.0 + math.exp(-logit))


def logit(probability):
    return math.log(probability / (1.0 - probability))


class WithRun(ProgramTest):
    """A run whose validation split is large enough to fit something on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=160)
        cls.trained = cls.folder / "trained"
        # Long enough that some finding is ranked better than chance, and on labels as frequent as they
        # are: else a temperature, which cannot move the logits, fits none.
        cls.train(cls.phantoms, cls.trained, "--set", "data.valid_fraction=0.45",
                  "--set", "train.epochs=5", "--set", "train.learning_rate=0.004",
                  "--set", "train.balance=none")  # fmt: skip
        cls.labels = {row[0]: row[1].split("|") for row in rows_of(cls.phantoms / LABELS)}
        cls.test_images = read(cls.phantoms / "test_list.txt").split()

    def setUp(self):
        super().setUp()
        self.run_folder = Path(shutil.copytree(self.trained, self.scratch / "run"))
        self.model = self.run_folder / "model.safetensors"

    def fit(self, command, method, *arguments):
        return chestmap(command, self.run_folder, "--data", self.phantoms, "--method", method,
                        "--threads", 1, *arguments)  # fmt: skip

    def must_fit(self, command, method, *arguments):
        result = self.fit(command, method, *arguments)
        self.assertEqual(result.code, 0, str(result))
        return result

    def evaluate(self, *arguments):
        return chestmap("evaluate", self.run_folder, "--data", self.phantoms, "--resamples", 10,
                        "--threads", 1, *arguments)  # fmt: skip

    def localize(self, *arguments):
        out = self.scratch / "localized"
        image = self.phantoms / "images" / self.test_images[0]
        self.must_run("localize", self.run_folder, image, "--out", out, "--threads", 1, *arguments)
        return json.loads(read(out / "localization.json")), out

    def metadata(self):
        return open_model(self.model)[0]


class Quantize(WithRun):
    def quantize(self, *arguments):
        return chestmap("quantize", self.run_folder, "--data", self.phantoms, "--threads", 1, *arguments)

    def test_ranges_are_stored_with_what_they_were_seen_on(self):
        tensors = open_model(self.model)[1]
        done = self.quantize("--images", 20, "--date", "2026-01-31")
        self.assertEqual(done.code, 0, str(done))
        metadata, same = open_model(self.model)
        self.assertEqual(tensors, same)
        fit = metadata["input_ranges"]["fit"]
        self.assertEqual(fit["split"], "train")
        self.assertEqual(fit["fingerprint"], metadata["provenance"]["train_split"])
        self.assertEqual((fit["images"], fit["date"]), (20, "2026-01-31"))
        few = metadata["input_ranges"]["largest"]
        self.assertGreater(len(few), 20)
        self.assertEqual(self.quantize("--date", "2026-01-31").code, 0)
        every = self.metadata()["input_ranges"]["largest"]
        self.assertEqual(set(every), set(few))
        for layer, largest in few.items():  # more images: nothing that was seen is lost
            self.assertGreaterEqual(every[layer], largest * (1 - 1e-6), layer)

    def test_engine_needs_them_and_stays_near_single_precision(self):
        refused = self.evaluate("--engine", "int8")
        self.assert_user_error(refused, "model.safetensors", "chestmap quantize")
        self.assertEqual(self.quantize().code, 0)
        exact = self.localize("--all")[0]["images"][0]["findings"]
        rough = self.localize("--all", "--engine", "int8")[0]["images"][0]["findings"]
        for a, b in zip(exact, rough, strict=True):
            # Steps of 1/255 and 1/127 in some twenty layers, averaged over hundreds of products.
            self.assertAlmostEqual(a["probability"], b["probability"], delta=0.1)
        self.assertEqual(self.evaluate("--engine", "int8").code, 0)

    def test_unreadable_images_are_set_aside(self):
        folder = Path(shutil.copytree(self.phantoms, self.scratch / "damaged"))
        images = read(self.run_folder / "split" / "train.txt").split()
        for image in images[1:]:
            (folder / "images" / image).write_bytes(b"no image")
        done = chestmap("quantize", self.run_folder, "--data", folder, "--threads", 1)
        self.assertEqual(done.code, 0, str(done))
        self.assertIn(images[1], done.err)
        self.assertEqual(self.metadata()["input_ranges"]["fit"]["images"], 1)
        (folder / "images" / images[0]).write_bytes(b"no image")
        before = self.model.read_bytes()
        self.assert_user_error(chestmap("quantize", self.run_folder, "--data", folder), "could be read")
        self.assertEqual(self.model.read_bytes(), before)


class Calibrate(WithRun):
    def test_metadata_say_what_was_fitted_on_what(self):
        tensors = open_model(self.model)[1]
        valid = read(self.run_folder / "split" / "valid.txt").split()
        for method in ("temperature", "platt", "isotonic"):
            with self.subTest(method=method):
                self.must_fit("calibrate", method, "--date", "2026-01-31")
                metadata, same = open_model(self.model)
                self.assertEqual(tensors, same)
                fit = metadata["calibration"]["fit"]
                self.assertEqual(fit["method"], method)
                self.assertEqual(fit["data"], metadata["provenance"]["data"])
                self.assertEqual(fit["split"], "valid")
                self.assertEqual(fit["fingerprint"], metadata["provenance"]["valid_split"])
                self.assertEqual(fit["images"], len(valid))
                self.assertEqual(fit["date"], "2026-01-31")
                self.assertEqual(len(metadata["calibration"]["findings"]), len(metadata["findings"]))
                self.assertIsNone(metadata["thresholds"])

    def test_date_is_now_and_given_dates_repeat_the_bytes(self):
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.must_fit("calibrate", "isotonic")
        date = datetime.datetime.fromisoformat(self.metadata()["calibration"]["fit"]["date"])
        self.assertGreaterEqual(date, before)
        self.assertLessEqual(date, datetime.datetime.now(datetime.timezone.utc))
        contents = []
        for _ in range(2):
            self.must_fit("calibrate", "isotonic", "--date", "2026-01-31T10:00:00Z")
            contents.append(self.model.read_bytes())
        self.assertEqual(*contents)

    def test_what_is_no_date_is_refused(self):
        for text in ("2026", "2026-1-31", "2026-02-30", "2026-13-01", "2026-01-31 10:00:00Z",
                     "2026-01-31T10:00:00", "2026-01-31T24:00:00Z", "2026-01-31T10:60:00Z",
                     "2026-01-31T10:00:00+1", "2026-01-31T10:00:00Zx"):
            with self.subTest(text=text):
                refused = self.fit("calibrate", "platt", "--date", text)
                self.assertEqual(refused.code, 1, str(refused))
                self.assertIn(f'--date: "{text}" is no date\nhint: ISO 8601 was expected', refused.err)
        self.must_fit("calibrate", "platt", "--date", "2028-02-29T23:59:59-03:30")

    def test_probabilities_and_maps_are_those_of_the_scaled_logit(self):
        before, out = self.localize("--all")
        maps = {file.name: read_png(file).rows for file in (out / "maps").iterdir()}
        self.must_fit("calibrate", "platt")
        metadata = self.metadata()
        fitted = dict(zip(metadata["findings"], metadata["calibration"]["findings"], strict=True))
        self.assertTrue(any(fitted.values()), "nothing was fitted, so that nothing is tested")
        after, out = self.localize("--all")
        self.assertIsNone(before["calibration"])
        self.assertEqual(after["calibration"], metadata["calibration"]["fit"])
        (old,), (new,) = before["images"], after["images"]
        for one, two in zip(old["findings"], new["findings"], strict=True):
            scale = fitted[one["finding"]] or {"slope": 1.0, "intercept": 0.0}
            raw = logit(one["probability"])
            expected = sigmoid(scale["slope"] * raw + scale["intercept"])
            self.assertAlmostEqual(two["probability"], expected, places=9)
            # A rising scale moves neither peak nor box; near plateaus rounding may.
            self.assertEqual(one["peak"], two["peak"])
            name = f"{Path(old['image']).stem}.{one['finding']}.png"
            step = 32 / 65535
            for y, row in enumerate(read_png(out / "maps" / name).rows):
                for x, value in enumerate(row):
                    was = maps[name][y][x] * step - 16
                    expected = scale["slope"] * was + scale["intercept"]
                    if abs(expected) < 15.9:  # beyond 16 a map file clips
                        # Half a step of the new file, and of the old one times the slope.
                        tolerance = (1 + scale["slope"]) * step
                        self.assertLess(abs(value * step - 16 - expected), tolerance)

    def test_isotonic_probabilities_lie_on_the_stored_curve(self):
        before, _ = self.localize()
        self.must_fit("calibrate", "isotonic")
        after, _ = self.localize()
        metadata = self.metadata()
        for one, two, curve in zip(before["images"][0]["findings"], after["images"][0]["findings"],
                                   metadata["calibration"]["findings"], strict=True):  # fmt: skip
            if curve is None:
                self.assertEqual(one["probability"], two["probability"])
                continue
            knots, raw = curve["knots"], logit(one["probability"])
            expected = knots[0][1] if raw <= knots[0][0] else knots[-1][1]
            for (x0, p0), (x1, p1) in zip(knots, knots[1:]):
                if x0 <= raw <= x1:
                    expected = p0 + (p1 - p0) * (raw - x0) / (x1 - x0)
            self.assertAlmostEqual(two["probability"], expected, places=6)
            self.assertEqual(one["boxes"], two["boxes"])

    def test_former_thresholds_are_taken_out(self):
        self.must_fit("fit-thresholds", "f1")
        self.assertIsNotNone(self.metadata()["thresholds"])
        result = self.must_fit("calibrate", "isotonic")
        self.assertIn("fit-thresholds", result.err)
        self.assertIsNone(self.metadata()["thresholds"])


class FitThresholds(WithRun):
    def scored(self):
        """Probabilities and labels of the validation split, by finding, from an evaluation's files."""
        out = self.scratch / "valid"
        result = self.evaluate("--split", "valid", "--oracle", "--out", out)
        self.assertEqual(result.code, 0, str(result))
        header = read(out / "predictions.csv").splitlines()[0].split(",")
        scored = {}
        for row in rows_of(out / "predictions.csv"):
            for finding, value in zip(header[2:], row[2:], strict=True):
                positive = finding in self.labels[row[0]]
                scored.setdefault(finding, []).append((float(value), positive))
        return scored

    def assert_fitted(self, method, goodness):
        """The threshold is the highest score of the largest goodness(tp, fp, positives, negatives)."""
        self.must_fit("fit-thresholds", method)
        metadata = self.metadata()
        self.assertEqual(metadata["thresholds"]["fit"]["method"], method)
        fitted = 0
        scored = self.scored()
        for finding, threshold in zip(
            metadata["findings"], metadata["thresholds"]["probabilities"], strict=True
        ):
            images = scored[finding]
            positives = sum(positive for _, positive in images)
            if positives in (0, len(images)):
                self.assertIsNone(threshold, finding)
                continue

            def value(at, images=images, positives=positives):
                tp = sum(positive and score >= at for score, positive in images)
                fp = sum(not positive and score >= at for score, positive in images)
                return goodness(tp, fp, positives, len(images) - positives)

            best = max(sorted({score for score, _ in images}, reverse=True), key=value)
            # Nine digits of the file read back to the same single-precision number.
            self.assertAlmostEqual(threshold, best, delta=1e-7, msg=finding)
            fitted += 1
        self.assertGreater(fitted, 0)

    def test_youden(self):
        self.assert_fitted("youden", lambda tp, fp, p, n: tp / p - fp / n)

    def test_f1(self):
        self.assert_fitted("f1", lambda tp, fp, p, n: 2 * tp / (tp + fp + p))

    def test_fixed_sensitivity(self):
        # Every threshold that reaches it is as good; the highest is taken.
        self.assert_fitted("sensitivity=0.8", lambda tp, fp, p, n: tp / p >= 0.8)

    def test_thresholds_are_of_calibrated_probabilities(self):
        self.must_fit("calibrate", "isotonic")
        self.assert_fitted("youden", lambda tp, fp, p, n: tp / p - fp / n)

    def test_localize_says_what_counts_as_seen(self):
        before, _ = self.localize()
        for finding in before["images"][0]["findings"]:
            self.assertIsNone(finding["threshold"])
            self.assertIsNone(finding["predicted"])
        self.must_fit("fit-thresholds", "sensitivity=1")
        metadata = self.metadata()
        thresholds = metadata["thresholds"]["probabilities"]
        after, out = self.localize()
        self.assertEqual(after["thresholds"], metadata["thresholds"]["fit"])
        seen = set()
        for finding, threshold in zip(after["images"][0]["findings"], thresholds, strict=True):
            self.assertEqual(finding["threshold"], threshold)
            if threshold is None:
                self.assertIsNone(finding["predicted"])
                continue
            self.assertEqual(finding["predicted"], finding["probability"] >= threshold)
            if finding["predicted"]:
                seen.add(f"{Path(after['images'][0]['image']).stem}.{finding['finding']}.png")
        self.assertTrue(seen, "at a sensitivity of 1 nearly everything is seen")
        written = {file.name for file in (out / "overlays").iterdir()}
        self.assertLessEqual(seen, written)

    def test_area_prior_fits_levels_on_the_named_split(self):
        own = "multiscale attention map"
        before = self.metadata()
        self.must_fit("fit-thresholds", "area-prior", "--split", "train", "--date", "2026-01-31")
        after = self.metadata()
        fit = after["boxes"]["levels"]
        self.assertEqual(fit["method"], "area-prior")
        self.assertEqual(fit["split"], "train")
        self.assertEqual(fit["fingerprint"], after["provenance"]["train_split"])
        self.assertEqual(fit["date"], "2026-01-31")
        self.assertEqual(before["boxes"]["levels"]["fingerprint"], before["provenance"]["valid_split"])
        self.assertEqual(before["boxes"]["levels"]["date"], "")
        for name, rules in after["boxes"]["rules"].items():
            for rule, was in zip(rules, before["boxes"]["rules"][name], strict=True):
                self.assertEqual((rule["rule"], rule["area"]), (was["rule"], was["area"]))
        self.assertNotEqual(after["boxes"]["rules"][own], before["boxes"]["rules"][own])
        # On the split that training took and by the same engine, the same is found again.
        self.must_fit("fit-thresholds", "area-prior", "--engine", "torch")
        self.assertEqual(self.metadata()["boxes"]["rules"], before["boxes"]["rules"])

    def test_area_prior_needs_the_other_program_for_maps_of_gradients_alone(self):
        alone = self.scratch / "chestmap"
        shutil.copy(program.BIN / "chestmap", alone)
        line = [alone, "fit-thresholds", self.run_folder, "--data", self.phantoms, "--method", "area-prior"]
        before = self.metadata()
        done = subprocess.run([*line, "--split", "train"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        metadata = self.metadata()
        self.assertNotEqual(metadata["boxes"]["rules"], before["boxes"]["rules"])
        for rules in metadata["boxes"]["rules"].values():
            for rule in rules:
                rule["rule"] = "median_peak"
        write_model(self.model, metadata)
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("chestmap-torch is not there", done.stderr)


class Oracle(WithRun):
    def test_the_split_of_a_fit_is_refused_and_then_marked(self):
        self.must_fit("fit-thresholds", "area-prior", "--split", "train")
        aligned = self.evaluate("--split", "valid")
        self.assert_user_error(aligned, "map alignment (attended point)", "valid", "--oracle")
        self.assertNotIn("area-prior", aligned.err)
        self.must_fit("calibrate", "isotonic", "--split", "test")
        refused = self.evaluate()
        self.assert_user_error(refused, self.model, "calibration (isotonic)", "test", "--oracle")
        self.assertNotIn("area-prior", refused.err)
        allowed = self.evaluate("--oracle")
        self.assertEqual(allowed.code, 0, str(allowed))
        self.assertIn("ORACLE", allowed.out)
        oracle = json.loads(read(self.run_folder / "evaluation-test" / "evaluation.json"))["oracle"]
        self.assertEqual(len(oracle), 1)
        self.assertIn("isotonic", oracle[0])
        page = self.scratch / "report.html"
        self.must_run("report", self.run_folder, "--out", page)
        self.assertIn("ORACLE", read(page))
        # Fitted elsewhere, the test split is free again.
        self.must_fit("calibrate", "isotonic", "--split", "train")
        free = self.evaluate("--oracle")
        self.assertEqual(free.code, 0, str(free))
        self.assertNotIn("ORACLE", free.out)

    def test_levels_of_training_are_a_fit_on_the_validation_split(self):
        self.assert_user_error(self.evaluate("--split", "valid"), "area-prior", "valid", "--oracle")


class Baselines(WithRun):
    def methods(self, *arguments):
        result = self.evaluate("--json", *arguments)
        self.assertEqual(result.code, 0, str(result))
        localization = json.loads(result.out)["localization"]
        return [m["method"] for m in localization if not m["control"]], localization

    def test_stand_beside_the_models_own_map_where_asked_for(self):
        # The engine sums in another order than libtorch, which the baselines need.
        quick, alone = self.methods("--engine", "torch")
        self.assertEqual(quick, ["multiscale attention map"])
        every, beside = self.methods("--baselines")
        self.assertEqual(every[0], quick[0])
        self.assertLessEqual({"class activation map of the last stage", "Grad-CAM", "Grad-CAM++",
                              "LayerCAM of the last stage", "LayerCAM fused over the stages",
                              "point scores of the finest stage", "uniform relevance"},
                             set(every))  # fmt: skip
        self.assertEqual(alone[0], beside[0], "the own map's figures do not depend on the others")
        self.assertEqual([m for m in alone if m["control"]], [m for m in beside if m["control"]])


class BadInput(WithRun):
    COMMANDS = (("calibrate", "platt"), ("fit-thresholds", "youden"), ("fit-thresholds", "area-prior"))

    def assert_refused(self, *parts, arguments=()):
        content = self.model.read_bytes()
        for command, method in self.COMMANDS:
            with self.subTest(command=command, method=method):
                self.assert_user_error(self.fit(command, method, *arguments), *parts)
                self.assertEqual(self.model.read_bytes(), content)

    def test_unknown_split(self):
        self.assert_refused("--split", "validation", arguments=("--split", "validation"))

    def test_run_without_a_split(self):
        shutil.rmtree(self.run_folder / "split")
        self.assert_refused(self.run_folder / "split" / "train.txt")

    def test_run_that_is_not_there(self):
        for command, method in self.COMMANDS:
            result = chestmap(command, self.scratch / "none", "--data", self.phantoms, "--method",
                              method, "--split", "test")  # fmt: skip
            self.assert_user_error(result, self.scratch / "none" / "model.safetensors")

    def test_split_whose_images_show_nothing(self):
        valid = self.run_folder / "split" / "valid.txt"
        normal = [i for i in read(valid).split() if self.labels[i] == ["No Finding"]]
        valid.write_text("\n".join(normal) + "\n")
        for command, method in self.COMMANDS[:2]:
            self.assert_user_error(self.fit(command, method), '"valid"', "positive and negative",
                                   f"{len(normal)} images")  # fmt: skip

    def test_split_that_says_too_little_for_a_curve_of_two_numbers(self):
        valid = self.run_folder / "split" / "valid.txt"
        images = read(valid).split()
        shown = next(i for i in images if "No Finding" not in self.labels[i])
        normal = next(i for i in images if self.labels[i] == ["No Finding"])
        valid.write_text(f"{shown}\n{normal}\n")
        # One positive and one negative image of a finding: separated, or the wrong way round.
        content = self.model.read_bytes()
        self.assert_user_error(self.fit("calibrate", "platt"), "platt", "2 images", "isotonic")
        self.assertEqual(self.model.read_bytes(), content)
        self.must_fit("calibrate", "isotonic")

    def test_test_list_that_is_empty(self):
        data = Path(shutil.copytree(self.phantoms, self.scratch / "data"))
        (data / "test_list.txt").write_text("")
        for command, method in self.COMMANDS:
            result = chestmap(command, self.run_folder, "--data", data, "--method", method,
                              "--split", "test")  # fmt: skip
            self.assert_user_error(result, '"test"', data)

    def test_methods_that_are_none(self):
        for command, method, part in (
            ("calibrate", "youden", "--method"),
            ("calibrate", "", "--method"),
            ("fit-thresholds", "platt", "youden, f1, sensitivity"),
            ("fit-thresholds", "sensitivity", "youden, f1, sensitivity"),
            ("fit-thresholds", "sensitivity=", "sensitivity=0.9"),
            ("fit-thresholds", "sensitivity=0", "sensitivity=0.9"),
            ("fit-thresholds", "sensitivity=1.1", "sensitivity=0.9"),
            ("fit-thresholds", "sensitivity=most", "sensitivity=0.9"),
            ("fit-thresholds", "sensitivity=nan", "sensitivity=0.9"),
        ):
            with self.subTest(command=command, method=method):
                self.assert_user_error(self.fit(command, method), part)

    def test_dates_that_are_none(self):
        for date in ("yesterday", "2026-13-01", "2026-02-30", "26-01-01", "2026-01-01 10:00",
                     "2026-01-01T25:00:00Z", "2026-01-01\n"):  # fmt: skip
            self.assert_refused(json.dumps(date)[1:5], "ISO 8601", arguments=("--date", date))

    def test_model_without_metadata(self):
        write_model(self.model, {}, entry="format")
        self.assert_refused(self.model, "no chestmap model")

    def test_model_that_was_never_finished(self):
        metadata = self.metadata()
        metadata["boxes"]["rules"] = {}
        write_model(self.model, metadata)
        result = self.fit("fit-thresholds", "area-prior")
        self.assert_user_error(result, self.model, "no expected box areas")

    def test_thresholds_of_other_findings(self):
        metadata = self.metadata()
        metadata["thresholds"] = {"fit": metadata["boxes"]["levels"], "probabilities": [0.5]}
        write_model(self.model, metadata)
        self.assert_refused(self.model, "1 thresholds for")
        self.assert_user_error(self.evaluate(), self.model, "1 thresholds for")

    def test_data_set_without_the_findings_of_the_model(self):
        metadata = self.metadata()
        metadata["findings"] = [f"Sign {i}" for i in range(len(metadata["findings"]))]
        write_model(self.model, metadata)
        self.assert_refused("share no finding", "Sign 0", "Nodule")


if __name__ == "__main__":
    program.main()
