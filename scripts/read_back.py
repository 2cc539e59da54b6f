"""Load a repo folder the way a reader would, in each of its views, and print the rows."""

from __future__ import annotations

import sys

from datasets import disable_progress_bars, load_dataset


def main(folder: str) -> None:
    """Print the splits of the default view, the crawl-date view and one bucket."""
    disable_progress_bars()
    default = load_dataset(folder)
    by_date = load_dataset(folder, "crawl_date")
    bucket = next(iter(by_date))
    print(f"load_dataset(folder)                -> {_rows(default)}")
    print(f'load_dataset(folder, "crawl_date")  -> {_rows(by_date)}')
    alone = load_dataset(folder, f"crawl_date.{bucket}")
    print(f'load_dataset(folder, "crawl_date.{bucket}")  -> {_rows(alone)}')
    total, divided = (sum(len(split) for split in view.values()) for view in (default, by_date))
    if total != divided:
        sys.exit(f"the views disagree: {total} rows against {divided}")
    print(f"Both views hold {total:,} rows.")


def _rows(dataset: dict[str, list[object]]) -> str:
    return ", ".join(f"{name} {len(split):,}" for name, split in dataset.items())


if __name__ == "__main__":
    main(sys.argv[1])
