"""chestmap export and chestmap card: what they write, and bad input."""

import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from png import read_png  # noqa: E402
from program import NOTICE, ProgramTest, chestmap, read  # noqa: E402

JUDGES = Path(__file__).resolve().parents[1] / "judges"
# With what `./run test` installs from PyPI where it is there.
PYTHON = Path(__file__).resolve().parents[2] / "build" / "judges-venv" / "bin" / "python"
PYTHON = PYTHON if PYTHON.exists() else Path("/usr/bin/python3")

# Runs an exported model on what a data set's image becomes; prints the first image's probabilities.
RUN_ONNX = """
import json, sys
try:
    import numpy, onnxruntime
except ImportError:
    sys.exit(77)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
side = session.get_inputs()[0].shape[2]
grey = numpy.fromfile(sys.argv[2], numpy.uint8).reshape(1, 1, side, side).astype(numpy.float32) / 255
outputs = [output.name for output in session.get_outputs()]
found = dict(zip(outputs, session.run(None, {"image": grey})))
print(json.dumps({"probabilities": found["probabilities"][0].tolist(),
                  "metadata": session.get_modelmeta().custom_metadata_map}))
"""


class Exports(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.make_phantoms("phantoms", 40)
        cls.run_folder = cls.folder / "run"
        cls.train(cls.data, cls.run_folder)

    def describe(self, file):
        question = self.scratch / "question.json"
        question.write_text(json.dumps({"file": str(file)}))
        done = subprocess.run(
            [PYTHON, "-B", JUDGES / "describe_onnx.py", question],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 77:
            self.skipTest("onnx is not installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_onnx_names_its_ports_and_says_what_it_is(self):
        out = self.scratch / "sub" / "model.onnx"
        said = self.must_run("export", "onnx", self.run_folder, out, "--resolution", 20)
        self.assertIn(NOTICE.lower(), said.err.lower())
        model = self.describe(out)
        self.assertEqual([port["name"] for port in model["inputs"]], ["image"])
        self.assertEqual(model["inputs"][0]["shape"], ["N", 1, 64, 64])
        outputs = {port["name"]: port["shape"] for port in model["outputs"]}
        findings = json.loads(model["metadata"]["findings"])
        self.assertEqual(outputs["attention_map"], ["N", len(findings), 20, 20])
        self.assertEqual(outputs["stage_map_1"], ["N", len(findings), 16, 16])
        self.assertEqual(model["opsets"], {"": 13})
        self.assertEqual(model["metadata"]["opset"], "13")
        self.assertIn(NOTICE, model["metadata"]["notice"])
        self.assertIn(NOTICE, model["doc"])
        for key in ("preprocessing", "boxes", "thresholds", "provenance", "program_version"):
            self.assertIn(key, model["metadata"])

    def test_onnx_gives_the_probabilities_of_localize(self):
        # An image of the model's own size is not resampled, so that both see the same numbers.
        image = sorted((self.data / "images").glob("*.png"))[0]
        self.must_run("localize", self.run_folder, image, "--out", self.scratch / "found")
        found = json.loads(read(self.scratch / "found" / "localization.json"))
        expected = [finding["probability"] for finding in found["images"][0]["findings"]]
        pixels = read_png(image)
        self.assertEqual((pixels.width, pixels.height), (64, 64))
        grey = self.scratch / "grey.raw"
        grey.write_bytes(bytes(value for row in pixels.rows for value in row))
        out = self.scratch / "model.onnx"
        self.must_run("export", "onnx", self.run_folder / "model.safetensors", out)
        done = subprocess.run([PYTHON, "-B", "-c", RUN_ONNX, out, grey], capture_output=True,
                              text=True, check=False)  # fmt: skip
        if done.returncode == 77:
            self.skipTest("onnxruntime is not installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        probabilities = json.loads(done.stdout)["probabilities"]
        self.assertEqual(len(probabilities), len(expected))
        for one, other in zip(probabilities, expected):
            self.assertAlmostEqual(one, other, delta=1e-4)

    def test_half_precision_halves_the_file(self):
        single, half = self.scratch / "single.onnx", self.scratch / "half.onnx"
        self.must_run("export", "onnx", self.run_folder, single)
        self.must_run("export", "onnx", self.run_folder, half, "--fp16")
        # The interpolation matrices of the attention map stay in single precision.
        self.assertLess(half.stat().st_size, 0.65 * single.stat().st_size)
        self.assertEqual(self.describe(half)["metadata"]["precision"], "float16")

    def test_same_arguments_give_the_same_bytes(self):
        for kind, name in (("onnx", "model.onnx"), ("torchscript", "model.pt")):
            with self.subTest(kind=kind):
                files = [self.scratch / f"{i}" / name for i in range(2)]
                for file in files:
                    self.must_run("export", kind, self.run_folder, file)
                self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_card_holds_what_the_evaluation_found(self):
        self.must_run("evaluate", self.run_folder, "--data", self.data, "--resamples", 20)
        self.must_run("card", self.run_folder)
        evaluation = json.loads(read(self.run_folder / "evaluation-test" / "evaluation.json"))
        for name in ("model-card.md", "model-card.html"):
            with self.subTest(file=name):
                card = read(self.run_folder / name)
                self.assertIn(NOTICE, card)
                self.assertIn(f"{evaluation['data']['images']} of ", card)
                self.assertIn("simulated radiographs", card)
                self.assertIn("densenet-compact", card)

    def test_card_without_an_evaluation_says_so(self):
        said = self.must_run("card", self.run_folder, "--split", "valid", "--out", self.scratch)
        self.assertIn("not known", said.err)
        self.assertIn("how well it does is not known", read(self.scratch / "model-card.md"))

    def test_bad_input(self):
        text = self.scratch / "text.safetensors"
        text.write_text("no model")
        plain = self.scratch / "plain.safetensors"
        header = b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} '
        plain.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
        out = self.scratch / "out"
        closed = self.scratch / "closed"
        closed.write_text("a file where a folder is needed")
        cases = [
            (["export", "onnx", self.scratch / "none.safetensors", out], ["none.safetensors"]),
            (["export", "onnx", text, out], [text, "safetensors"]),
            (["export", "onnx", plain, out], [plain, "chestmap model"]),
            (["export", "torchscript", plain, out], [plain, "chestmap model"]),
            (["card", plain, "--out", out], [plain, "chestmap model"]),
            (["export", "onnx", self.run_folder, closed / "x.onnx"], ["closed"]),
            (["export", "torchscript", self.run_folder, closed / "x.pt"], ["closed"]),
            (["export", "onnx", self.run_folder, out, "--opset", 8], ["operator set 8", "9 to 21"]),
            (["export", "onnx", self.run_folder, out, "--opset", 22], ["operator set 22"]),
            (["export", "onnx", self.run_folder, out, "--resolution", -1], ["--resolution"]),
            (["export", "tflite", self.run_folder, out], []),
            (["export"], []),
            (["card", self.run_folder, "--evaluation", text, "--out", out], [text, "JSON"]),
        ]
        for arguments, parts in cases:
            with self.subTest(arguments=[str(argument) for argument in arguments]):
                self.assert_user_error(chestmap(*arguments), *parts)
                self.assertFalse(out.exists())

    def test_model_that_lost_a_tensor_is_told_by_its_name(self):
        content = (self.run_folder / "model.safetensors").read_bytes()
        damaged = self.scratch / "damaged.safetensors"
        damaged.write_bytes(content.replace(b'"head.gain"', b'"head.gaim"', 1))
        for kind in ("onnx", "torchscript"):
            result = chestmap("export", kind, damaged, self.scratch / "out")
            self.assert_user_error(result, "head.gain is missing", "head.gaim is unexpected")


if __name__ == "__main__":
    program.main()
