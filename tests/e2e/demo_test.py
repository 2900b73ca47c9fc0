"""The whole way in one command: phantoms, two models, their evaluation, one report."""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import program  # noqa: E402
from program import NOTICE, ProgramTest, chestmap, read  # noqa: E402

FINDINGS = {"Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia",
            "Pneumothorax"}  # fmt: skip
FIGURES = ("auroc", "pointing", "iou.0.1", "iou.0.3", "iou.0.5")


class Demo(ProgramTest):
    def demo(self, out, images):
        return chestmap("demo", "--images", images, "--epochs", 1, "--out", out)

    def assert_complete(self, out, least_findings):
        page = read(out / "report.html")
        self.assertIn(NOTICE, page)
        self.assertIn("</html>", page)
        summary = json.loads(read(out / "summary.json"))
        self.assertIn("not patients", summary["notice"])
        self.assertEqual([run["name"] for run in summary["runs"]], ["multiscale", "last stage only"])
        for run in summary["runs"]:
            self.assertIn(run["name"], page)
            self.assertTrue(0.0 <= run["mean_auroc"]["value"] <= 1.0)
            # A finding that no training image shows is left out, and not among the figures.
            self.assertLessEqual(set(run["findings"]), FINDINGS)
            self.assertGreaterEqual(len(run["findings"]), least_findings)
            for finding, figures in run["findings"].items():
                for figure in FIGURES:
                    self.assertIn(figure, figures, f"{run['name']}: {finding}")
            self.assertGreater(run["data"]["boxes"], 0)

    def test_ends_with_a_report_and_may_be_repeated(self):
        out = self.scratch / "demo"
        first = self.demo(out, 120)
        self.assertEqual(first.code, 0, str(first))
        self.assertIn(str(out / "report.html"), first.err)
        self.assert_complete(out, least_findings=len(FINDINGS))
        for run in ("multiscale", "last-stage"):
            self.assertTrue(list((out / run / "gallery").glob("*.png")))
        (out / "phantoms" / "stray.txt").write_text("of the first demo\n")
        again = self.demo(out, 40)
        self.assertEqual(again.code, 0, str(again))
        self.assert_complete(out, least_findings=4)
        self.assertFalse((out / "phantoms" / "stray.txt").exists())
        self.assertEqual(len(list((out / "phantoms" / "images").iterdir())), 40)

    def test_folder_that_the_demo_did_not_make_is_left_alone(self):
        precious = self.scratch / "precious.txt"
        precious.write_text("a thesis\n")
        self.assert_user_error(self.demo(self.scratch, 120), self.scratch, "--out")
        self.assertEqual(read(precious), "a thesis\n")
        self.assert_user_error(self.demo(precious, 120), precious)
        self.assertEqual(read(precious), "a thesis\n")


if __name__ == "__main__":
    program.main()
