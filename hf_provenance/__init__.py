"""Row-level provenance for Hugging Face `datasets`: who wrote the data, and how that is known.

    import hf_provenance as hfp

    ds = hfp.annotate(ds, origin=hfp.col("written_by", {"ai": "synthetic", "person": "human"}))
    hfp.push_to_hub(ds, "owner/my-dataset")

Data flows one way through the modules, and none imports one to its right:

    schema, sources -> annotate -> splits, summary -> card -> publish -> engines -> cli

`annotate` gives every row its `prov_` columns; `split_by_crawl_date` divides rows by when they
were collected; `summarize` turns rows into a small, exact summary; `build_card` says it in words;
`save_to_folder` writes all of it as the folder a Hub repo would be, and `push_to_hub` puts it on
the Hub in one commit; `compact` merges the shards that many appends leave there. `load_summary`
reads what a dataset states, `mixture_ratio` what a mix of datasets does, and `verify` says whether
it is true. `mix_datasets` mixes them so that human rows stay, and `project_contamination` says
what stated inputs lead to. Unknown is a value: nothing is ever guessed to be human.
"""

from hf_provenance.annotate import annotate
from hf_provenance.annotator import Annotator
from hf_provenance.audit.accumulation import Accumulation
from hf_provenance.audit.audit import audit, audit_accumulation
from hf_provenance.audit.report import AuditReport
from hf_provenance.card.card import build_card
from hf_provenance.card.mixture import Mixture
from hf_provenance.conflicts import Conflicts, find_conflicts
from hf_provenance.diversity.diversity import Diversity
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.engines.annotating import annotate_files
from hf_provenance.engines.jobs import AnnotateJob, plan_files
from hf_provenance.engines.reading import audit_files, sketch_files, summarize_files
from hf_provenance.errors import ProvenanceError
from hf_provenance.explain import Explanation, explain
from hf_provenance.generations import count_generations
from hf_provenance.inputs import summarize
from hf_provenance.lineage import link_parents
from hf_provenance.mix import mix_datasets, plan_mix
from hf_provenance.mix_plan import Mix
from hf_provenance.mixing import mixture_ratio
from hf_provenance.projection import project_contamination
from hf_provenance.publish.compact import compact
from hf_provenance.publish.contents.compacted import Compacted
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.publish.hub import push_to_hub
from hf_provenance.publish.reading.publication import load_summary
from hf_provenance.publish.reading.records import look_up
from hf_provenance.publish.reading.verification import Verification
from hf_provenance.publish.verify import verify
from hf_provenance.scenario import Assumption, Projection
from hf_provenance.sources.fields import col
from hf_provenance.sources.language_cache import CachedLanguage
from hf_provenance.sources.layouts import Layout
from hf_provenance.sources.records import Record
from hf_provenance.splits import split_by_crawl_date
from hf_provenance.summary import Summary
from hf_provenance.version import __version__

__all__ = [
    "Accumulation",
    "AnnotateJob",
    "Annotator",
    "Assumption",
    "AuditReport",
    "CachedLanguage",
    "Compacted",
    "Conflicts",
    "Diversity",
    "DiversitySketch",
    "Explanation",
    "Layout",
    "Mix",
    "Mixture",
    "Projection",
    "ProvenanceError",
    "Published",
    "Record",
    "Summary",
    "Verification",
    "__version__",
    "annotate",
    "annotate_files",
    "audit",
    "audit_accumulation",
    "audit_files",
    "build_card",
    "col",
    "compact",
    "count_generations",
    "explain",
    "find_conflicts",
    "link_parents",
    "load_summary",
    "look_up",
    "measure_diversity",
    "mix_datasets",
    "mixture_ratio",
    "plan_files",
    "plan_mix",
    "project_contamination",
    "push_to_hub",
    "save_to_folder",
    "sketch_diversity",
    "sketch_files",
    "split_by_crawl_date",
    "summarize",
    "summarize_files",
    "verify",
]
