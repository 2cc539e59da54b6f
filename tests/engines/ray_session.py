"""A session of Ray with two cores, which tells as JSON what came of the package's verbs.

Run by `test_ray.py` where there is no network but loopback: Ray itself listens on all addresses.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

import ray
from datasets import disable_progress_bars

import hf_provenance as hfp
from engines import DiesOnce, error_of
from engines.test_annotating import ANNOTATOR, QUICK, job_of
from hf_provenance.engines.executors import do_all
from hf_provenance.engines.ray import RayExecutor, annotate


def told(place: Path) -> dict[str, Any]:
    """What comes of it all."""
    source, ghosts = str(place / "in/*.parquet"), str(place / "ghosts/*.parquet")
    before = error_of(hfp.annotate_files, source, place / "none", ANNOTATOR, executor=RayExecutor())
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100_000_000,
        _node_ip_address="127.0.0.1",
    )
    executor = RayExecutor()
    hfp.annotate_files(source, place / "ray", ANNOTATOR, executor=executor, task_bytes=1, **QUICK)
    bad = error_of(
        hfp.annotate_files,
        ghosts,
        place / "bad",
        ANNOTATOR,
        executor=executor,
        task_bytes=1,
        **QUICK,
    )
    job = job_of(source, place / "killed")
    list(do_all(executor, DiesOnce(job.run, place / "mark"), job.tasks))
    job.finish()
    features = hfp.engines.files.find_files(source).reader.features
    pipeline = annotate(ray.data.read_parquet(str(place / "in")), ANNOTATOR)
    pipeline.write_parquet(
        str(place / "pipeline"), schema=ANNOTATOR.features(features).arrow_schema
    )
    test = str(place / "test.parquet")
    audit = hfp.audit_files(str(place / "ray"), test, executor=executor)
    sketch = hfp.sketch_files(source, executor=executor)
    return {
        "before": before,
        "bad": bad,
        "killed": (place / "mark").exists(),
        "summary": hfp.summarize_files(place / "ray", executor=executor).to_dict(),
        "audit": audit.to_dict(),
        "diversity": hfp.measure_diversity(sketch).to_dict(),
    }


if __name__ == "__main__":
    disable_progress_bars()
    answers = told(Path(sys.argv[1]))
    ray.shutdown()
    sys.stdout.write(json.dumps(answers) + "\n")
