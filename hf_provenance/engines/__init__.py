"""Many files, many workers: the same verbs over processes, Ray, Spark or any `executor.map`.

`annotating` writes a repo folder, `reading` sums up, sketches and audits. `files` cuts an INPUT
into tasks, `executors` does them, `ray` and `spark` fit the two engines to that.
"""

from hf_provenance.engines.annotating import AnnotateJob, annotate_files, plan_files
from hf_provenance.engines.executors import Executor, Processes
from hf_provenance.engines.reading import audit_files, sketch_files, summarize_files

__all__ = [
    "AnnotateJob",
    "Executor",
    "Processes",
    "annotate_files",
    "audit_files",
    "plan_files",
    "sketch_files",
    "summarize_files",
]
