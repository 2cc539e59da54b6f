"""What went over the wire: one line for each request, in the order in which they came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Request:
    """One request and its answer.

    Attributes:
        method: The HTTP method.
        path: The path, unquoted.
        query: The query, unquoted.
        status: The status of the answer; 0 while there is none, and if there never was one.
        sent: Bytes of the body that came in.
        received: Bytes of the body that went out.
        range: The `Range` that was asked for.
        user_agent: Who asked.
        fault: Whether a fault took the place of the true answer.
    """

    method: str
    path: str
    query: str = ""
    status: int = 0
    sent: int = 0
    received: int = 0
    range: str | None = None
    user_agent: str = ""
    fault: bool = False

    @property
    def target(self) -> str:
        """The path with the query: what patterns are looked for in."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Traffic:
    """The log of the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def count(self, method: str | None = None, path: str = "") -> int:
        """How many requests there were."""
        return sum(1 for _ in self._chosen(path, method))

    def bytes_out(self, path: str = "", method: str | None = None) -> int:
        """Bytes of the bodies that the Hub answered."""
        return sum(request.received for request in self._chosen(path, method))

    def bytes_in(self, path: str = "", method: str | None = None) -> int:
        """Bytes of the bodies that the Hub was sent."""
        return sum(request.sent for request in self._chosen(path, method))

    def forget(self) -> None:
        """Begin an empty log."""
        self.requests = []

    def _chosen(self, path: str, method: str | None) -> Iterator[Request]:
        for request in list(self.requests):
            if method in (None, request.method) and re.search(path, request.target):
                yield request
