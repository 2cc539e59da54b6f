"""`push_to_hub`: an annotated dataset to the Hub, in one commit or not at all.

Shards are sent as they are written and belong to no revision until the commit names them. One
commit then holds the shards, the card, the summary, the figures and the removals. It starts from
the newest head and is worked out anew when another writer was faster. What the Hub shows
afterwards is read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from datasets import load_dataset

from hf_provenance.card.audits import Audited
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.measured import DIVERSITY, SPLITS, Measured
from hf_provenance.diversity.diversity import Diversity
from hf_provenance.errors import AccessError, SplitError, UsageError
from hf_provenance.publish.contents.edition import Description
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.contents.shards import SHARD_BYTES
from hf_provenance.publish.folder import require_config_name
from hf_provenance.publish.pushing.given import Given, GivenDataset
from hf_provenance.publish.pushing.given_folder import GivenFolder
from hf_provenance.publish.pushing.heads import (
    ANNOTATE,
    APPEND,
    CREATE,
    MODES,
    REPLACE,
    Head,
    Intent,
)
from hf_provenance.publish.pushing.modes import may_be_there
from hf_provenance.publish.pushing.push import DUPLICATES, KEEP, Push, Settings
from hf_provenance.publish.pushing.refusals import refuse
from hf_provenance.publish.pushing.rights import check_rights, full_id
from hf_provenance.publish.pushing.sources import hub_sources, look_up
from hf_provenance.publish.pushing.target import Target
from hf_provenance.publish.remote.patience import PATIENCE
from hf_provenance.publish.remote.repo import MAIN, HubRepo, whoami
from hf_provenance.publish.remote.upload import one_progress_bar
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS, Buckets

AUTO = "auto"


def push_to_hub(
    dataset: Any,
    repo_id: str,
    *,
    mode: str = CREATE,
    by: str | date | None = AUTO,
    config_name: str = DEFAULT,
    duplicates: str = KEEP,
    revision: str | None = None,
    private: bool | None = None,
    token: str | bool | None = None,
    create_pr: bool = False,
    commit_message: str | None = None,
    allow_public: bool = False,
    allow_personal: bool = False,
    template: str | Path | None = None,
    tokenizer: str | None = None,
    text: str | None = None,
    language_sample: int = 500,
    figures: bool | None = None,
    max_shard_size: int = SHARD_BYTES,
    max_buckets: int = MAX_BUCKETS,
    audits: Audited | Mapping[str, Any] | None = None,
    diversity: Diversity | Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
    progress: bool = True,
    **card_data: Any,
) -> Published:
    """Publish an annotated dataset on the Hub: shards, crawl-date views, card and badge.

    `main` changes once or not at all. Other configs, splits and files of the repo and the text
    of its README stay as they are. A push that was stopped can be sent again: shards that the
    Hub has are not sent twice, and a push that is there already changes nothing.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict` that
            `annotate` has labelled, or a folder that `save_to_folder` wrote.
        repo_id: `owner/name`, or `name` for your own.
        mode: "create" refuses a config that is there; "append" adds to it without reading its
            data, or creates it; "replace" puts the given splits in place of its own, after it
            has told in the log what goes; "annotate" puts labelled rows in place of the same
            rows without labels, and refuses if a split has more or fewer.
        by: The crawl-date split: a date, a preset, a period, or None. "auto" is what the config
            has, and 2022-11-30 for a new one.
        config_name: The config.
        duplicates: With "append", rows whose text is there already: "keep" them, "skip" them, or
            raise an "error". Costs 4 bytes of reading for each row that is there, unless kept.
        revision: Branch to commit to; made if it is not there.
        private: Visibility of a repo that is made. None: private if a source of the rows is.
        token: A token of the Hub; None for the one that is logged in.
        create_pr: Open a pull request instead of changing `main`.
        commit_message: First line of the commit.
        allow_public: Publish rows of gated or private sources in a public repo.
        allow_personal: Publish sources and URLs that hold local paths, tokens or e-mail addresses.
        template: A Jinja template for our part of the card.
        tokenizer: Name of the tokenizer behind `prov_tokens`.
        text: Text column for the language sample; found like `Annotator.text`.
        language_sample: Rows whose language is detected for the card when the data declares
            none; 0 for none, at most 2,000.
        figures: Draw the timeline (extra `figures`); None draws it if matplotlib is there.
        max_shard_size: Most bytes of Arrow data in one shard.
        max_buckets: More crawl buckets than this is an error.
        audits: A report of `audit` on evaluation splits of the published rows, or split -> report
            or its summary. What an earlier call has given is taken out: it was of other rows.
        diversity: What `measure_diversity` returns for the published rows, or its `to_dict()`. As
            with audits, what an earlier call has given is taken out.
        patience: Seconds until a call that fails for a while is given up.
        progress: Show progress bars.
        **card_data: Standard YAML keys, such as `license="mit"`, set where the card has none or
            the value that an earlier call has set; None takes that out.

    Returns:
        What was written, and the commit that holds it.

    Raises:
        SchemaError: The dataset is not annotated, or its columns are not those of the config.
        SplitError: A split name that cannot be loaded, too many buckets, or another rule.
        CardError: The README cannot be edited safely, or an audit or the diversity is of
            other rows.
        SummaryError: What the repo says of the config is not what hf_provenance writes.
        FolderError: The folder is none, or its shards are not those that it lists; or another
            config of the repo is no Parquet.
        UsageError: Options that contradict each other.
        AccessError: The repo is not there for this token, or may not be written to.
        DisclosureError: Something that may not be meant for the public.
        DuplicateError: Rows that are there already, where that is an error.
        DeadlineError: The Hub did not take it in time; it is as it was before, unless the
            message says that the commit may be in.
        HubError: The Hub refuses, or the config is not what the mode needs.
    """
    if mode not in MODES:
        raise UsageError(f"mode={mode!r} is not one of {list(MODES)}.")
    if duplicates not in DUPLICATES:
        raise UsageError(f"duplicates={duplicates!r} is not one of {list(DUPLICATES)}.")
    if duplicates != KEEP and mode != APPEND:
        raise UsageError(f'duplicates={duplicates!r} is for mode="append".')
    if create_pr and revision not in (None, MAIN):
        raise UsageError("create_pr=True goes to main; leave revision out.")
    require_config_name(config_name)
    given: Given
    folder = GivenFolder.of(Path(dataset), config_name) if isinstance(dataset, str | Path) else None
    if folder is not None and duplicates == KEEP:
        given = folder
        stated = folder.publication.block
        audits = stated.get(SPLITS) if audits is None else audits
        diversity = stated.get(DIVERSITY) if diversity is None else diversity
    else:
        if folder is not None:
            dataset = load_dataset(str(dataset), config_name, streaming=True)
        given = GivenDataset.of(
            dataset,
            text=text,
            language_sample=language_sample,
            shard_bytes=max_shard_size,
            progress=progress,
        )

    measured = Measured.read(audits, diversity)
    repo = HubRepo.of(repo_id, revision, token, patience)
    me = whoami(repo)
    repo = replace(repo, repo_id=full_id(repo_id, me))
    check_rights(repo, me, create_pr=create_pr)
    target = Target.of(repo)
    if not target.is_there and mode in (REPLACE, ANNOTATE):
        raise AccessError(
            f"{repo.name}: there is no such dataset for this token, so there is nothing to "
            f'{mode}: use mode="create".'
        )
    head = Head.of(target.tree, config_name, mode) if target.tree else None
    intent = Intent(
        mode,
        config_name,
        given.splits,
        given.features,
        _rule(by, max_buckets, given, head),
        tokenizer or (folder.tokenizer if folder else None),
        given.rows,
    )
    sent_before = mode == CREATE and head is not None and may_be_there(head, given.fingerprint())
    if not sent_before:
        refuse(intent, head)
    sources = look_up(repo, hub_sources(given.origins))
    push = Push(
        given,
        intent,
        target,
        Description(None, template, intent.tokenizer, figures, card_data, measured),
        Settings(
            private, duplicates, create_pr, commit_message, allow_public, allow_personal, progress
        ),
        {source.repo_id: source for source in sources},
        head,
    )
    with one_progress_bar():
        return push.run()


def _rule(
    by: str | date | None, max_buckets: int, given: Given, head: Head | None
) -> Buckets | None:
    """The crawl-date rule that is meant.

    Raises:
        SplitError: There is no such rule, or the rows of a folder are divided by another.
    """
    meant: str | date | None
    if given.divided:
        meant = given.buckets.by if given.buckets else None
        if by != AUTO and meant != (None if by is None else Buckets.of(by).by):
            raise SplitError(
                f"the folder is divided by {meant!r}: pass by={meant!r}, or write anew."
            )
    elif by == AUTO:
        held = head.publication.layout if head and head.publication else None
        rule = held.buckets if held else None
        meant = DEFAULT_BY if held is None else rule.by if rule else None
    else:
        meant = by
    return None if meant is None else Buckets.of(meant, max_buckets)
