"""What comes of the verbs with an executor, as plain data; called within a session of an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hf_provenance as hfp
from engines import DiesOnce, error_of
from engines.test_annotating import ANNOTATOR, QUICK, job_of
from hf_provenance.engines.executors import Executor, do_all


def told_by(executor: Executor, place: Path, name: str) -> dict[str, Any]:
    """Write the folders `name`, `bad` and `killed`, and tell what else came of it all."""
    source, ghosts = str(place / "in/*.parquet"), str(place / "ghosts/*.parquet")
    options = {"executor": executor, "task_bytes": 1, **QUICK}
    hfp.annotate_files(source, place / name, ANNOTATOR, **options)
    bad = error_of(hfp.annotate_files, ghosts, place / "bad", ANNOTATOR, **options)
    job = job_of(source, place / "killed")
    list(do_all(executor, DiesOnce(job.run, place / "mark"), job.tasks))
    job.finish()
    audit = hfp.audit_files(str(place / name), str(place / "test.parquet"), executor=executor)
    sketch = hfp.sketch_files(source, executor=executor)
    return {
        "bad": bad,
        "killed": (place / "mark").exists(),
        "summary": hfp.summarize_files(place / name, executor=executor).to_dict(),
        "audit": audit.to_dict(),
        "diversity": hfp.measure_diversity(sketch).to_dict(),
    }
