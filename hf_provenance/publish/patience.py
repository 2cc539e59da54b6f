"""Try again: calls to the Hub that fail for a while, until a deadline.

The client repeats some of its calls by itself and others, the commit among them, never. What
passes is a conflict with another writer (409, 412), too many requests (429), trouble at the
Hub (5xx) and a lost connection. All else is an error at once.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import TypeVar

from huggingface_hub import errors as hub
from huggingface_hub.errors import HfHubHTTPError

from hf_provenance.errors import DeadlineError

PATIENCE = 300.0
"""Seconds after which a call that fails for a while is given up: N writers cost up to N - 1
conflicts."""

_CONFLICT = frozenset([409, 412])
_PASSING = _CONFLICT | {408, 425, 429, 500, 502, 503, 504}
_FIRST_WAIT = 0.4
_LONGEST_WAIT = 20.0

HTTPError: type[Exception] = hub.HTTPError  # type: ignore[attr-defined]
"""Root of the errors of whichever HTTP library the client uses."""

Result = TypeVar("Result")


class Moved(RuntimeError):
    """Another writer came first, though the Hub did not refuse us."""


class Retry:
    """Waits between the tries of one operation, a little longer each time, with jitter.

    Args:
        what: What is being tried, for the message.
        seconds: Give up after so many seconds from the first try.
    """

    def __init__(self, what: str, seconds: float) -> None:
        self._what = what
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._tries = 0

    def after(self, error: BaseException) -> None:
        """Wait before the next try.

        Raises:
            DeadlineError: There is no time left.
            BaseException: The error itself, if it is not one that passes.
        """
        if not passes(error):
            raise error
        self._tries += 1
        left = self._until - time.monotonic()
        wait = _told(error) or random.uniform(0.5, 1.5) * min(
            _LONGEST_WAIT, _FIRST_WAIT * 2 ** (self._tries - 1)
        )
        if wait > left:
            raise DeadlineError(
                f"{self._what} failed {self._tries} times in {self._seconds:,.0f} seconds "
                f"({describe(error)}): run the same call again later. What was uploaded is not "
                "sent again."
            ) from error
        time.sleep(wait)


def persist(what: str, function: Callable[[], Result], seconds: float) -> Result:
    """Call a function until it succeeds, fails for good, or time is up.

    Raises:
        DeadlineError: There is no time left.
    """
    retry = Retry(what, seconds)
    while True:
        try:
            return function()
        except (HTTPError, RuntimeError, json.JSONDecodeError) as error:
            retry.after(error)


def passes(error: BaseException) -> bool:
    """Whether an error may be gone a little later."""
    if isinstance(error, Moved | json.JSONDecodeError):  # the latter: a 5xx where JSON is expected
        return True
    cause = _http_error(error)
    if cause is None:
        return False
    status = status_of(cause)
    return status is None or status in _PASSING


def conflicts(error: BaseException) -> bool:
    """Whether another writer came first."""
    return status_of(error) in _CONFLICT


def status_of(error: BaseException) -> int | None:
    """HTTP status of an error; None if there was no answer."""
    response = getattr(_http_error(error), "response", None)
    return None if response is None else int(response.status_code)


def describe(error: BaseException) -> str:
    """An error in one line, without the headers of its request."""
    cause = _http_error(error) or error
    told = cause.server_message if isinstance(cause, HfHubHTTPError) else None
    text = told or str(cause).partition("\n")[0] or type(cause).__name__
    status = status_of(cause)
    return text if status is None or str(status) in text else f"{status}: {text}"


def _http_error(error: BaseException) -> Exception | None:
    """The error of HTTP behind what the client raises, which wraps those of uploads."""
    if isinstance(error, HTTPError):
        return error
    cause = error.__cause__
    return cause if isinstance(error, RuntimeError) and isinstance(cause, HTTPError) else None


def _told(error: BaseException) -> float | None:
    """Seconds that the Hub asks to wait."""
    response = getattr(_http_error(error), "response", None)
    value = "" if response is None else response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
