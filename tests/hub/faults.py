"""Things that go wrong on purpose.

A rule names requests by a pattern that is looked for in the unquoted path with its query. It lets
`skip` of them pass, then strikes `times` times (None: for ever). Rules are tried in the order in
which they were made. Rules that only wait (`slow`, `hold`, `before`) all strike; of those that end
a request (`fail`, `cut`) the first one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.concurrency import run_in_threadpool

from .errors import WORDS
from .traffic import Request

PATIENCE = 10.0

Body: TypeAlias = "bytes | str | dict[str, Any] | list[Any] | None"


@dataclass
class Answer:
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass
class Rule:
    """Which requests are struck."""

    path: str
    method: str | None = None
    times: int | None = 1
    skip: int = 0

    ends = False

    def strikes(self, request: Request) -> bool:
        """Whether this request is struck; counts it."""
        if self.times == 0 or self.method not in (None, request.method):
            return False
        if not re.search(self.path, request.target):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    async def wait(self) -> None:
        """What happens before the request is looked at."""


@dataclass
class Fail(Rule):
    """Answer with an error; with `lost`, after the work was done."""

    status: int | None = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    lost: bool = False

    ends = True

    def answer(self) -> Answer | None:
        """The error, or None where the connection just drops."""
        if self.status is None:
            return None
        body = self.body
        words = WORDS.get(self.status, "Error")
        headers = {"Content-Type": "application/json", "X-Error-Message": words}
        if body is None:
            body = {"error": words}
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        content = body.encode() if isinstance(body, str) else body
        headers |= {"Content-Length": str(len(content)), **self.headers}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        return Answer(self.status, pairs, content)


@dataclass
class Cut(Rule):
    """Drop the connection: before anything is done, or after so many bytes of the answer."""

    after: int | None = None

    ends = True


@dataclass
class Slow(Rule):
    """Take some time."""

    seconds: float = 0.0

    async def wait(self) -> None:
        await asyncio.sleep(self.seconds)


@dataclass
class Hold(Rule):
    """Keep requests until enough of them are there."""

    parties: int = 2
    here: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.here += 1
        if self.here >= self.parties:
            self.full.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.full.wait(), PATIENCE)


@dataclass
class Before(Rule):
    """Call a function first."""

    function: Callable[[], object] = lambda: None

    async def wait(self) -> None:
        await run_in_threadpool(self.function)


class Faults:
    """The rules, and how a test makes them."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._faults_lock = threading.Lock()

    def fail(
        self,
        path: str,
        method: str | None = None,
        *,
        status: int | None = None,
        times: int | None = 1,
        skip: int = 0,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        lost: bool = False,
    ) -> None:
        """Answer with an error.

        Args:
            path: Pattern of the requests.
            method: Their method; any if not given.
            status: The status: 503 if not given, and with `lost` a dropped connection.
            times: How often; None is for ever.
            skip: How many requests pass before.
            headers: Headers of the answer.
            body: Its body; JSON with the Hub's own words if not given.
            lost: Do the work first, so that the client is told of an error that was none.
        """
        status = 503 if status is None and not lost else status
        self._add(Fail(path, method, times, skip, status, dict(headers or {}), body, lost))

    def cut(
        self,
        path: str,
        method: str | None = None,
        *,
        times: int | None = 1,
        skip: int = 0,
        after: int | None = None,
    ) -> None:
        """Drop the connection before the work is done, or after so many bytes of the answer."""
        self._add(Cut(path, method, times, skip, after))

    def slow(
        self,
        path: str,
        seconds: float,
        method: str | None = None,
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Answer late."""
        self._add(Slow(path, method, times, skip, seconds))

    def hold(self, path: str, parties: int, method: str | None = None, *, skip: int = 0) -> None:
        """Keep requests waiting until so many are there, then let them all go on."""
        self._add(Hold(path, method, parties, skip, parties))

    def before(
        self,
        path: str,
        function: Callable[[], object],
        method: str | None = None,
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Call a function just before a request is looked at."""
        self._add(Before(path, method, times, skip, function))

    def mend(self) -> None:
        """Forget every rule."""
        with self._faults_lock:
            self._rules.clear()

    def struck(self, request: Request) -> tuple[list[Rule], Fail | Cut | None]:
        """The rules that make a request wait, and the one that ends it."""
        waits: list[Rule] = []
        end: Fail | Cut | None = None
        with self._faults_lock:
            for rule in self._rules:
                if (rule.ends and end is not None) or not rule.strikes(request):
                    continue
                if isinstance(rule, Fail | Cut):
                    end = rule
                else:
                    waits.append(rule)
        return waits, end

    def _add(self, rule: Rule) -> None:
        with self._faults_lock:
            self._rules.append(rule)
