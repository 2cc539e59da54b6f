"""Many files, many workers: the same verbs over processes, Ray, Spark or any `executor.map`.

`annotating` writes a repo folder, `reading` sums up, sketches and audits. `files` cuts an INPUT
into tasks, `executors` does them, `ray` and `spark` fit the two engines to that. `file_task` is
what a worker does for a folder, `outcomes` what it leaves, and `jobs` adds that up.
"""

from hf_provenance.engines.annotating import annotate_files
from hf_provenance.engines.executors import Executor, Processes
from hf_provenance.engines.jobs import AnnotateJob, plan_files
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
