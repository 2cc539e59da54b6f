"""Files and trees: how they are named, listed and stored.

A tree is a plain dictionary from path to `File`. Names are those of git: the SHA-1 of a blob, and
for LFS the SHA-256 of the content next to the SHA-1 of its pointer.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

Tree = Mapping[str, "File"]

LARGE = 10 * 1024 * 1024
LFS = "filter=lfs diff=lfs merge=lfs -text"
ATTRIBUTES = "".join(
    f"{pattern} {LFS}\n"
    for pattern in (
        *("*.7z", "*.arrow", "*.avro", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gz", "*.h5"),
        *("*.joblib", "*.lz4", "*.mds", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx"),
        *("*.parquet", "*.pb", "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors"),
        *("*.tar", "*.tar.*", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip", "*.zst"),
        *("*tfevents*", "*.wav", "*.mp3", "*.flac", "*.gif", "*.png", "*.jpg", "*.jpeg", "*.mp4"),
    )
).encode()


def git_oid(kind: str, content: bytes) -> str:
    """The name that git gives to an object."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


@dataclass(frozen=True)
class File:
    """One file of a tree.

    Args:
        content: Its bytes.
        lfs: Whether git holds only a pointer to it.
    """

    content: bytes
    lfs: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        """What git holds in place of an LFS file."""
        lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{self.sha256}")
        return "\n".join((*lines, f"size {self.size}\n")).encode()

    @cached_property
    def oid(self) -> str:
        return git_oid("blob", self.pointer if self.lfs else self.content)

    @property
    def etag(self) -> str:
        """By this name a client keeps the file in its cache, and knows it again."""
        return self.sha256 if self.lfs else self.oid

    def entry(self, path: str) -> dict[str, Any]:
        """The file as the tree and the paths-info calls tell of it."""
        entry = {"type": "file", "oid": self.oid, "size": self.size, "path": path}
        if self.lfs:
            size = {"size": self.size, "pointerSize": len(self.pointer)}
            entry["lfs"] = {"oid": self.sha256, **size}
        return entry


def folder_entry(tree: Tree, folder: str) -> dict[str, Any]:
    """A folder as the tree call tells of it; its name changes with anything in it."""
    inside = sorted(f"{path} {file.oid}\n" for path, file in tree.items() if within(path, folder))
    oid = git_oid("tree", "".join(inside).encode())
    return {"type": "directory", "oid": oid, "size": 0, "path": folder}


def within(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


def folders(tree: Tree) -> set[str]:
    """Every folder of a tree; git knows no empty ones."""
    return {str(parent) for path in tree for parent in PurePosixPath(path).parents} - {"."}


def entry(tree: Tree, path: str) -> dict[str, Any] | None:
    """The file or the folder at a path, or None."""
    if path in tree:
        return tree[path].entry(path)
    return folder_entry(tree, path) if any(within(name, path) for name in tree) else None


def listing(tree: Tree, folder: str, recursive: bool) -> list[str]:
    """The paths of the files and the folders of a folder, in order."""
    depth = folder.count("/") + 2 if folder else 1
    paths = (path for path in {*tree, *folders(tree)} if within(path, folder))
    return sorted(path for path in paths if recursive or path.count("/") < depth)


def wants_lfs(tree: Tree, path: str, sample: bytes, size: int) -> bool:
    """Whether the Hub takes a file by LFS: by its name, by its size, or as it is no text."""
    attributes = tree[".gitattributes"].content.decode() if ".gitattributes" in tree else ""
    rules = [line.split() for line in attributes.splitlines() if "filter=lfs" in line]
    named = any(_matches(path, rule[0]) for rule in rules)
    return named or size > LARGE or not _is_text(sample)


def _is_text(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:  # not just a sample that ends within a sign
            return False
    return b"\0" not in sample


def is_ignored(rules: str, path: str) -> bool:
    """Whether a `.gitignore` names a path: the last rule that fits decides."""
    ignored = False
    for line in rules.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        wanted = not rule.startswith("!")
        if any(_fits(rule.removeprefix("!"), *step) for step in _steps(path)):
            ignored = wanted
    return ignored


def _steps(path: str) -> Iterator[tuple[str, bool]]:
    """A path and the folders that hold it, each with whether it is a folder."""
    yield path, False
    yield from ((str(parent), True) for parent in PurePosixPath(path).parents if parent.name)


def _fits(rule: str, path: str, is_folder: bool) -> bool:
    if rule.endswith("/") and not is_folder:
        return False
    return _matches(path, rule.rstrip("/"))


def _matches(path: str, pattern: str) -> bool:
    """Git's way: a pattern without a slash is for the name alone."""
    anchored = "/" in pattern
    name = path if anchored else path.rsplit("/", 1)[-1]
    return fnmatch.fnmatchcase(name, pattern.removeprefix("/").replace("**/", "*"))


def overlaps(tree: Iterable[str]) -> list[str]:
    """Paths that would have to be a file and a folder at once."""
    paths = set(tree)
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return sorted(paths & parents)
