"""Which splits are training data and which are the evaluation set; never one of them both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from datasets import Dataset, IterableDataset

from hf_provenance.errors import UsageError
from hf_provenance.inputs import open_input, reading
from hf_provenance.tables import arrow_rows, batch_rows, named_splits

_EVALUATION = re.compile(
    r"(test|validation|valid|val|dev|eval|evaluation|held_?out)($|[._\d])", re.IGNORECASE
)
"""Names of splits that are not for training."""

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(?<!\.parquet)(?<!\.jsonl)(?<!\.json)(?<!\.csv)")

TRAIN, EVALUATION = "train", "evaluation"


class Place(NamedTuple):
    """A dataset by name.

    Attributes:
        name: A file, glob or folder, or a Hub id, also as `owner/name@revision`.
        config: Its config, where there are several.
        workers: Read its rows for an audit; see `Chosen`.
    """

    name: str
    config: str | None = None
    workers: Callable[..., Iterable[Any]] | None = None

    @property
    def parts(self) -> tuple[str, str | None]:
        """The name and the revision."""
        name, at, revision = self.name.rpartition("@")
        if at and name.count("/") == 1 and not Path(self.name).exists():
            return name, revision
        return self.name, None

    @property
    def is_published(self) -> bool:
        """Whether it may be a repo, in a folder or on the Hub, and not a file."""
        path = Path(self.parts[0])
        return path.is_dir() or (not path.exists() and bool(_HUB_ID.fullmatch(self.parts[0])))

    def open(self) -> Any:
        """Open it as a stream.

        Raises:
            InputError: It is not there, or cannot be read.
        """
        name, revision = self.parts
        return open_input(name, config=self.config, revision=revision)

    def __str__(self) -> str:
        """Hub ids whole, of a path only its end: reports get published, machines do not."""
        return self.name if self.parts[0].count("/") == 1 else Path(self.name).name


@dataclass(frozen=True)
class Chosen:
    """The splits of one side.

    Attributes:
        role: `train` or `evaluation`.
        name: What the dataset is called; empty if it has no name.
        splits: Name -> split.
        left_out: Splits that were not chosen.
        workers: Read the rows of the training side in place of whoever asks: called with the
            `TrainingReader`, these splits and the columns; gives what each has seen.
    """

    role: str
    name: str
    splits: dict[str, Any]
    left_out: tuple[str, ...]
    workers: Callable[..., Iterable[Any]] | None = None

    @property
    def title(self) -> str:
        """Name and splits, for people."""
        splits = ", ".join(self.splits)
        return f"{self.name} ({splits})" if self.name else splits

    def tables(
        self, choose: Callable[[pa.Schema], Sequence[str]]
    ) -> Iterator[tuple[str, pa.Table]]:
        """The rows with the name of their split, some megabytes at a time.

        Args:
            choose: Says which columns of a split to read.

        Raises:
            InputError: They cannot be read.
        """
        for split, rows in self.splits.items():
            with reading(self.name or f"{self.role}, split {split!r}"):
                found = arrow_rows(rows)
                found = found.select_columns(list(choose(found.features.arrow_schema)))
                for table in found.iter(batch_size=batch_rows(rows)):
                    yield split, table


def choose(
    train: Any,
    evaluation: Any,
    train_split: str | Sequence[str] | None = None,
    evaluation_split: str | Sequence[str] | None = None,
) -> tuple[Chosen, Chosen]:
    """Choose the splits of both sides.

    A dataset of one split is taken as it is. Of several, those called `test`, `validation`, `dev`
    and the like are for evaluation, and the others for training.

    Args:
        train: A dataset, or the name of one.
        evaluation: A dataset, or the name of one.
        train_split: Splits to take in place of that.
        evaluation_split: Splits to take in place of that.

    Raises:
        UsageError: No split fits, or one would be held against itself.
        InputError: A name cannot be opened.
    """
    train, evaluation = placed(train), placed(evaluation)
    same = train is evaluation or _is_same_place(train, evaluation)
    held_out = _one_side(EVALUATION, evaluation, evaluation_split, ())
    taken = tuple(held_out.splits) if same and train_split is None else ()
    learned = _one_side(TRAIN, train, train_split, taken)
    for name, split in learned.splits.items():
        for other, rows in held_out.splits.items():
            if (same and name == other) or split is rows or _is_same(split, rows):
                raise UsageError(
                    f"the split {name!r} would be audited against itself (as {other!r} it has the "
                    "same rows), and each of them found: pass the training and the evaluation "
                    'rows apart, as in audit(ds["train"], ds["test"]).'
                )
    if same:  # neither side leaves out what the other one takes
        idle = tuple(name for name in learned.left_out if name not in held_out.splits)
        learned, held_out = replace(learned, left_out=()), replace(held_out, left_out=idle)
    return learned, held_out


def training_splits(dataset: Any, wanted: str | Sequence[str] | None = None) -> Chosen:
    """The training splits of a dataset.

    Raises:
        UsageError: There are none.
        InputError: A name cannot be opened.
    """
    return _one_side(TRAIN, placed(dataset), wanted, ())


def placed(dataset: Any) -> Any:
    """A name as a place; anything else as it is."""
    if isinstance(dataset, Place):
        return dataset
    return Place(str(dataset)) if isinstance(dataset, str | Path) else dataset


def _one_side(
    role: str, dataset: Any, wanted: str | Sequence[str] | None, taken: Sequence[str]
) -> Chosen:
    name = str(dataset) if isinstance(dataset, Place) else ""
    if isinstance(dataset, Dataset | IterableDataset) and dataset.split is None:
        return Chosen(role, name, {role: dataset}, ())
    splits = named_splits(dataset.open() if isinstance(dataset, Place) else dataset)
    names = splits_for(role, list(splits), wanted, taken, name or f"the {role} data")
    left_out = tuple(each for each in splits if each not in names)
    workers = dataset.workers if isinstance(dataset, Place) else None
    return Chosen(role, name, {each: splits[each] for each in names}, left_out, workers)


def splits_for(
    role: str,
    splits: Sequence[str],
    wanted: str | Sequence[str] | None,
    taken: Sequence[str],
    where: str,
) -> list[str]:
    """The splits of a dataset that are for training or for evaluation.

    Args:
        role: `train` or `evaluation`.
        splits: All of them.
        wanted: Those that the caller named; None to go by their names.
        taken: Those that the other side has.
        where: How to name the dataset in the error.

    Raises:
        UsageError: There are none.
    """
    if wanted is not None:
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        odd = [each for each in names if each not in splits]
        if odd or not names:
            raise UsageError(
                f"{role}_split={wanted!r}: {where} has no such split; it has {list(splits)}."
            )
        return names
    free = [each for each in splits if each not in taken]
    names = [each for each in free if bool(_EVALUATION.match(each)) == (role == EVALUATION)]
    names = free if len(splits) == 1 else names
    if not names and len(splits) == 1:
        raise UsageError(
            f"{where} has one split, {splits[0]!r}, which would be audited against itself: pass "
            "the training and the evaluation rows apart."
        )
    if not names:
        raise UsageError(
            f"which of the splits {list(splits)} of {where} are for {role}? Name them with "
            f"{role}_split=."
        )
    return names


def _is_same_place(train: Any, evaluation: Any) -> bool:
    """Whether both sides are named, and alike."""
    both = isinstance(train, Place) and isinstance(evaluation, Place)
    return both and train[:2] == evaluation[:2]


def _is_same(split: Any, other: Any) -> bool:
    """Whether two splits are one by what `datasets` knows of how they came about."""
    if not (isinstance(split, Dataset) and isinstance(other, Dataset)):
        return False
    return bool(split._fingerprint == other._fingerprint)
