"""What is installed is complete: data, templates, types and the console script."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.parametrize(
    "path",
    [
        "py.typed",
        "card/templates/card.md.jinja",
        "sources/crawl_windows.csv",
        "sources/layouts.toml",
        "sources/markers.toml",
        "sources/registry.toml",
        "demo/train.parquet",
        "demo/test.parquet",
        "demo/NOTICE",
        "demo/README.md",
        "demo/manifest.json",
    ],
)
def test_the_wheel_holds_what_the_code_reads(wheel, path):
    assert f"hf_provenance/{path}" in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 2_000_000


def test_the_demo_runs_from_the_wheel_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    command = [sys.executable, "-m", "hf_provenance", "demo", "-o", "out"]
    environment = {"PYTHONPATH": str(tmp_path / "site"), "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "README.md").is_file()


def test_the_console_script_has_the_name_that_the_hub_client_expects():
    assert PROJECT["scripts"] == {"hf-provenance": "hf_provenance.cli:run"}
    # The client would take a file of that name in the root for the extension itself.
    assert not (ROOT / "hf-provenance").exists()


def test_the_description_is_one_line_as_the_hub_client_reads_it():
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith("description = "))
    assert line == f'description = "{PROJECT["description"]}"'


def test_every_dependency_has_its_reason():
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    extras = [each for group in PROJECT["optional-dependencies"].values() for each in group]
    for requirement in [*PROJECT["dependencies"], *extras]:
        name = requirement.split(">")[0].split("[")[0]
        assert f"| `{name}`" in contributing, name


def test_no_file_in_the_demo_is_over_its_size():
    files = (ROOT / "hf_provenance" / "demo").iterdir()
    assert sum(file.stat().st_size for file in files if file.is_file()) <= 1_500_000
