"""Spark: file tasks as rows of a data frame, and the kernel within a job of one's own.

Sessions are the caller's: nothing here starts or stops one. Workers need this package, and the
folder that is written; set `PYSPARK_PYTHON` to the Python that has both before the session starts.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Features

from hf_provenance.annotator import Annotator
from hf_provenance.errors import EngineError, MissingExtraError


@dataclass(frozen=True)
class SparkExecutor:
    """Does tasks on Spark, one a partition; results come when all are done.

    Attributes:
        spark: The `SparkSession`.
    """

    spark: Any

    def map(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        """The results, in the order of the items.

        A task whose worker dies is given to another as often as Spark is set to
        (`spark.task.maxFailures`; a `local[N]` master gives up at once, `local[N,F]` after F).

        Raises:
            EngineError: Spark gave up, or its workers have no such package.
        """
        if not items:
            return
        rows = [(number, bytearray(pickle.dumps(item))) for number, item in enumerate(items)]
        frame = self.spark.createDataFrame(rows, "number bigint, item binary")
        # By range each number has a partition of its own; by hash two may share one.
        spread = frame.repartitionByRange(len(rows), "number")
        work = spread.mapInArrow(_answers(function), "number bigint, answer binary")
        try:
            answers = work.toArrow()
        except _errors() as error:
            raise EngineError(_what_happened(error)) from error
        for answer in answers.sort_by("number")["answer"]:
            yield pickle.loads(answer.as_py())  # made by our own workers


def annotate(frame: Any, annotator: Annotator) -> Any:
    """Label the rows of a Spark data frame, within a job.

    Spark drops what Parquet says of `datasets` features, such as the names of a `ClassLabel`, and
    writes timestamps in a form without a time zone unless `spark.sql.parquet.outputTimestampType`
    is `TIMESTAMP_MICROS`.

    Args:
        frame: A `DataFrame` of rows without labels.
        annotator: What to state and where to look.

    Returns:
        A `DataFrame` with the provenance columns behind its own; timestamps are `timestamp_ntz`,
        in UTC.
    """
    types = _types()
    given = types.to_arrow_schema(frame.schema)
    labels = annotator.features(Features.from_arrow_schema(given)).arrow_schema
    behind = [labels.field(name) for name in labels.names if name not in given.names]
    labelled = pa.schema([*given, *behind])
    spark_schema = types.from_arrow_schema(labelled, prefer_timestamp_ntz=True)
    return frame.mapInArrow(_labelled(annotator, labelled), spark_schema)


def _answers(function: Callable[[Any], Any]) -> Callable[..., Iterator[pa.RecordBatch]]:
    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number, item in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                answer = pickle.dumps(function(pickle.loads(item)))
                yield pa.RecordBatch.from_pydict(
                    {"number": pa.array([number], pa.int64()), "answer": [answer]}
                )

    return run


def _labelled(annotator: Annotator, schema: pa.Schema) -> Callable[..., Iterator[pa.RecordBatch]]:
    """Spark takes columns by place and looks at no name, so they come as they were declared."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = annotator.annotate_table(pa.Table.from_batches([batch]))
            yield from rows.select(schema.names).cast(schema).to_batches()

    return run


def _what_happened(error: Exception) -> str:
    said = str(error)
    if "No module named" in said:
        return (
            "Spark's workers run a Python without this package: set PYSPARK_PYTHON to "
            "sys.executable before the session starts, or install it there."
        )
    last = [line for line in said.splitlines() if line.strip()][-1:]
    return (
        f"Spark gave up on a task: {''.join(last).strip()}. What is finished is kept; go on with "
        "resume=True."
    )


def _errors() -> Any:
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
    except ImportError as error:
        raise MissingExtraError(_MISSING) from error
    return PySparkException, Py4JError


def _types() -> Any:
    try:
        from pyspark.sql.pandas import types
    except ImportError as error:
        raise MissingExtraError(_MISSING) from error
    return types


_MISSING = 'Spark is not installed: pip install "hf-provenance[spark]".'
