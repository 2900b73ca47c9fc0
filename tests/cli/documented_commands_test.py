"""Runs every command that README.md and docs/*.md show in blocks fenced as ```sh.

The blocks of a file are one script, run by `bash -euo pipefail` in a folder of its own, in which
`./run` is a stand-in that shortens the demo and skips what installs or builds. Lines that begin with
`git clone` or `cd ` are dropped. In the script a command stands on the line that it has in the
document, so that bash's line numbers are the document's.
"""

import os
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import program  # noqa: E402
from program import ProgramTest  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
DROPPED = ("git clone", "cd ")

STAND_IN = """\
#!/usr/bin/env bash
set -euo pipefail
case "${1:-}" in
  setup | build | test | lint | bench) ;;
  chestmap) exec chestmap "${@:2}" ;;
  demo)
    arguments=("${@:2}")
    [[ " $* " == *" --images "* ]] || arguments+=(--images 80)
    [[ " $* " == *" --epochs "* ]] || arguments+=(--epochs 1)
    exec chestmap demo "${arguments[@]}"
    ;;
  *)
    echo "./run has no command '${1:-}'" >&2
    exit 1
    ;;
esac
"""


def commands_of(document):
    """The document's lines, with everything blank that is no command."""
    lines, inside = [], None
    for line in document.read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if inside is None:
            if stripped.startswith("```"):
                inside = stripped.strip("`").strip()
            lines.append("")
        elif stripped == "```":
            inside = None
            lines.append("")
        else:
            keep = inside == "sh" and not stripped.startswith(DROPPED)
            lines.append(line if keep else "")
    return lines


class DocumentedCommands(ProgramTest):
    def run_document(self, document):
        lines = commands_of(document)
        if not any(lines):
            return
        name = document.relative_to(ROOT).as_posix()
        place = self.scratch / "work"
        place.mkdir()
        stand_in = place / "run"
        stand_in.write_text(STAND_IN)
        stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
        script = self.scratch / "script.sh"
        # The first line of a document is its title, so the trap may stand there.
        self.assertEqual(lines[0], "", f"{name} begins with a command")
        lines[0] = f"set -E; trap 'echo \"{name}:$LINENO: $BASH_COMMAND\" >&2' ERR"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", str(script)], cwd=place, capture_output=True, text=True,
            timeout=600, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{program.BIN}:{os.environ['PATH']}"},
        )  # fmt: skip
        said = done.stderr.replace(str(script), name)
        self.assertEqual(done.returncode, 0, f"a command of {name} failed:\n{done.stdout}{said}")


def add_test(document):
    name = document.relative_to(ROOT).as_posix()

    def test(self):
        self.run_document(document)

    test.__doc__ = f"the commands of {name}"
    setattr(DocumentedCommands, "test_" + name.replace("/", "_").replace(".", "_"), test)


class Extraction(unittest.TestCase):
    def test_takes_shell_blocks_and_keeps_their_lines(self):
        folder = Path(self.enterContext(__import__("tempfile").TemporaryDirectory()))
        document = folder / "page.md"
        document.write_text(
            "# Title\n```sh\necho a\ncd there\n  git clone x\n```\n```text\nno\n```\n    ```sh\n    b\n    ```\n"
        )
        expected = ["", "", "echo a", "", "", "", "", "", "", "", "    b", ""]
        self.assertEqual(commands_of(document), expected)


for _document in DOCUMENTS:
    if _document.exists():
        add_test(_document)

if __name__ == "__main__":
    program.main()
