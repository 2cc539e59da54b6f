"""Every block of the README is executed, and what it prints is compared."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from datasets import Dataset

import hf_provenance as hfp
from hf_provenance import schema

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


STORIES = b"""---
language_creators:
- machine-generated
---
# Stories
"""


def test_the_python_blocks_print_what_the_text_blocks_say(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hub.create("bob/stories", files={"README.md": STORIES})
    names: dict[str, object] = {}
    expected = iter(text for language, text in BLOCKS if language == "text")
    for language, code in BLOCKS:
        if language == "python":
            printed = StringIO()
            with redirect_stdout(printed):
                exec(compile(code, "README.md", "exec"), names)
            assert printed.getvalue() == next(expected)
    assert next(expected, None) is None


def commands() -> list[str]:
    shell = [text for language, text in BLOCKS if language == "bash"]
    return [line for text in shell for line in text.splitlines()]


def test_the_commands_run_in_the_order_of_the_readme(hub, tmp_path):
    rows = hfp.annotate(Dataset.from_dict({"text": ["A cat."]}), origin="human")
    hfp.push_to_hub(rows, "alice/cats", progress=False)
    ours = [line for line in commands() if line.startswith("hf-provenance ")]
    assert len(ours) >= 3
    for line in ours:
        _, *arguments = shlex.split(line)
        program = [sys.executable, "-m", "hf_provenance", *arguments]
        done = subprocess.run(
            program,
            cwd=tmp_path,
            env=hub.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_what_is_installed_is_what_this_project_is_called():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"pip install {project['name']}" in commands()
    assert set(re.findall(rf"{project['name']}\[([\w-]+)\]", README)) == set(
        project["optional-dependencies"]
    )


@pytest.mark.parametrize("script", ["demo", "test", "bench"])
def test_the_scripts_are_there_and_can_be_run(script):
    line = next(line for line in commands() if line.startswith(f"scripts/{script}"))
    path = ROOT / line.split()[0]
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_the_table_of_columns_has_all_of_them():
    for column in schema.COLUMNS:
        assert f"`{column.name}`" in README


def test_every_link_into_the_project_leads_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
