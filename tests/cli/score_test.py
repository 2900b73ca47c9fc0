"""`chestmap score` on predictions that other programs could have written, and on bad ones."""

import json
import struct
import sys
import unittest
import zlib
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import NOTICE, ProgramTest, chestmap, read, rows_of  # noqa: E402

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "chestxray14-labels"
KNOWN_CENTRE = {"0.1": 0.426, "0.2": 0.262, "0.3": 0.185, "0.4": 0.137, "0.5": 0.087}
KNOWN_MEDIAN = {"0.1": 0.376, "0.2": 0.266, "0.3": 0.198, "0.4": 0.155, "0.5": 0.120}


def boxes_of(data):
    """Rows of the box list: image, finding, x, y, width, height."""
    return [row[:6] for row in rows_of(data / "BBox_List_2017.csv")]


def write_coco(file, rows):
    """`rows` of image, finding, x, y, width, height, score."""
    file.write_text(json.dumps([
        {"image_id": image, "category_id": finding, "bbox": [x, y, w, h], "score": score}
        for image, finding, x, y, w, h, score in rows
    ]))  # fmt: skip
    return file


def centre_boxes(data):
    return [(image, finding, 256, 256, 512, 512, 1.0) for image, finding, *_ in boxes_of(data)]


def method_of(evaluation, name):
    return next(m for m in evaluation["localization"] if m["method"] == name)


def grey_png(rows):
    """A 16-bit grey PNG; `rows` of numbers from 0 to 65535."""
    raw = b"".join(b"\0" + b"".join(struct.pack(">H", v) for v in row) for row in rows)

    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content +
                struct.pack(">I", zlib.crc32(kind + content)))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 16, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) +
            chunk(b"IEND", b""))


