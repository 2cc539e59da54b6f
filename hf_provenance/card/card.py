"""The dataset card: `build_card`, and the edit that puts our part into somebody's README."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
from huggingface_hub import DatasetCard

from hf_provenance import numerals
from hf_provenance.card import escape, wording
from hf_provenance.card.audits import Audited
from hf_provenance.card.contents import contents, timeline
from hf_provenance.card.facts import DEFAULT, Facts
from hf_provenance.card.measured import Measured
from hf_provenance.card.metadata import appended_items, provenance_block, standard_lists
from hf_provenance.card.readme import CardEdit, EditedReadme, edit_readme
from hf_provenance.card.tail_health import WORDS
from hf_provenance.card.tail_years import NO_YEAR
from hf_provenance.diversity.diversity import Diversity, short
from hf_provenance.diversity.figures import MEANINGS
from hf_provenance.errors import CardError
from hf_provenance.summary import Summary

SECTION = "hf_provenance"
_TEMPLATE = "card.md.jinja"


def build_card(
    summary: Summary,
    *,
    base: str | bytes | DatasetCard | None = None,
    template: str | Path | None = None,
    repo_id: str | None = None,
    audits: Audited | Mapping[str, Any] | None = None,
    diversity: Diversity | Mapping[str, Any] | None = None,
    **card_data: Any,
) -> DatasetCard:
    """Write the dataset card of a summary.

    Args:
        summary: From `summarize` or a publication.
        base: An existing README to add to: outside our marked part and our YAML key, every
            byte of it stays.
        template: A Jinja template for our part, as text or as the path of a file; it gets the
            values of the built-in one and runs sandboxed.
        repo_id: Hub id or path for the examples.
        audits: A report of `audit` on evaluation splits of these rows, or split -> report or
            its summary.
        diversity: What `measure_diversity` returns for these rows, or its `to_dict()`.
        **card_data: Standard YAML keys such as `license="mit"` or `pretty_name="..."`, set where
            the base has none, or the value that an earlier call has set; None takes that out.

    Returns:
        The card; `str(card)` is the README.

    Raises:
        CardError: The base cannot be edited safely, the template fails, or an audit or the
            diversity is of other rows.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, build_card, summarize
        >>> ds = annotate(Dataset.from_dict({"text": ["Hello."]}), origin="human")
        >>> build_card(summarize(ds)).data.provenance["human"]
        1.0
    """
    measured = Measured.read(audits, diversity)
    measured.require_same_rows(summary)
    facts = Facts(repo_id=repo_id, card_data=card_data, measured=measured)
    existing = str(base) if isinstance(base, DatasetCard) else base
    if isinstance(existing, str):
        existing = existing.encode()
    edited = edit_card(summary, facts, existing, template=template)
    return _FaithfulCard(edited.content.decode())


def edit_card(
    summary: Summary,
    facts: Facts,
    existing: bytes | None,
    *,
    template: str | Path | None = None,
    configs: Sequence[Mapping[str, Any]] = (),
    dataset_info: Sequence[Mapping[str, Any]] = (),
    drop_configs: Collection[str] = (),
) -> EditedReadme:
    """Put our part into a README, or write a fresh one.

    Args:
        summary: The summary of the rows.
        facts: What no row carries.
        existing: The README as it is, or None.
        template: As in `build_card`.
        configs: Our entries of `configs`.
        dataset_info: Our entries of `dataset_info`.
        drop_configs: Names of entries of ours that have gone.

    Raises:
        CardError: The README cannot be edited safely, or the template fails.
    """
    own = facts.config == DEFAULT
    edit = CardEdit(
        provenance=provenance_block(summary, facts),
        config=facts.config,
        configs=configs,
        dataset_info=dataset_info,
        drop_configs=drop_configs,
        values=facts.card_data,
        lists=standard_lists(summary),
        append=appended_items(summary, facts),
        body=render_body(summary, facts, template),
        section=SECTION if own else f"{SECTION}:{facts.config}",
        title=str(facts.card_data.get("pretty_name") or _title(facts)),
    )
    return edit_readme(existing, edit)


def render_body(summary: Summary, facts: Facts, template: str | Path | None = None) -> str:
    """Render our part of the card.

    Every value that a template prints is escaped for Markdown unless it went through one of the
    filters, so that text from the data can be no markup.

    Raises:
        CardError: The template cannot be read or fails; with its name and line.
    """
    environment = _environment()
    name = _TEMPLATE
    try:
        if template is None:
            source = environment.get_template(_TEMPLATE)
        else:
            file = _template_file(template)
            name = str(file) if file else "the given template"
            text = file.read_text("utf-8") if file else str(template)
            source = environment.from_string(text)
        rendered = source.render(contents(summary, facts))
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f"{name}, line {line}" if line else name
        raise CardError(f"{place}: {error}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise CardError(f"{name}: {error!r}") from error
    except OSError as error:
        raise CardError(f"the template {name} cannot be read: {error}") from error
    return "\n".join(line.rstrip() for line in rendered.strip().splitlines())


def _template_file(template: str | Path) -> Path | None:
    """The file that a template is in, if what is given is a path and not the text itself."""
    if isinstance(template, Path):
        return template
    one_word = "\n" not in template and "{" not in template
    return Path(template) if one_word and Path(template).suffix else None


class _FaithfulCard(DatasetCard):
    """A card that is its README byte for byte, until somebody changes its data or text.

    `DatasetCard` writes its YAML anew each time, without the comments and quotes that were there.
    """

    def __init__(self, content: str) -> None:
        super().__init__(content)
        self._written = content
        self._unchanged = self.content

    def __str__(self) -> str:
        """The README."""
        now = str(self.content)
        return self._written if now == self._unchanged else now


class _Safe(str):
    """Text that a filter has escaped, or numbers that it has written."""

    __slots__ = ()


@functools.cache
def _environment() -> jinja2.sandbox.ImmutableSandboxedEnvironment:
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.PackageLoader("hf_provenance.card"),
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, _Safe) else escape.markdown(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # finalize escapes for Markdown, which covers HTML
    )
    filters = {
        "code": escape.code,
        "percent": numerals.percent,
        "number": numerals.number,
        "label": lambda name: wording.LABELS[name],
        "plain": str,
        "figure": short,
        "loss": lambda share: f"{share:.1%}",
        "meaning": lambda name: MEANINGS[name],
        "state": lambda name: WORDS[name],
        "year": lambda name: "no single year" if name == NO_YEAR else name,
        "whole": lambda text: escape.markdown(text, limit=None),
        "pystring": lambda text: json.dumps(str(text), ensure_ascii=False),
        "shell": lambda text: shlex.quote(str(text)),
        "alt": wording.alt_text,
        "timeline_alt": lambda summary, unit: wording.timeline_alt(timeline(summary, unit), unit),
    }
    for name, function in filters.items():
        environment.filters[name] = _safe(function)
    return environment


def _safe(function: Any) -> Any:
    def filtered(*args: Any, **kwargs: Any) -> _Safe:
        return _Safe(function(*args, **kwargs))

    return filtered


def _title(facts: Facts) -> str:
    if not facts.repo_id:
        return "Dataset card"
    return facts.repo_id.rstrip("/").split("/")[-1]
