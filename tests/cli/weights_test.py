"""`chestmap weights`, and training that begins with weights."""

import json
import struct
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import SMALL, ProgramTest, chestmap  # noqa: E402

JUDGES = Path(__file__).parents[1] / "judges"
MIB = 2**20
MOST_MEMORY = 50e6


def header_of(file):
    """The names, types and shapes of a safetensors file, and its metadata, by the format alone."""
    content = Path(file).read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    return header, content[8 + size :]


def write_safetensors(file, tensors):
    """`tensors`: name to (dtype, shape, bytes)."""
    header, data = {}, b""
    for name, (dtype, shape, chunk) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(chunk)]}  # fmt: skip
        data += chunk
    text = json.dumps(header).encode()
    Path(file).write_bytes(struct.pack("<Q", len(text)) + text + data)


class Weights(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=60)
        cls.run_folder = cls.folder / "trained"
        cls.train(cls.phantoms, cls.run_folder)
        cls.model = cls.run_folder / "model.safetensors"
        header, data = header_of(cls.model)
        header.pop("__metadata__")
        cls.tensors = {
            name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items()
        }

    def checkpoint(self, **changes):
        """The trained model's tensors under other names, or without some."""
        file = self.scratch / "other.safetensors"
        tensors = dict(self.tensors)
        for name in changes.get("without", []):
            del tensors[name]
        prefix = changes.get("prefix", "")
        write_safetensors(file, {prefix + name: tensor for name, tensor in tensors.items()})
        return file

    def test_inspect_says_what_is_in_a_file_and_what_it_fits(self):
        shown = json.loads(self.must_run("weights", "inspect", self.model, "--json").out)
        self.assertEqual(shown["format"], "safetensors")
        self.assertEqual(shown["bytes"], self.model.stat().st_size)
        self.assertEqual({t["name"]: (t["dtype"], t["shape"]) for t in shown["tensors"]},
                         {name: tensor[:2] for name, tensor in self.tensors.items()})  # fmt: skip
        self.assertEqual(shown["tensor_bytes"], sum(len(t[2]) for t in self.tensors.values()))
        best = shown["backbones"][0]
        self.assertEqual((best["backbone"], best["channels"], best["fits"]),
                         ("densenet-compact", 1, True))  # fmt: skip
        self.assertEqual(len(shown["backbones"]), 7)
        text = self.must_run("weights", "inspect", self.model).out
        self.assertIn("It fits densenet-compact.", text)
        self.assertIn("features.denseblock1.denselayer1.norm1.weight", text)
        self.assertNotIn("features.denseblock4.denselayer1.norm1.weight",
                         self.must_run("weights", "inspect", self.model, "--summary").out)  # fmt: skip

    def test_convert_finds_the_backbone_below_other_names(self):
        out = self.scratch / "out.safetensors"
        file = self.checkpoint(prefix="module.densenet121.")
        said = self.must_run("weights", "convert", file, out).err
        self.assertIn("left out: module.densenet121.head.", said)
        header, data = header_of(out)
        metadata = header.pop("__metadata__")
        self.assertEqual(metadata["backbone"], "densenet-compact")
        self.assertEqual(metadata["source"], "other.safetensors")
        sha256 = subprocess.run(["sha256sum", file], capture_output=True, check=True, text=True)
        self.assertEqual(metadata["source_sha256"], sha256.stdout.split()[0])
        self.assertEqual(set(header), {n for n in self.tensors if not n.startswith("head.")})
        for name, entry in header.items():
            self.assertEqual(data[slice(*entry["data_offsets"])], self.tensors[name][2], name)

    def test_convert_to_three_channels(self):
        out = self.scratch / "out.safetensors"
        said = self.must_run("weights", "convert", self.model, out, "--channels", 3).err
        self.assertIn("its one input channel was divided among three", said)
        entry = header_of(out)[0]["features.conv0.weight"]
        self.assertEqual(entry["shape"], [24, 3, 3, 3])

    def test_convert_unchanged_keeps_every_tensor(self):
        out = self.scratch / "out.safetensors"
        self.must_run("weights", "convert", self.model, out, "--unchanged")
        header, data = header_of(out)
        header.pop("__metadata__")
        self.assertEqual(
            {n: (e["dtype"], e["shape"], data[slice(*e["data_offsets"])]) for n, e in header.items()},
            self.tensors,
        )

    def test_what_does_not_fit_is_named(self):
        gone = "features.denseblock2.denselayer1.conv1.weight"
        file = self.checkpoint(without=[gone])
        out = self.scratch / "out.safetensors"
        self.assert_user_error(chestmap("weights", "convert", file, out),
                               "does not fit densenet-compact: 1 missing: " + gone, "--partial")  # fmt: skip
        self.assertFalse(out.exists())
        said = self.must_run("weights", "convert", file, out, "--partial").err
        self.assertIn("1 missing: " + gone, said)
        self.assertNotIn(gone, header_of(out)[0])
        self.assert_user_error(
            chestmap("weights", "convert", self.model, out, "--backbone", "resnet18"),
            "does not fit resnet18: ", "missing: ", "conv1.weight",
        )
        self.assert_user_error(
            chestmap("weights", "convert", self.model, out, "--backbone", "resnet"), "resnet"
        )

    def test_a_file_is_not_written_over_itself(self):
        before = self.model.read_bytes()
        self.assert_user_error(chestmap("weights", "convert", self.model, self.model),
                               "is the file that is read")  # fmt: skip
        self.assertEqual(self.model.read_bytes(), before)

    def test_checkpoints_of_python_are_read(self):
        done = subprocess.run(["/usr/bin/python3", JUDGES / "torch_files.py", self.scratch],
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode in (77, 127):
            self.skipTest("python3 with torch is not installed")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        shown = json.loads(
            self.must_run("weights", "inspect", self.scratch / "nested-legacy.pth.tar", "--json").out
        )
        self.assertEqual((shown["format"], shown["key"]), ("PyTorch (legacy)", "state_dict"))
        self.assertIn("optimizer", shown["beside"])
        self.assertIn("It fits no backbone that chestmap has.",
                      self.must_run("weights", "inspect", self.scratch / "zip.pt").out)  # fmt: skip
        self.assert_user_error(chestmap("weights", "inspect", self.scratch / "objects.pt"),
                               "__main__.Own", "state_dict()")  # fmt: skip

    def test_a_pickle_that_would_run_a_program_is_refused_and_runs_nothing(self):
        trace = self.scratch / "trace"
        command = f"touch {trace}".encode()
        magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}(" \
            b"U\rlittle_endian\x88U\ntype_sizes}u."  # fmt: skip
        program_ = b"\x80\x02cposix\nsystem\nX" + struct.pack("<I", len(command)) + command + b"\x85R."
        file = self.scratch / "bad.pth"
        file.write_bytes(magic + program_)
        self.assert_user_error(chestmap("weights", "inspect", file),
                               f"the pickle at offset {len(magic) + 2} names \"posix.system\"")  # fmt: skip
        self.assertFalse(trace.exists())

    def peak_memory(self, *arguments):
        """Bytes of the largest resident set, as the kernel counts it."""
        code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
                "stdout=subprocess.DEVNULL); "
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")  # fmt: skip
        line = [sys.executable, "-c", code, *program.command_line(arguments)]
        done = subprocess.run(line, capture_output=True, check=True, text=True)
        return 1024 * int(done.stdout)

    def write_sparse_safetensors(self):
        """1024 tensors of a MiB each, the data a hole in the file."""
        header = {
            f"t{i}": {"dtype": "F32", "shape": [MIB // 4], "data_offsets": [i * MIB, (i + 1) * MIB]}
            for i in range(1024)
        }
        text = json.dumps(header).encode()
        file = self.scratch / "large.safetensors"
        with file.open("wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            out.truncate(8 + len(text) + 1024 * MIB)
        return file

    def write_sparse_zip(self):
        """The same as torch.save would write it: a header in front of each MiB must be looked at."""
        tensors = b"".join(
            b"X\x05\x00\x00\x00t%04d" % i + b"ctorch._utils\n_rebuild_tensor_v2\n(("
            b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x04\x00\x00\x00%04dX\x03\x00\x00\x00cpu" % i
            + b"J" + struct.pack("<i", MIB // 4) + b"tQK\x00J" + struct.pack("<i", MIB // 4)
            + b"\x85K\x01\x85\x89NtR"
            for i in range(1024)
        )  # fmt: skip
        pickle = b"\x80\x02}(" + tensors + b"u."
        entries = [("archive/data.pkl", pickle, len(pickle))]
        entries += [(f"archive/data/{i:04}", b"", MIB) for i in range(1024)]
        directory = b""
        file = self.scratch / "large.pt"
        with file.open("wb") as out:
            for name, data, size in entries:
                fields = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, size, size, len(name), 0)
                directory += b"PK\1\2\x14\0" + fields + struct.pack("<HHHII", 0, 0, 0, 0, out.tell())
                directory += name.encode()
                out.write(b"PK\3\4" + fields + name.encode() + data)
                out.seek(size - len(data), 1)
            start = out.tell()
            out.write(directory)
            out.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries),
                                             len(directory), start, 0))  # fmt: skip
        return file

    def test_inspecting_a_gigabyte_takes_little_memory(self):
        for write in (self.write_sparse_safetensors, self.write_sparse_zip):
            file = write()
            with self.subTest(file=file.name):
                shown = json.loads(self.must_run("weights", "inspect", file, "--json").out)
                self.assertEqual(len(shown["tensors"]), 1024)
                self.assertEqual(shown["tensor_bytes"], 2**30)
                self.assertLess(self.peak_memory("weights", "inspect", file), MOST_MEMORY)

    def test_training_begins_with_the_weights_and_says_so(self):
        run = self.scratch / "run"
        frozen = ["--set", "train.freeze_stages=[1, 2, 3, 4]"]
        result = self.train(self.phantoms, run, "--init", self.model, *frozen)
        self.assertIn(f"tensors of densenet-compact from {self.model}", result.err)
        header, data = header_of(run / "model.safetensors")
        spec = json.loads(header.pop("__metadata__")["chestmap"])
        self.assertEqual(spec["provenance"]["init"], "model.safetensors")
        sha256 = subprocess.run(["sha256sum", self.model], capture_output=True, check=True, text=True)
        self.assertEqual(spec["provenance"]["init_sha256"], sha256.stdout.split()[0])
        record = json.loads((run / "init.json").read_text())
        self.assertEqual(record["at_random"], 0)
        for name, entry in header.items():
            if not name.startswith("head."):
                self.assertEqual(data[slice(*entry["data_offsets"])], self.tensors[name][2], name)

    def test_training_from_weights_that_do_not_fit_stops_before_it_begins(self):
        run = self.scratch / "run"
        gone = "features.norm5.weight"
        file = self.checkpoint(without=[gone])
        options = ["train", "--data", self.phantoms, "--out", run, *SMALL, "--init", file]
        self.assert_user_error(chestmap(*options), "1 missing: " + gone, "--init-partial")
        self.assertFalse(run.exists())
        said = self.must_run(*options, "--init-partial").err
        self.assertIn("1 tensors begin at random, being missing: " + gone, said)
        self.assert_user_error(
            chestmap("train", "--data", self.phantoms, "--out", run, "--resume", "--init", file),
            "--resume goes on with the run's own weights",
        )


if __name__ == "__main__":
    program.main()
