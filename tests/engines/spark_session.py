"""A session of Spark with two cores, on loopback, which tells as JSON what came of the verbs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}

from datasets import disable_progress_bars
from pyspark.sql import SparkSession

import hf_provenance as hfp
from engines import DiesOnce, dies, error_of
from engines.test_annotating import ANNOTATOR, QUICK, job_of
from hf_provenance.engines.executors import do_all
from hf_provenance.engines.spark import SparkExecutor, annotate


def session() -> Any:
    """Spark on this machine; a task is tried twice."""
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    }
    builder = SparkSession.builder.master("local[2,2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def told(spark: Any, place: Path) -> dict[str, Any]:
    """What comes of it all."""
    source, ghosts = str(place / "in/*.parquet"), str(place / "ghosts/*.parquet")
    executor = SparkExecutor(spark)
    hfp.annotate_files(source, place / "spark", ANNOTATOR, executor=executor, task_bytes=1, **QUICK)
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
    frame = annotate(spark.read.parquet(str(place / "in")), ANNOTATOR)
    frame.write.parquet(str(place / "pipeline"))
    audit = hfp.audit_files(str(place / "spark"), str(place / "test.parquet"), executor=executor)
    return {
        "bad": bad,
        "killed": (place / "mark").exists(),
        "dies": error_of(lambda: list(do_all(executor, dies, [1]))),
        "types": frame.schema.simpleString(),
        "summary": hfp.summarize_files(place / "spark", executor=executor).to_dict(),
        "audit": audit.to_dict(),
        "none": list(do_all(executor, dies, [])),
    }


if __name__ == "__main__":
    disable_progress_bars()
    spark = session()
    spark.sparkContext.setLogLevel("OFF")
    answers = told(spark, Path(sys.argv[1]))
    spark.stop()
    sys.stdout.write(json.dumps(answers) + "\n")
