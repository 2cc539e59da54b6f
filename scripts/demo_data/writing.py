"""Writing the files: both splits, what describes them, and the rows behind the gallery's cards."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demo_data.choosing import distinct, spread
from demo_data.describing import manifest, notice, readme
from demo_data.languages import read_catalogues
from demo_data.packages import HERE, PACKAGES
from demo_data.release_notes import read_sqlalchemy
from demo_data.rows import DEMO, ROOT, SCHEMA, SEED, SOURCES, SPLITS, Row

CARD_ROWS = 800
CARD_COLUMNS = ("text", "url", "date", "language", "license", "source")


def write_parquet(rows: Sequence[Row], path: Path, columns: Sequence[str] = ()) -> None:
    """Write rows as one zstd-compressed row group."""
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMA)
    if columns:
        table = table.select([name for name in SCHEMA.names if name in columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)
    print(f"{path.relative_to(ROOT)}: {table.num_rows} rows, {path.stat().st_size:,} bytes")


def write_card_sources(archives: dict[str, Path]) -> None:
    """Two small real data sets, unlabelled, for the cards in the gallery."""
    rng = random.Random(SEED)
    changes = distinct(read_sqlalchemy(archives["sqlalchemy"], shortest=60))
    chosen = spread(changes, CARD_ROWS, lambda row: row.year, rng)
    by_date = sorted(chosen, key=lambda row: (row.date or "", row.id))
    write_parquet(by_date, SOURCES / "sqlalchemy_changelog.parquet", ("id", "title", *CARD_COLUMNS))
    strings = distinct(read_catalogues(archives["Django"]))
    chosen = spread(strings, CARD_ROWS, lambda row: row.language, rng)
    by_date = sorted(chosen, key=lambda row: (row.date or "", row.id))
    write_parquet(by_date, SOURCES / "django_translations.parquet", CARD_COLUMNS)
    pins = {"sqlalchemy": PACKAGES["sqlalchemy"].pin, "django": PACKAGES["Django"].pin}
    text = (HERE / "sources_readme.md").read_text(encoding="utf-8").format(**pins)
    (SOURCES / "README.md").write_text(text, encoding="utf-8")


def write_demo(train: Sequence[Row], test: Sequence[Row], archives: dict[str, Path]) -> None:
    """Write the splits and what describes them."""
    for rows, name in zip((train, test), SPLITS, strict=True):
        write_parquet(rows, DEMO / name)
    facts = json.dumps(manifest(train, test), indent=2, ensure_ascii=False)
    (DEMO / "manifest.json").write_text(facts + "\n", encoding="utf-8")
    (DEMO / "NOTICE").write_text(notice(archives), encoding="utf-8")
    (DEMO / "README.md").write_text(readme(train, test), encoding="utf-8")
