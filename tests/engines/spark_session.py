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

from engines import dies, error_of
from engines.test_annotating import ANNOTATOR
from engines.verbs import told_by
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
    executor = SparkExecutor(spark)
    frame = annotate(spark.read.parquet(str(place / "in")), ANNOTATOR)
    frame.write.parquet(str(place / "pipeline"))
    return {
        "types": frame.schema.simpleString(),
        "dies": error_of(lambda: list(do_all(executor, dies, [1]))),
        "none": list(do_all(executor, dies, [])),
        **told_by(executor, place, "spark"),
    }


if __name__ == "__main__":
    disable_progress_bars()
    spark = session()
    spark.sparkContext.setLogLevel("OFF")
    answers = told(spark, Path(sys.argv[1]))
    spark.stop()
    sys.stdout.write(json.dumps(answers) + "\n")
