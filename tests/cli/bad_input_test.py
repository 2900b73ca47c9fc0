"""What the programs say to bad input: exit code 1, what is wrong and where, and what to do."""

import json
import os
import shutil
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import SMALL, ProgramTest, chestmap, read, rows_of  # noqa: E402

LABELS = "Data_Entry_2017_v2020.csv"
BOXES = "BBox_List_2017.csv"


def edit(file, change):
    """Rewrites a text file as `change(list of its lines)` gives it."""
    lines = read(file).splitlines()
    lines = change(lines) or lines
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def replace_in_line(file, number, old, new):
    lines = read(file).splitlines()
    assert old in lines[number - 1], f"{file}:{number} has no {old!r}: {lines[number - 1]}"
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


class WithPhantoms(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phantoms = cls.make_phantoms("phantoms", images=60)

    def copy_of_phantoms(self):
        return Path(shutil.copytree(self.phantoms, self.scratch / "data"))

    def train_on(self, data, *arguments):
        return chestmap("train", "--data", data, "--out", self.scratch / "run", *SMALL, *arguments)


class BadDataFolder(WithPhantoms):
    def test_folder_that_does_not_exist(self):
        self.assert_user_error(self.train_on(self.scratch / "nowhere"), self.scratch / "nowhere")

    def test_file_instead_of_a_folder(self):
        readme = self.phantoms / "README.txt"
        self.assert_user_error(self.train_on(readme), readme, "is a file")

    def test_folder_without_a_label_table(self):
        empty = self.scratch / "empty"
        empty.mkdir()
        self.assert_user_error(self.train_on(empty), empty, LABELS)

    def test_label_table_without_a_needed_column(self):
        data = self.copy_of_phantoms()
        replace_in_line(data / LABELS, 1, "Finding Labels", "Finding Label")
        error = self.train_on(data)
        self.assert_user_error(error, f"{data / LABELS}:1", '"Finding Labels"', '"Finding Label"')

    def test_empty_label_table(self):
        data = self.copy_of_phantoms()
        (data / LABELS).write_text("")
        self.assert_user_error(self.train_on(data), data / LABELS, "empty")

    def test_label_table_that_was_cut_short(self):
        data = self.copy_of_phantoms()
        text = read(data / LABELS)
        cut = text.rindex(",No Finding") if ",No Finding" in text else len(text) - 30
        (data / LABELS).write_text(text[:cut])
        row = text[:cut].count("\n") + 1
        self.assert_user_error(self.train_on(data), f"{data / LABELS}:{row}", "cut short")

    def test_image_that_is_listed_twice(self):
        data = self.copy_of_phantoms()
        rows = read(data / LABELS).splitlines()
        edit(data / LABELS, lambda lines: [*lines, lines[4]])
        image = rows[4].split(",")[0]
        self.assert_user_error(
            self.train_on(data), f"{data / LABELS}:{len(rows) + 1}", image, "first row is 5"
        )

    def test_unknown_finding_names_the_nearest_known_one(self):
        data = self.copy_of_phantoms()
        edit(data / LABELS, lambda lines: [lines[0], lines[1].replace(
            lines[1].split(",")[1], "Atelectesis"), *lines[2:]])  # fmt: skip
        error = self.train_on(data)
        self.assert_user_error(error, f"{data / LABELS}:2", '"Atelectesis"', '"Atelectasis"')

    def test_finding_like_no_known_one_lists_them_all(self):
        data = self.copy_of_phantoms()
        edit(data / LABELS, lambda lines: [lines[0], lines[1].replace(
            lines[1].split(",")[1], "Xyzzy"), *lines[2:]])  # fmt: skip
        self.assert_user_error(self.train_on(data), '"Xyzzy"', "Atelectasis, Cardiomegaly")

    def test_box_outside_of_the_image(self):
        data = self.copy_of_phantoms()
        row = len(read(data / BOXES).splitlines()) + 1
        image = rows_of(data / LABELS)[0][0]
        edit(data / BOXES, lambda lines: [*lines, f"{image},Mass,900,900,300,50"])
        self.assert_user_error(self.train_on(data), f"{data / BOXES}:{row}", "1024x1024")

    def test_box_given_by_two_corners(self):
        data = self.copy_of_phantoms()
        image = rows_of(data / LABELS)[0][0]
        edit(data / BOXES, lambda lines: [lines[0], f"{image},Mass,500,500,-20,40"])
        self.assert_user_error(self.train_on(data), f"{data / BOXES}:2", "x,y,w,h")

    def test_box_of_an_image_that_the_table_lacks(self):
        data = self.copy_of_phantoms()
        edit(data / BOXES, lambda lines: [lines[0], "99999999_000.png,Mass,5,5,20,40"])
        self.assert_user_error(self.train_on(data), f"{data / BOXES}:2", "99999999_000.png", LABELS)

    def test_list_that_names_an_unknown_image(self):
        data = self.copy_of_phantoms()
        edit(data / "train_val_list.txt", lambda lines: ["99999999_000.png", *lines])
        self.assert_user_error(
            self.train_on(data), f"{data / 'train_val_list.txt'}:1", "99999999_000.png"
        )

    def test_patient_in_both_lists(self):
        data = self.copy_of_phantoms()
        stray = read(data / "test_list.txt").splitlines()[0]
        edit(data / "train_val_list.txt", lambda lines: [*lines, stray])
        self.assert_user_error(
            self.train_on(data), "train_val_list.txt", "test_list.txt", "patient"
        )

    def test_empty_training_list(self):
        data = self.copy_of_phantoms()
        (data / "train_val_list.txt").write_text("")
        self.assert_user_error(self.train_on(data), data, "train_val_list.txt", "data check")

    def test_no_image_of_the_training_list_is_there(self):
        data = self.copy_of_phantoms()
        for image in read(data / "train_val_list.txt").split():
            (data / "images" / image).unlink()
        self.assert_user_error(self.train_on(data), data, "train_val_list.txt", "data check")

    def test_patients_too_few_to_split(self):
        data = self.copy_of_phantoms()
        edit(data / "train_val_list.txt", lambda lines: lines[:1])
        self.assert_user_error(self.train_on(data), "patient")

    def test_no_finding_has_a_positive_image(self):
        data = self.copy_of_phantoms()
        (data / BOXES).unlink()

        def healthy(lines):
            rows = [line.split(",") for line in lines]
            for row in rows[1:]:
                row[1] = "No Finding"
            return [",".join(row) for row in rows]

        edit(data / LABELS, healthy)
        self.assert_user_error(self.train_on(data), "no finding is positive")

    def test_finding_that_is_never_positive_is_left_out_with_a_warning(self):
        data = self.copy_of_phantoms()
        (data / BOXES).unlink()
        labels = data / LABELS
        labels.write_text(
            read(labels).replace("Cardiomegaly|", "").replace("|Cardiomegaly", "")
            .replace("Cardiomegaly", "No Finding")
        )  # fmt: skip
        result = self.train_on(data)
        self.assertEqual(result.code, 0, str(result))
        warning = next(line for line in result.err.splitlines() if "never positive" in line)
        self.assertIn("Cardiomegaly", warning)
        self.assertNotIn("Effusion", warning)
        self.assertNotIn("auroc.Cardiomegaly", read(self.scratch / "run" / "log.csv"))
        self.assertIn("auroc.Effusion", read(self.scratch / "run" / "log.csv"))


class BrokenImages(WithPhantoms):
    def break_three_training_images(self):
        """The folder, and what must be said of each image by its name."""
        data = self.copy_of_phantoms()
        empty, cut, text = read(data / "train_val_list.txt").split()[3:6]
        (data / "images" / empty).write_bytes(b"")
        whole = (data / "images" / cut).read_bytes()
        (data / "images" / cut).write_bytes(whole[: len(whole) // 2])
        (data / "images" / text).write_text("this is no image\n")
        return data, {empty: "empty", cut: "ends early", text: "neither PNG, JPEG nor DICOM"}

    def assert_each_is_named(self, table, expected):
        reasons = dict(rows_of(table))
        self.assertEqual(set(reasons), set(expected))
        for image, part in expected.items():
            self.assertIn(part, reasons[image])

    def test_are_set_aside_and_training_goes_on(self):
        data, expected = self.break_three_training_images()
        result = self.train_on(data, "--set", "data.most_skipped=0.5")
        self.assertEqual(result.code, 0, str(result))
        table = self.scratch / "run" / "skipped.csv"
        self.assertIn(str(table), result.err)
        self.assert_each_is_named(table, expected)
        self.assertTrue((self.scratch / "run" / "model.safetensors").exists())

    def test_stop_training_where_they_are_too_many(self):
        data, expected = self.break_three_training_images()
        result = self.train_on(data, "--set", "data.most_skipped=0.01")
        self.assert_user_error(result, "cannot be read", "1 %")
        self.assertTrue(any(image in result.err for image in expected), str(result))

    def test_are_found_by_the_check_of_the_data(self):
        data, expected = self.break_three_training_images()
        table = self.scratch / "skipped.csv"
        check = chestmap("data", "check", data, "--decode", "--json", "--skipped", table)
        self.assertEqual(check.code, 0, str(check))
        found = {entry["image"] for entry in json.loads(check.out)["unreadable"]}
        self.assertEqual(found, set(expected))
        self.assert_each_is_named(table, expected)


class BadConfiguration(WithPhantoms):
    def assert_refused(self, setting, *parts):
        self.assert_user_error(self.train_on(self.phantoms, "--set", setting), *parts)
        self.assertFalse((self.scratch / "run").exists(), "a refused run left its folder")

    def test_unknown_key_names_the_nearest_known_one(self):
        self.assert_refused("train.epoch=3", '"train.epoch"', '"train.epochs"')

    def test_key_like_no_known_one(self):
        self.assert_refused("xyzzyxyzzyxyzzy=3", '"xyzzyxyzzyxyzzy"', "chestmap config")

    def test_setting_without_a_value(self):
        self.assert_refused("train.epochs", "KEY=VALUE")

    def test_wrong_types(self):
        self.assert_refused("train.epochs=many", "train.epochs=many: train.epochs", "whole number")
        self.assert_refused("train.epochs=1.5", "train.epochs", "whole number")
        self.assert_refused("train.epochs=", "train.epochs", "whole number")
        self.assert_refused("model.normalise_maps=1", "model.normalise_maps", "true or false")
        self.assert_refused("model.stages=4", "model.stages", "list of whole numbers")

    def test_values_out_of_range(self):
        self.assert_refused("train.epochs=0", "train.epochs = 0", "from 1")
        self.assert_refused("data.valid_fraction=2", "data.valid_fraction = 2", "0.01 to 0.9")
        self.assert_refused("model.lse_r=nan", "model.lse_r")

    def test_unknown_backbone(self):
        self.assert_refused("model.backbone=vgg16", "model.backbone", '"vgg16"', "densenet121")

    def test_stages_that_are_not_there_or_not_in_order(self):
        self.assert_refused("model.stages=[5]", "model.stages = 5", "1 to 4")
        self.assert_refused("model.stages=[4, 2]", "model.stages = [4, 2]", "rising")
        self.assert_refused("model.stages=[2, 2]", "model.stages = [2, 2]", "rising")
        self.assert_refused("model.stages=[]", "model.stages = []")

    def test_two_channels(self):
        self.assert_refused("model.channels=2", "model.channels")

    def test_area_prior_that_is_not_understood(self):
        self.assert_refused('boxes.area_prior=["Nodule"]', "boxes.area_prior", '"Nodule"')

    def test_unknown_device(self):
        for device in ("gpu", "cuda:x", "cuda:99999999999"):
            with self.subTest(device=device):
                result = self.train_on(self.phantoms, "--device", device)
                self.assert_user_error(result, f'"{device}"', "cuda:N")
                self.assertFalse((self.scratch / "run").exists())

    def test_errors_of_a_file_name_its_line(self):
        file = self.scratch / "my.toml"
        for text, *parts in (
            ("[train]\nepochs =\n", "2"),
            ('[train]\nepochs = "five"\n', "2", "train.epochs", "whole number"),
            ("[train]\n\nepochz = 5\n", "3", '"train.epochz"', '"train.epochs"'),
            ("[train]\n\n\nepochs = -5\n", "4", "train.epochs = -5"),
        ):
            with self.subTest(text=text):
                file.write_text(text)
                line, *others = parts
                result = self.train_on(self.phantoms, "--config", file)
                self.assert_user_error(result, f"{file}:{line}", *others)

    def test_file_that_does_not_exist(self):
        missing = self.scratch / "missing.toml"
        self.assert_user_error(self.train_on(self.phantoms, "--config", missing), missing)

    def test_learning_rate_that_no_training_survives(self):
        result = self.train_on(self.phantoms, "--set", "train.learning_rate=1e30")
        self.assert_user_error(result, "epoch 1", "train.learning_rate")


class BadCommandLine(ProgramTest):
    def test_mistyped_command_names_the_nearest(self):
        self.assert_user_error(chestmap("trian"), '"trian"', '"train"')

    def test_no_command(self):
        self.assert_user_error(chestmap(), "--help")

    def test_unknown_option(self):
        self.assert_user_error(
            chestmap("data", "check", "folder", "--bogus"), "--bogus", "chestmap data --help"
        )

    def test_missing_option(self):
        self.assert_user_error(chestmap("train", "--data", "x"), "--out", "chestmap train --help")

    def test_numbers_out_of_range(self):
        out = self.scratch / "phantoms"
        for option, value in (
            ("--images", -5), ("--images", 0), ("--size", 5), ("--test-fraction", 2),
            ("--label-noise", -1), ("--conspicuity", 0), ("--threads", 0),
        ):  # fmt: skip
            with self.subTest(option=option, value=value):
                result = chestmap("data", "phantom", out, "--images", 5, option, value) \
                    if option != "--images" else chestmap("data", "phantom", out, option, value)
                self.assert_user_error(result, option.strip("-").replace("-", "_")[:4])

    def test_folder_for_phantoms_that_is_not_empty(self):
        (self.scratch / "file").write_text("precious\n")
        for out in (self.scratch, self.scratch / "file"):
            with self.subTest(out=out):
                self.assert_user_error(chestmap("data", "phantom", out, "--images", 5), out)
        self.assertEqual(read(self.scratch / "file"), "precious\n")


class WithRun(WithPhantoms):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_folder = cls.folder / "trained"
        cls.train(cls.phantoms, cls.run_folder)

    def copy_of_run(self):
        return Path(shutil.copytree(self.run_folder, self.scratch / "run"))


class BadRunFolder(WithRun):
    def resume(self, run):
        return chestmap("train", "--data", self.phantoms, "--out", run, "--resume")

    def test_resume_where_there_is_no_run(self):
        run = self.scratch / "nothing"
        self.assert_user_error(self.resume(run), run, "no run to resume")

    def test_training_into_a_run_that_is_there(self):
        before = (self.run_folder / "model.safetensors").read_bytes()
        result = chestmap("train", "--data", self.phantoms, "--out", self.run_folder, *SMALL)
        self.assert_user_error(result, self.run_folder, "--resume")
        self.assertEqual((self.run_folder / "model.safetensors").read_bytes(), before)

    def test_resume_with_other_settings(self):
        result = chestmap("train", "--data", self.phantoms, "--out", self.run_folder, "--resume",
                          "--set", "train.epochs=9")  # fmt: skip
        self.assert_user_error(result, "--resume", "config.toml")

    def test_damaged_checkpoints(self):
        run = self.copy_of_run()
        whole = (run / "last.ckpt").read_bytes()
        middle = len(whole) // 2
        for what, content in {
            "empty": b"",
            "tiny": whole[:10],
            "cut": whole[:middle],
            "flipped bit": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "other file": (run / "model.safetensors").read_bytes(),
        }.items():
            with self.subTest(what=what):
                (run / "last.ckpt").write_bytes(content)
                self.assert_user_error(self.resume(run), run / "last.ckpt", "damaged")

    def test_checkpoint_of_another_configuration(self):
        run = self.copy_of_run()
        config = run / "config.toml"
        config.write_text(read(config).replace("densenet-compact", "resnet18"))
        self.assert_user_error(self.resume(run), run / "last.ckpt", "config.toml")

    def test_split_that_is_gone(self):
        run = self.copy_of_run()
        shutil.rmtree(run / "split")
        self.assert_user_error(self.resume(run), run / "split" / "train.txt")


class BadModel(WithRun):
    def evaluate(self, run, *arguments):
        return chestmap("evaluate", run, "--data", self.phantoms, "--out", self.scratch / "out",
                        "--threads", 1, "--resamples", 10, *arguments)  # fmt: skip

    def write_model(self, change):
        """The trained model, its metadata and the list of its tensors as `change` leaves them."""
        content = (self.run_folder / "model.safetensors").read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        metadata = json.loads(header["__metadata__"]["chestmap"])
        change(header, metadata)
        if "__metadata__" in header:
            header["__metadata__"] = {"chestmap": json.dumps(metadata)}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        run = self.scratch / "changed"
        run.mkdir(exist_ok=True)
        file = run / "model.safetensors"
        file.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])
        return file

    def test_run_that_does_not_exist_or_is_not_finished(self):
        for run in (self.scratch / "nowhere", self.scratch):
            self.assert_user_error(self.evaluate(run), run / "model.safetensors", "train")

    def test_damaged_files(self):
        run = self.copy_of_run()
        model = run / "model.safetensors"
        whole = model.read_bytes()
        for what, content in {
            "empty": b"",
            "tiny": whole[:5],
            "cut in the header": whole[:1000],
            "cut in the weights": whole[:-1000],
            "no safetensors": b"GIF89a" * 500,
        }.items():
            with self.subTest(what=what):
                model.write_bytes(content)
                self.assert_user_error(self.evaluate(run), model, "cut short")

    def test_missing_tensor(self):
        def rename(header, _):
            header["renamed"] = header.pop(sorted(header)[-1])

        model = self.write_model(rename)
        self.assert_user_error(
            self.evaluate(model.parent), model, "is missing", "renamed is unexpected"
        )

    def test_weights_without_a_description(self):
        model = self.write_model(lambda header, _: header.pop("__metadata__"))
        self.assert_user_error(self.evaluate(model.parent), model, "metadata")

    def test_descriptions_that_make_no_sense(self):
        def setter(section, key, value):
            def change(_, metadata):
                (metadata[section] if section else metadata)[key] = value

            return change

        for change in (
            setter("architecture", "backbone", "vgg16"),
            setter("architecture", "pooling", "swimming"),
            setter("architecture", "stages", [1, 2, 3, 9]),
            setter("preprocessing", "size", "big"),
            setter("preprocessing", "size", -1),
            setter("preprocessing", "size", 0),
            setter("preprocessing", "channels", -2),
            setter("preprocessing", "deviation", 0),
            setter("", "findings", []),
            setter("", "findings", ["Effusion"]),
            setter("", "format_version", 9),
        ):
            cells = [cell.cell_contents for cell in change.__closure__]
            with self.subTest(change=cells):
                model = self.write_model(change)
                self.assert_user_error(self.evaluate(model.parent), model)

    def test_data_set_without_the_findings_of_the_model(self):
        def rename(_, metadata):
            metadata["findings"] = [f"Sign {i}" for i in range(len(metadata["findings"]))]

        model = self.write_model(rename)
        self.assert_user_error(self.evaluate(model.parent), "share no finding", "Sign 0", "Nodule")

    def test_split_without_an_image(self):
        data = self.copy_of_phantoms()
        (data / "test_list.txt").write_text("")
        result = chestmap("evaluate", self.run_folder, "--data", data, "--out", self.scratch / "o")
        self.assert_user_error(result, '"test"', data, "test_list.txt")

    def test_options_out_of_range(self):
        self.assert_user_error(self.evaluate(self.run_folder, "--split", "training"), "--split")
        self.assert_user_error(self.evaluate(self.run_folder, "--resamples", "1"), "--resamples")


class BadImagesToLocalize(WithRun):
    def localize(self, *images, arguments=()):
        return chestmap("localize", self.run_folder, *images, "--out", self.scratch / "out",
                        "--threads", 1, *arguments)  # fmt: skip

    def bad_files(self):
        text = self.scratch / "text.png"
        text.write_text("this is no image\n")
        empty = self.scratch / "empty.jpg"
        empty.write_bytes(b"")
        return [text, empty, self.scratch / "missing.png"]

    def test_none_is_readable(self):
        result = self.localize(*self.bad_files())
        self.assert_user_error(result, "no image could be read", "skipped.csv")
        reasons = dict(rows_of(self.scratch / "out" / "skipped.csv"))
        self.assertEqual(list(reasons), [str(file) for file in self.bad_files()])
        self.assertIn("does not exist", reasons[str(self.scratch / "missing.png")])

    def test_one_of_several_is_readable(self):
        good = next((self.phantoms / "images").iterdir())
        result = self.localize(*self.bad_files(), good)
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual(len(rows_of(self.scratch / "out" / "skipped.csv")), 3)
        written = json.loads(read(self.scratch / "out" / "localization.json"))
        self.assertEqual([image["image"] for image in written["images"]], [good.name])

    def test_folder_without_images(self):
        empty = self.scratch / "none"
        empty.mkdir()
        self.assert_user_error(self.localize(empty), empty, "PNG, JPEG or DICOM")

    def test_finding_that_the_model_does_not_know(self):
        good = next((self.phantoms / "images").iterdir())
        result = self.localize(good, arguments=("--finding", "Noduel"))
        self.assert_user_error(result, '"Noduel"', '"Nodule"')


class UnwritableOutput(WithRun):
    def commands(self, out):
        image = next((self.phantoms / "images").iterdir())
        return {
            "train": ("train", "--data", self.phantoms, "--out", out, *SMALL),
            "evaluate": ("evaluate", self.run_folder, "--data", self.phantoms, "--out", out,
                         "--resamples", 10),
            "localize": ("localize", self.run_folder, image, "--all", "--out", out),
            "phantom": ("data", "phantom", out, "--images", 60),
        }  # fmt: skip

    def test_path_below_a_file(self):
        file = self.scratch / "file"
        file.write_text("precious\n")
        for name, command in self.commands(file / "out").items():
            with self.subTest(command=name):
                self.assert_user_error(chestmap(*command), file / "out", "Not a directory")

    def test_name_that_is_too_long(self):
        out = self.scratch / ("x" * 300)
        for name, command in self.commands(out).items():
            with self.subTest(command=name):
                self.assert_user_error(chestmap(*command), out, "too long")

    def test_full_disk(self):
        disk = self.scratch / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("a small file system to fill cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        for name, command in self.commands(disk / "out").items():
            with self.subTest(command=name):
                self.assert_user_error(chestmap(*command), disk / "out", "No space left", "full")
                left = [file.name for file in disk.rglob("*.tmp*")]
                self.assertEqual(left, [], "half-written files stay behind")
                shutil.rmtree(disk / "out")

    def test_full_standard_output(self):
        for command in (("config",), ("--help",), ("--version",), ("data", "check", self.phantoms)):
            with self.subTest(command=command[0]), open("/dev/full", "wb") as full:
                self.assert_user_error(chestmap(*command, stdout=full), "standard output")


if __name__ == "__main__":
    program.main()
