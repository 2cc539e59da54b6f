"""Shards on their way to the Hub: sent as they are written, then deleted here.

What is sent is stored under its hash and belongs to no revision until a commit names it. So a
push that is stopped changes nothing, and the next one sends only what the Hub has not got.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from huggingface_hub import CommitOperationAdd
from huggingface_hub.constants import HF_HUB_DISABLE_PROGRESS_BARS
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, see its docs
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from tqdm.auto import tqdm

from hf_provenance.errors import HubError
from hf_provenance.publish.contents.layout import shard_path
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.publish.remote.change import refuse_ignored
from hf_provenance.publish.remote.repo import HubRepo

_BATCH_FILES = 32
_BATCH_BYTES = 512_000_000

_NO_RUN = "0" * 10
"""Stands for the run in a shard's path as long as the run has no name."""


class Uploader:
    """Sends shards to the Hub in batches, one batch at a time, while others are written.

    Use it as a context manager. No more than two batches and the shards that are being written
    are on disk at any time.

    Args:
        repo: Where to.
        config: Config that the shards belong to.
        create_pr: The commit will open a pull request.
        keep: Leave the files where they are.
        progress: Show a progress bar in bytes, with the number of shards.
    """

    def __init__(
        self, repo: HubRepo, config: str, *, create_pr: bool, keep: bool, progress: bool
    ) -> None:
        self._repo = repo
        self._config = config
        self._create_pr = create_pr
        self._keep = keep
        self._sent: dict[tuple[str, str | None, int], CommitOperationAdd] = {}
        self._batch: list[Shard] = []
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._stopped = False
        self._bar = tqdm(total=0, unit="B", unit_scale=True, desc="Uploading", disable=not progress)

    def add(self, shard: Shard) -> None:
        """Take a shard; waits while the batch before it is still on its way."""
        self._batch.append(shard)
        size = sum(waiting.size for waiting in self._batch)
        if len(self._batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            self._start()

    def finish(self) -> None:
        """Wait until all shards are at the Hub."""
        self._start()
        self._wait()

    def operation(self, shard: Shard, path: str) -> CommitOperationAdd:
        """What puts a shard that was sent into its place in a commit.

        An operation can be committed once, and a commit may have to be tried again: each time
        it is a copy.
        """
        operation = copy.copy(self._sent[shard.split, shard.bucket, shard.number])
        operation.path_in_repo = path
        return operation

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what is on its way is waited for, but not tried again after an error."""
        self._stopped = error is not None
        self._pool.shutdown(cancel_futures=True)
        self._bar.close()

    def _start(self) -> None:
        self._wait()
        if self._batch:
            self._running = self._pool.submit(self._send, self._batch)
            self._batch = []

    def _wait(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None

    def _send(self, shards: list[Shard]) -> None:
        repo = self._repo
        self._bar.total = (self._bar.total or 0) + sum(shard.size for shard in shards)
        operations = [CommitOperationAdd(self._path(shard), shard.file) for shard in shards]

        def upload() -> None:
            if self._stopped:
                raise HubError(f"{repo.name}: the upload of shards was stopped.")
            repo.api.preupload_lfs_files(
                repo.repo_id,
                operations,
                repo_type="dataset",
                revision=repo.revision,
                create_pr=self._create_pr,
            )

        repo.ask("the upload of shards", upload)
        refuse_ignored(repo, operations)
        for shard, operation in zip(shards, operations, strict=True):
            if operation.upload_info.sha256.hex() != shard.sha256:
                raise HubError(f"{shard.file} was changed while it was sent to {repo.name}.")
            self._sent[shard.split, shard.bucket, shard.number] = operation
            if operation.path_or_fileobj == b"" and not self._keep:  # else the commit sends it
                shard.file.unlink()
            self._bar.update(shard.size)
            self._bar.set_postfix_str(f"{len(self._sent):,} shards", refresh=False)

    def _path(self, shard: Shard) -> str:
        return shard_path(self._config, shard.split, shard.bucket, _NO_RUN, shard.number)


@contextmanager
def one_progress_bar() -> Iterator[None]:
    """Keep the client's bars, one for each file and one for each batch, from mixing with ours."""
    shown = not are_progress_bars_disabled() and HF_HUB_DISABLE_PROGRESS_BARS is None
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
