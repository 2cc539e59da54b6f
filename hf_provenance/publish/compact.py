"""`compact`: the small shards that many appends leave become large ones, and no row changes.

Every append adds a run: a shard in each split and bucket, a pattern in each view, an entry in
`provenance/files.json`, ids. After some hundred of them card and listing are long and a reader
opens many files. `compact` joins neighbouring runs of each split and bucket, in the order in
which they are read, and brings that into view in one step: one commit on the Hub, the README last
in a folder. `provenance.json`, badge, figures and all that people wrote stay byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import AccessError, FolderError, UsageError
from hf_provenance.publish.contents.compacted import Compacted
from hf_provenance.publish.contents.edition import README, inside
from hf_provenance.publish.contents.layout import Placed
from hf_provenance.publish.contents.listing import LISTING
from hf_provenance.publish.contents.shards import SHARD_BYTES, Shard
from hf_provenance.publish.contents.tree import FolderTree
from hf_provenance.publish.folder import move_files, partial_folder, write_file
from hf_provenance.publish.pushing.compaction import Compactable, Compaction, compacted
from hf_provenance.publish.pushing.rewriting import rewrite
from hf_provenance.publish.pushing.rights import check_rights
from hf_provenance.publish.pushing.target import Target
from hf_provenance.publish.reading.before import PARTIAL, our_files, sweep
from hf_provenance.publish.reading.publication import folder_of
from hf_provenance.publish.remote.patience import PATIENCE
from hf_provenance.publish.remote.repo import MAIN, HubRepo, whoami
from hf_provenance.publish.remote.upload import one_progress_bar

_STAGED = "repo"
_REPLACES = "replaces"
"""File beside what is staged, with the sha256 of the README that the staged one was made of."""


def compact(
    repo_id_or_folder: str | Path,
    *,
    config_name: str = DEFAULT,
    max_shard_size: int = SHARD_BYTES,
    dry_run: bool = False,
    revision: str | None = None,
    token: str | bool | None = None,
    create_pr: bool = False,
    commit_message: str | None = None,
    patience: float = PATIENCE,
    progress: bool = True,
) -> Compacted:
    """Merge the small shards of a published dataset, in one commit.

    Rows and their order in every view, labels, values and features stay, and so does all that is
    said of them. Runs of a split and bucket whose shards have half of `max_shard_size` stay as
    they are. Before anything is brought into view, the labels of all rows are added up and held
    against the card, which reads the `prov_` columns of the shards that stay, too. Where there is
    nothing to merge, there is no commit.

    Of a dataset on the Hub, a few shards are on this disk at any time. What another writer
    appends meanwhile stays as it is. A run that was merged is still known if it is sent again.
    In a folder, what a killed run has left is swept.

    Args:
        repo_id_or_folder: A Hub id, or a folder that `save_to_folder` wrote. A folder needs room
            for the new shards beside the old ones.
        config_name: The config.
        max_shard_size: Most bytes of Arrow data in one shard.
        dry_run: Say what would be merged, without reading data or changing anything.
        revision: Branch to commit to.
        token: A token of the Hub; None for the one that is logged in.
        create_pr: Open a pull request instead of changing `main`.
        commit_message: First line of the commit.
        patience: Seconds until a call to the Hub that fails for a while is given up.
        progress: Show progress bars.

    Returns:
        What was merged, or would be.

    Raises:
        SummaryError: We did not publish the config, or what it says of itself cannot be read.
        CardError: The README cannot be edited safely.
        SchemaError: A shard cannot be read, or has other rows or columns than it should.
        FolderError: There is no such folder, it cannot be written, or it is stale or false.
        UsageError: Options that contradict each other.
        AccessError: The repo is not there for this token, or may not be written to.
        DeadlineError: The Hub did not take it in time; it is as it was before, unless the
            message says that the commit may be in.
        HubError: The Hub refuses, or the repo is stale or false.

    Example:
        >>> import tempfile
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, compact, save_to_folder
        >>> ds = annotate(Dataset.from_dict({"text": ["One.", "Two."]}), origin="human")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = save_to_folder(ds, folder, max_shard_size=1, progress=False)
        ...     merged = compact(folder, progress=False)
        >>> merged.shards_before, merged.shards_after
        (2, 1)
    """
    if max_shard_size < 1:
        raise UsageError(f"max_shard_size={max_shard_size} leaves no room for a row.")
    folder = folder_of(repo_id_or_folder)
    if folder is not None:
        if create_pr or revision is not None:
            raise UsageError("revision and create_pr are for datasets on the Hub, not for folders.")
        return _compact_folder(folder, config_name, max_shard_size, dry_run, progress)
    if create_pr and revision not in (None, MAIN):
        raise UsageError("create_pr=True goes to main; leave revision out.")
    repo = HubRepo.of(str(repo_id_or_folder), revision, token, patience)
    compaction = Compaction(repo, config_name, max_shard_size, create_pr, commit_message, progress)
    if dry_run:
        return compaction.plan()
    check_rights(repo, whoami(repo), create_pr=create_pr)
    if Target.of(repo).sha is None:
        raise AccessError(f"{repo.name}: there is no such dataset or branch for this token.")
    with one_progress_bar():
        return compaction.run()


def _compact_folder(
    folder: Path, config: str, shard_bytes: int, dry_run: bool, progress: bool
) -> Compacted:
    if not dry_run:
        _finish(folder)
    found = Compactable.of(FolderTree(folder), config)
    if not dry_run and _sweep(folder, found):
        found = Compactable.of(FolderTree(folder), config)
    merges = found.merges(shard_bytes)
    plan = replace(found.result(merges, shard_bytes), path=folder)
    if dry_run:
        return plan
    if not merges:
        return replace(plan, planned=False)
    with partial_folder(folder) as partial:
        staged = partial / _STAGED

        def stage(shard: Shard, placed: Placed) -> None:
            path = staged / placed.path
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(shard.file, path)

        done = rewrite(
            found.held, merges, partial, stage, shard_bytes=shard_bytes, progress=progress
        )
        after = found.after(done)
        for name, content in after.files.items():
            write_file(staged / name, content)
        if (folder / README).read_bytes() != found.held.readme:
            raise FolderError(
                f"{folder / README} was changed meanwhile, so nothing was merged: run the same "
                "call again."
            )
        (partial / _REPLACES).write_text(_sha256(found.held.readme))
        move_files(staged, folder, [*(shard.path for shard in done.shards), *after.files])
        _sweep(folder, Compactable.of(FolderTree(folder), config))
    return replace(compacted(found, after, done), path=folder)


def _sweep(folder: Path, found: Compactable) -> bool:
    """Remove files of ours that nothing lists and nobody reads, a killed run's too.

    Returns:
        Whether there were any.
    """
    held = found.held
    beside = [*held.others, inside(held.config, LISTING)]
    current = {shard.path for shard in held.layout.shards} | {*beside, *found.elsewhere}
    left = our_files(folder, held.config) - current
    if left:
        sweep(folder, held.config, current)
    return bool(left)


def _finish(folder: Path) -> None:
    """Do the last step of a run that was killed before it, and clear away what it left.

    With the new listing and the old README in place the folder shows the old view, and nothing
    else tells that the new one holds the same rows.
    """
    partial = folder / PARTIAL
    staged = partial / _STAGED
    waiting = [path for path in staged.rglob("*") if path.is_file()]
    replaces, readme = partial / _REPLACES, folder / README
    last = waiting == [staged / README] and replaces.is_file() and readme.is_file()
    if last and replaces.read_text() == _sha256(readme.read_bytes()):
        os.replace(staged / README, readme)
    shutil.rmtree(partial, ignore_errors=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
