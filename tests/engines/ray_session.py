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
from engines import error_of
from engines.test_annotating import ANNOTATOR
from engines.verbs import told_by
from hf_provenance.engines.files import find_files
from hf_provenance.engines.ray import RayExecutor, annotate


def told(place: Path) -> dict[str, Any]:
    """What comes of it all."""
    source, executor = str(place / "in/*.parquet"), RayExecutor()
    before = error_of(hfp.annotate_files, source, place / "none", ANNOTATOR, executor=executor)
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100_000_000,
        _node_ip_address="127.0.0.1",
    )
    features = ANNOTATOR.features(find_files(source).reader.features)
    pipeline = annotate(ray.data.read_parquet(str(place / "in")), ANNOTATOR)
    pipeline.write_parquet(str(place / "pipeline"), schema=features.arrow_schema)
    return {"before": before, **told_by(executor, place, "ray")}


if __name__ == "__main__":
    disable_progress_bars()
    answers = told(Path(sys.argv[1]))
    ray.shutdown()
    sys.stdout.write(json.dumps(answers) + "\n")
