"""Data sets whose images are DICOM files: prepared, checked, trained on and localized."""

import json
import shutil
import sys
import tarfile
import unittest
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from dicom import write_dicom  # noqa: E402
from png import read_png  # noqa: E402
from program import ProgramTest, chestmap, read, rows_of  # noqa: E402

PATIENT = "Doe"


def as_dicom(phantoms, folder, **how):
    """The phantoms with each image as a DICOM file of the same 8-bit values."""
    (folder / "images").mkdir(parents=True)
    for table in phantoms.glob("*.[ct]*"):
        shutil.copy(table, folder)
    for image in sorted((phantoms / "images").iterdir()):
        write_dicom(folder / "images" / f"{image.stem}.dcm", read_png(image).rows, bits=8, **how)
    return folder


class Dicom(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=40, size=48)
        cls.dicom = as_dicom(cls.phantoms, cls.folder / "dicom")

    def prepared(self, data, name, *arguments):
        cache = self.scratch / name
        result = self.must_run("data", "prepare", data, "--out", cache, "--size", 48, *arguments)
        self.assertNotIn(PATIENT, result.err)
        return cache

    def test_prepares_as_the_png_files_of_the_same_pixels(self):
        expected = self.prepared(self.phantoms, "png")
        made = self.prepared(self.dicom, "dicom")
        for name in ("shard-00000.bin", "index.bin", "records.jsonl", "skipped.csv"):
            self.assertEqual((made / name).read_bytes(), (expected / name).read_bytes(), name)

    def test_members_of_archives(self):
        expected = (self.prepared(self.dicom, "files") / "shard-00000.bin").read_bytes()
        images = sorted((self.dicom / "images").iterdir())
        for kind in ("tar.gz", "zip"):
            folder = self.scratch / kind
            folder.mkdir()
            for table in self.dicom.glob("*.[ct]*"):
                shutil.copy(table, folder)
            if kind == "zip":
                with zipfile.ZipFile(folder / "images.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                    for image in images:
                        archive.write(image, f"images/{image.name}")
            else:
                with tarfile.open(folder / "images.tar.gz", "w:gz") as archive:
                    for image in images:
                        archive.add(image, f"images/{image.name}")
            made = self.prepared(folder, f"from-{kind}") / "shard-00000.bin"
            self.assertEqual(made.read_bytes(), expected, kind)

    def test_broken_files_are_set_aside_with_their_reasons(self):
        data = self.scratch / "broken"
        shutil.copytree(self.dicom, data)
        files = sorted((data / "images").iterdir())
        files[0].write_bytes(files[0].read_bytes()[:-1000])
        files[1].write_bytes(files[1].read_bytes()[:400])
        cache = self.prepared(data, "cache")
        reasons = dict(rows_of(cache / "skipped.csv"))
        self.assertEqual(set(reasons), {f"{file.stem}.png" for file in files[:2]})
        for reason in reasons.values():
            self.assertIn("DICOM", reason)
            self.assertNotIn(PATIENT, reason)
        checked = chestmap("data", "check", data, "--decode")
        self.assertIn("DICOM", checked.out + checked.err)
        self.assertNotIn(PATIENT, checked.out + checked.err)

    def test_another_modality_is_said_once(self):
        data = as_dicom(self.phantoms, self.scratch / "ct", modality=b"CT")
        result = self.must_run("data", "prepare", data, "--out", self.scratch / "cache")
        self.assertEqual(result.err.count('a DICOM file is of modality "CT"'), 1, result.err)

    def test_trains_and_localizes_in_the_files_own_frame(self):
        run = self.scratch / "run"
        self.train(self.dicom, run)
        rows = [[(x * 37 + y * 11) % 4096 for x in range(90)] for y in range(70)]
        wide = write_dicom(self.scratch / "wide.dcm", rows, window=(2000, 3000))
        broken = self.scratch / "broken.dcm"
        broken.write_bytes(wide.read_bytes()[:-100])
        out = self.scratch / "localized"
        self.must_run("localize", run, wide, broken, "--all", "--out", out)
        (image,) = json.loads(read(out / "localization.json"))["images"]
        self.assertEqual((image["image"], image["frame"]), ("wide.dcm", [90, 70]))
        for finding in image["findings"]:
            for box in finding["boxes"]:
                x, y, width, height = box["bbox"]
                self.assertLessEqual(x + width, 90)
                self.assertLessEqual(y + height, 70)
        self.assertTrue((out / "overlays" / f"wide.{image['findings'][0]['finding']}.png").exists())
        self.assertIn("DICOM", rows_of(out / "skipped.csv")[0][1])
        for file in out.rglob("*"):
            if file.is_file():
                self.assertNotIn(PATIENT.encode(), file.read_bytes(), file)

    def test_a_folder_is_its_dicom_files_and_data_gives_their_frames(self):
        run = self.scratch / "run"
        self.train(self.phantoms, run)
        out = self.scratch / "localized"
        self.must_run("localize", run, self.dicom / "images", "--data", self.dicom, "--out", out)
        images = json.loads(read(out / "localization.json"))["images"]
        self.assertEqual(len(images), 40)
        self.assertEqual({tuple(image["frame"]) for image in images}, {(1024, 1024)})


if __name__ == "__main__":
    program.main()
