"""Every error this package raises, as one tree.

```
ProvenanceError
├── SchemaError            the columns are not what a provenance row needs
│   ├── TextColumnError        no text column was found, or the named one is not there
│   ├── ColumnClashError       the data has columns with our names that are not ours
│   ├── AlreadyAnnotatedError  the data carries provenance columns already
│   └── LayoutError            two known layouts fit the columns, and differ on who wrote the rows
├── LabelError             a value is not a label
│   ├── VocabularyError        a value outside a closed vocabulary or a mapping
│   ├── ConflictError          two sources contradict each other on one row
│   └── LineageError           parents that no row can have: a circle, or a line too long
├── UsageError             a call that cannot mean anything
│   ├── MapUsageError          `Dataset.map` was called in a way the annotator cannot serve
│   └── MissingExtraError      an optional dependency is needed
├── MixError               a mix that replaces human rows, or holds more by models than allowed
├── SplitError             splits, buckets and their names
├── CardError              a README or template that cannot be edited safely
├── SummaryError           summaries that cannot be read or added
├── FolderError            a repo folder that cannot be read or written
├── HubError               a repo on the Hub that cannot be read or written
│   ├── AccessError            it is not there for this token, or may not be written to
│   ├── DisclosureError        what may not be meant for the public: gated sources, paths, tokens
│   ├── DuplicateError         rows that the repo holds already
│   └── DeadlineError          the Hub did not take it before the deadline
├── EngineError            workers that died, or tasks that are not done
└── InputError             an INPUT of the command line that cannot be opened
```

Each message names the place (file, column, row), what was expected, and the call that mends it.
All errors survive pickling, since `Dataset.map(num_proc=...)` sends them between processes.
"""

from __future__ import annotations


class ProvenanceError(Exception):
    """Root of the tree: `except ProvenanceError` catches everything this package raises."""


class SchemaError(ProvenanceError):
    """The columns of the data are not what a provenance row needs."""


class TextColumnError(SchemaError):
    """No text column was found, or the one that was named is not there."""


class ColumnClashError(SchemaError):
    """The data has columns with our names that are not ours."""


class AlreadyAnnotatedError(SchemaError):
    """The data carries provenance columns already."""


class LayoutError(SchemaError):
    """Two known layouts fit the columns, and they differ on who wrote the rows."""


class LabelError(ProvenanceError):
    """A value is not a label."""


class VocabularyError(LabelError):
    """A value lies outside a closed vocabulary, or outside a mapping given to `col`."""


class ConflictError(LabelError):
    """Two sources contradict each other on one row."""


class LineageError(LabelError):
    """Parents that no row can have: a circle of rows, or a line too long to count."""


class UsageError(ProvenanceError):
    """A call that cannot mean anything."""


class MapUsageError(UsageError):
    """`Dataset.map` was called in a way that the annotator cannot serve."""


class MissingExtraError(UsageError):
    """An optional dependency is needed; the message names the extra."""


class MixError(ProvenanceError):
    """A mix that leaves out human rows that were there, or is more synthetic than allowed."""


class SplitError(ProvenanceError):
    """A split, bucket or config that cannot be made or read under that name."""


class CardError(ProvenanceError):
    """A README or template that cannot be edited safely."""


class SummaryError(ProvenanceError):
    """Summaries that cannot be read or added."""


class FolderError(ProvenanceError):
    """A repo folder that cannot be read or written."""


class HubError(ProvenanceError):
    """A repo on the Hub that cannot be read or written."""


class AccessError(HubError):
    """A repo that is not there for this token, or may not be written to with it."""


class DisclosureError(HubError):
    """Something that may not be meant for the public; the message says how to publish it."""


class DuplicateError(HubError):
    """Rows that the repo holds already."""


class DeadlineError(HubError):
    """The Hub did not take what was sent before the deadline; the message says if it may have."""


class EngineError(ProvenanceError):
    """Workers died, or tasks are not done; the message says how to go on."""


class InputError(ProvenanceError):
    """An INPUT of the command line that cannot be opened."""