class WithPhantoms(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.make_phantoms("phantoms", images=90)
        cls.test = read(cls.data / "test_list.txt").split()
        cls.labels = {row[0]: row[1].split("|") for row in rows_of(
            cls.data / "Data_Entry_2017_v2020.csv")}  # fmt: skip
        cls.findings = sorted({f for fs in cls.labels.values() for f in fs} - {"No Finding"})

    def score(self, file, *arguments):
        return chestmap("score", file, "--data", self.data, "--resamples", 50, *arguments)

    def scored(self, file, *arguments):
        result = self.score(file, "--json", *arguments)
        self.assertEqual(result.code, 0, str(result))
        return json.loads(result.out)

    def write_probabilities(self, name, change=lambda image, finding, p: p):
        """Better than chance: .6 to .9 where the label says so, .1 to .7 elsewhere."""
        lines = ["image," + ",".join(self.findings)]
        for i, image in enumerate(self.test):
            row = [image]
            for j, finding in enumerate(self.findings):
                noise = (i * 37 + j * 11) % 31 / 31
                p = 0.6 + 0.3 * noise if finding in self.labels[image] else 0.1 + 0.6 * noise
                row.append(f"{change(image, finding, p):.6f}")
            lines.append(",".join(row))
        file = self.scratch / name
        file.write_text("\n".join(lines) + "\n")
        return file


class Boxes(WithPhantoms):
    def test_perfect_boxes_reach_every_threshold(self):
        rows = [(i, f, *map(float, box), 0.9) for i, f, *box in boxes_of(self.data)]
        evaluation = self.scored(write_coco(self.scratch / "perfect.json", rows))
        mean = method_of(evaluation, "perfect.json")["mean"]
        self.assertEqual(mean["iou"]["0.7"]["value"], 1.0)
        self.assertEqual(mean["mean_iou"]["value"], 1.0)
        self.assertEqual(mean["afp_iou"]["0.5"]["value"], 0.0)
        self.assertEqual(mean["ap"]["0.75"]["value"], 1.0)
        self.assertNotIn("pointing", mean)
        self.assertTrue(any("pointing game" in what for what in evaluation["not_computed"]))
        self.assertTrue(any("classification" in what for what in evaluation["not_computed"]))

    def test_controls_stand_beside_and_equal_the_same_boxes_from_a_file(self):
        file = write_coco(self.scratch / "centre.json", centre_boxes(self.data))
        evaluation = self.scored(file)
        names = [m["method"] for m in evaluation["localization"]]
        self.assertEqual(names, ["centre.json", "random map", "fixed centre box",
                                 "median box of other patients"])  # fmt: skip
        self.assertEqual(method_of(evaluation, "centre.json")["mean"]["iou"],
                         method_of(evaluation, "fixed centre box")["mean"]["iou"])  # fmt: skip
        self.assertTrue(method_of(evaluation, names[3])["uses_boxes"])

    def test_boxes_on_normal_images_count_as_false_marks(self):
        truth = [(i, f, *map(float, box), 0.5) for i, f, *box in boxes_of(self.data)]
        boxed = {row[0] for row in truth}
        normal = next(i for i in self.test if i not in boxed and self.labels[i] == ["No Finding"])
        file = write_coco(self.scratch / "truth.json", truth)
        alone = method_of(self.scored(file), "truth.json")
        self.assertEqual(alone["mean"]["wafroc1"]["value"], 1.0)
        finding = truth[0][1]
        file = write_coco(self.scratch / "more.json",
                          [*truth, (normal, finding, 0, 0, 50, 50, 0.9)])  # fmt: skip
        more = method_of(self.scored(file), "more.json")["findings"][finding]
        normals = more["normal_images"]
        self.assertGreater(normals, alone["findings"][finding]["normal_images"])
        # One normal image of them all has a false mark above every true one.
        self.assertAlmostEqual(more["wafroc"]["value"], 1 - 1 / normals, places=6)

    def test_table_has_means_strata_and_what_was_not_computed(self):
        result = self.score(write_coco(self.scratch / "centre.json", centre_boxes(self.data)))
        self.assertEqual(result.code, 0, str(result))
        for text in ("mean without Cardiomegaly", "T(IoU) .3", "fixed centre box (control", NOTICE,
                     "size small", "Not computed"):  # fmt: skip
            self.assertIn(text, result.out)


class Probabilities(WithPhantoms):
    def test_figures_of_a_table_of_probabilities(self):
        evaluation = self.scored(self.write_probabilities("p.csv"))
        self.assertEqual(evaluation["data"]["images"], len(self.test))
        self.assertEqual(evaluation["localization"], [])
        finding = self.findings[0]
        row = evaluation["classification"][0]["findings"][finding]
        self.assertEqual(row["positives"], sum(finding in self.labels[i] for i in self.test))
        self.assertGreater(row["auroc"]["value"], 0.7)
        self.assertEqual(row["threshold"], 0.5)
        # .6 and above is called positive of the positives: all of them.
        self.assertEqual(row["sensitivity"]["value"], 1.0)

    def test_predictions_are_compared_with_others_on_the_same_resamples(self):
        a = self.write_probabilities("a.csv")
        b = self.write_probabilities("b.csv", lambda image, finding, p: p * p)  # same order
        evaluation = self.scored(a, "--against", b)
        self.assertEqual([c["classifier"] for c in evaluation["classification"]],
                         ["a.csv", "b.csv"])  # fmt: skip
        auroc = [c for c in evaluation["comparisons"] if c["measure"] == "auroc"]
        self.assertEqual(len(auroc), len(evaluation["classification"][0]["findings"]) + 2)
        for comparison in auroc:
            difference = comparison["difference"]
            self.assertEqual((difference["value"], difference["low"], difference["high"]), (0, 0, 0))
            self.assertEqual(comparison["p"], 1.0)
        brier = [c for c in evaluation["comparisons"] if c["measure"] == "brier"]
        self.assertTrue(any(c["difference"]["value"] != 0 for c in brier))
        for comparison in brier:
            if comparison["p_holm"] is not None:
                self.assertGreaterEqual(comparison["p_holm"], comparison["p"])

    def test_tables_and_report(self):
        out = self.scratch / "scores"
        file = self.write_probabilities("p.csv")
        result = self.score(file, "--out", out)
        self.assertEqual(result.code, 0, str(result))
        images = rows_of(out / "per_image.csv")
        self.assertEqual(len(images), len(self.test) * len(self.findings))
        resamples = rows_of(out / "per_resample.csv")
        self.assertEqual([row[0] for row in resamples], [str(i + 1) for i in range(50)])
        header = read(out / "per_resample.csv").splitlines()[0].split(",")
        self.assertIn("p.csv|mean|auroc", header)
        # The percentile interval is that of the column (definition 7 of Hyndman and Fan).
        # Empty where a resample leaves a finding undefined.
        column = sorted(float(row[header.index("p.csv|mean|auroc")]) for row in resamples
                        if row[header.index("p.csv|mean|auroc")])
        position = 0.025 * (len(column) - 1)
        low = column[int(position)] + (position % 1) * (column[int(position) + 1] -
                                                        column[int(position)])  # fmt: skip
        evaluation = json.loads(read(out / "evaluation.json"))
        self.assertAlmostEqual(evaluation["classification"][0]["mean"]["auroc"]["low"], low,
                               places=5)  # six digits in the table
        page = self.scratch / "report.html"
        self.must_run("report", out, "--out", page)
        self.assertIn("Reliability diagram", read(page))

    def test_number_of_threads_changes_nothing(self):
        import os
        import subprocess

        file = self.write_probabilities("p.csv")
        line = program.command_line(["score", file, "--data", self.data, "--resamples", 50, "--json"])
        cores = sorted(os.sched_getaffinity(0))
        one, all_cores = (
            subprocess.run(line, capture_output=True, check=True, timeout=300,
                           preexec_fn=lambda: os.sched_setaffinity(0, which)).stdout
            for which in ({cores[0]}, set(cores))
        )  # fmt: skip
        self.assertEqual(one, all_cores)


class Maps(WithPhantoms):
    def test_maps_give_peaks_and_boxes(self):
        folder = self.scratch / "maps"
        folder.mkdir()
        cell = 64  # of 1024 pixels
        for image, finding, *box in boxes_of(self.data):
            x, y, w, h = map(float, box)
            inside = [[x <= (i + 0.5) * cell < x + w and y <= (j + 0.5) * cell < y + h
                       for i in range(16)] for j in range(16)]
            # At least the cell of the box's centre; the peak is there.
            ci, cj = int((x + w / 2) // cell), int((y + h / 2) // cell)
            rows = [[65535 if (i, j) == (ci, cj) else 50000 if inside[j][i] else 0
                     for i in range(16)] for j in range(16)]
            (folder / f"{image}.{finding}.png").write_bytes(grey_png(rows))
        evaluation = self.scored(folder, "--level", 0.5)
        method = method_of(evaluation, "maps")
        self.assertGreater(method["mean"]["pointing"]["value"], 0.9)
        self.assertGreater(method["mean"]["iou"]["0.1"]["value"], 0.7)
        random_map = method_of(evaluation, "random map")["mean"]
        self.assertLess(random_map["pointing"]["value"], 0.6)


class Oracle(WithPhantoms):
    def fitted_on(self, fingerprint, file, split="test", data="chestxray14"):
        provenance = {
            "format": "chestmap-provenance", "format_version": 1, "findings": self.findings,
            "thresholds": {
                "fit": {"method": "youden", "data": data, "split": split,
                        "fingerprint": fingerprint, "images": 9, "date": "2026-01-31"},
                "probabilities": [0.65] * (len(self.findings) - 1) + [None],
            },
            "calibration": None, "box_levels": None,
        }  # fmt: skip
        Path(f"{file}.provenance.json").write_text(json.dumps(provenance))

    def test_thresholds_that_come_with_the_predictions_are_used(self):
        file = self.write_probabilities("p.csv")
        self.fitted_on("0" * 16, file)
        evaluation = self.scored(file, "--threshold", 0.25)
        self.assertEqual(evaluation["oracle"], [])
        findings = evaluation["classification"][0]["findings"]
        self.assertEqual(findings[self.findings[0]]["threshold"], 0.65)
        self.assertEqual(findings[self.findings[-1]]["threshold"], 0.25)

    def test_fitted_on_images_that_may_be_among_the_scored_ones_is_warned_of(self):
        file = self.write_probabilities("p.csv")
        data = self.scored(file)["data"]["name"]
        for split, fitted_split, fitted_data, warned in (
            ("all", "valid", data, True),  # all images hold it
            ("test", "test", data, True),  # another list of this name
            ("test", "valid", data, False),
            ("all", "valid", "another", False),
        ):
            with self.subTest(split=split, fitted_split=fitted_split, data=fitted_data):
                self.fitted_on("0" * 16, file, split=fitted_split, data=fitted_data)
                result = self.score(file, "--split", split)
                self.assertEqual(result.code, 0, str(result))
                self.assertEqual("may share some" in result.err, warned, str(result))

    def test_fitted_on_the_scored_split_is_refused_or_marked_everywhere(self):
        file = self.write_probabilities("p.csv")
        fingerprint = self.scored(file)["data"]["fingerprint"]
        self.fitted_on(fingerprint, file)
        self.assert_user_error(self.score(file), "thresholds of p.csv", "youden", "--oracle")
        out = self.scratch / "scores"
        result = self.score(file, "--oracle", "--out", out)
        self.assertEqual(result.code, 0, str(result))
        self.assertIn("ORACLE: the thresholds of p.csv", result.out)
        self.assertIn("p.csv (ORACLE)", result.out)
        self.assertEqual(len(json.loads(read(out / "evaluation.json"))["oracle"]), 1)
        for table in ("summary.csv", "per_image.csv"):
            for row in rows_of(out / table):
                self.assertEqual(row[0], "p.csv (ORACLE)", table)
        self.assertIn("p.csv (ORACLE)|mean|auroc", read(out / "per_resample.csv"))
        page = self.scratch / "report.html"
        self.must_run("report", out, "--out", page)
        self.assertIn("ORACLE", read(page))


class SeveralDataSets(WithPhantoms):
    """Two data sets whose images are called alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_phantoms("other", images=90, seed=2)

    def scored(self, rows, name):
        out = self.scratch / name
        self.must_run("score", write_coco(self.scratch / f"{name}.json", rows), "--data", self.data,
                      "--data", self.other, "--out", out, "--resamples", 10, "--split", "all")  # fmt: skip
        return json.loads(read(out / "evaluation.json")), out

    def prefixed(self):
        for data, prefix in ((self.data, "phantoms/"), (self.other, "phantoms-2/")):
            for image, finding, *box in boxes_of(data):
                yield prefix + image, finding, *map(float, box), 1.0

    def test_images_are_named_as_training_names_them(self):
        evaluation, out = self.scored(list(self.prefixed()), "both")
        self.assertEqual(evaluation["data"]["name"], "phantoms+phantoms-2")
        self.assertFalse((out / "skipped.csv").exists())
        mean = method_of(evaluation, "both.json")["mean"]
        self.assertEqual(mean["iou"]["0.7"]["value"], 1.0)

    def test_a_name_that_fits_images_of_both_fits_none(self):
        rows = list(self.prefixed())
        bare = [(image.split("/")[1], *rest) for image, *rest in rows]
        _, out = self.scored([rows[0], *bare], "bare")
        self.assertTrue(rows_of(out / "skipped.csv"))


class BadInput(WithPhantoms):
    def test_no_such_file(self):
        missing = self.scratch / "nowhere.json"
        self.assert_user_error(self.score(missing), missing)

    def test_no_such_data(self):
        file = self.write_probabilities("p.csv")
        self.assert_user_error(
            chestmap("score", file, "--data", self.scratch / "nowhere"), self.scratch / "nowhere"
        )

    def test_file_of_no_known_format(self):
        file = self.scratch / "what.txt"
        file.write_text("hello\n")
        self.assert_user_error(self.score(file), file)

    def test_predictions_of_other_images(self):
        file = write_coco(self.scratch / "other.json", [("zzz.png", "Mass", 1, 2, 3, 4, 0.5)])
        self.assert_user_error(self.score(file), file)

    def test_predictions_of_the_other_split(self):
        image = read(self.data / "train_val_list.txt").split()[0]
        file = write_coco(self.scratch / "train.json", [(image, "Mass", 1, 2, 3, 4, 0.5)])
        result = self.score(file)
        # Boxes may be few: it is scored, and nothing is found.
        self.assertEqual(result.code, 0, str(result))

    def test_probability_that_is_no_number(self):
        file = self.write_probabilities("p.csv")
        lines = read(file).splitlines()
        lines[4] = lines[4].rsplit(",", 1)[0] + ",high"
        file.write_text("\n".join(lines) + "\n")
        result = self.score(file)
        self.assertEqual(result.code, 1, str(result))
        self.assertIn(f"{file}:5: column", result.err)

    def test_two_files_of_one_name_and_a_wrong_number_of_names(self):
        file = self.write_probabilities("p.csv")
        self.assert_user_error(
            self.score(file, "--against", file, "--name", "x", "--name", "x"), '"x"'
        )
        self.assert_user_error(self.score(file, "--name", "x", "--name", "y"), "2 names for 1")

    def test_broken_provenance(self):
        file = self.write_probabilities("p.csv")
        sidecar = Path(f"{file}.provenance.json")
        for text in ("{", "[]", '{"format": "coco"}',
                     '{"format": "chestmap-provenance", "format_version": 1, "findings": 3}'):
            sidecar.write_text(text)
            self.assert_user_error(self.score(file), sidecar)

    def test_output_folder_that_cannot_be_made(self):
        file = self.write_probabilities("p.csv")
        self.assert_user_error(self.score(file, "--out", file / "under"), file)


@unittest.skipUnless(REAL.exists(), f"no {REAL}")
class RealBoxes(ProgramTest):
    """The 984 boxes of ChestX-ray14; the images themselves are not there."""

    def test_the_fixed_centre_box_reaches_its_known_figures(self):
        file = write_coco(self.scratch / "centre.json", centre_boxes(REAL))
        result = chestmap("score", file, "--data", REAL, "--json", "--resamples", 20)
        self.assertEqual(result.code, 0, str(result))
        evaluation = json.loads(result.out)
        self.assertEqual(evaluation["data"]["boxes"], 984)
        self.assertEqual(evaluation["data"]["boxed_images"], 880)
        for name, known in (("centre.json", KNOWN_CENTRE), ("fixed centre box", KNOWN_CENTRE),
                            ("median box of other patients", KNOWN_MEDIAN)):  # fmt: skip
            mean = method_of(evaluation, name)["mean"]["iou"]
            for threshold, expected in known.items():
                self.assertEqual(round(mean[threshold]["value"], 3), expected, (name, threshold))


if __name__ == "__main__":
    program.main()
