"""Runs every command that README.md and docs/*.md show in blocks fenced as ```sh.

The blocks of a file are one script, run by `bash -euo pipefail` in a folder of its own, in which
`./run` is a stand-in that shortens the demo and skips what installs or builds. Lines that begin with
`git clone` or `cd ` are dropped. In the script a command stands on the line that it has in the
document, so that bash's line numbers are the document's.
"""

import os
import subprocess
import sys
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
  setup | build | test | lint | bench | fuzz) ;;
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
    def run_document(self, document, name):
        """What bash said, and its exit code; None where the document has no command."""
        lines = commands_of(document)
        if not any(lines):
            return None
        place = self.scratch / "work"
        place.mkdir()
        stand_in = place / "run"
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
        # A document begins with its title, so there is room for the trap.
        self.assertEqual(lines[0], "", f"{name} begins with a command")
        lines[0] = f"set -E; trap 'echo \"{name}:$LINENO: $BASH_COMMAND\" >&2' ERR"
        script = self.scratch / "script.sh"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", str(script)], cwd=place, capture_output=True, text=True,
            timeout=600, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{program.BIN}:{os.environ['PATH']}"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr.replace(str(script), name)

    def write_document(self, text):
        document = self.scratch / "page.md"
        document.write_text(text)
        return document

    def test_shell_blocks_alone_are_commands_and_keep_their_lines(self):
        document = self.write_document(
            "# Title\n```sh\necho a\ncd there\n  git clone x\n```\n"
            "```text\nno\n```\n    ```sh\n    b\n    ```\n"
        )
        expected = ["", "", "echo a", "", "", "", "", "", "", "", "    b", ""]
        self.assertEqual(commands_of(document), expected)

    def test_failing_command_is_named_with_its_line(self):
        document = self.write_document(
            "# Title\n\n```sh\n./run setup\nchestmap --version | cat\n```\n\nThen\n\n"
            "```sh\nvalue=$(chestmap trian |\n  cat)\nexit 0\n```\n"
        )
        code, said = self.run_document(document, "page.md")
        self.assertEqual(code, 1)
        self.assertRegex(said, r"page\.md:1[12]: value=")
        self.assertIn("Research use only", said)


def add_test(document):
    name = document.relative_to(ROOT).as_posix()

    def test(self):
        result = self.run_document(document, name)
        if result is not None:
            code, said = result
            self.assertEqual(code, 0, f"a command of {name} failed:\n{said}")

    setattr(DocumentedCommands, "test_commands_of_" + name, test)


for _document in DOCUMENTS:
    if _document.exists():
        add_test(_document)

if __name__ == "__main__":
    program.main()
