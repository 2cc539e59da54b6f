"""Try again: calls to the Hub that fail for a while, until a deadline.

The client repeats some of its calls by itself and others, the commit among them, never. What
passes is a conflict with another writer (409, 412), too many requests (429), trouble at the
Hub (5xx), a lost connection, and an answer that is none. All else is an error at once.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from huggingface_hub import errors as hub
from huggingface_hub.errors import (
    FileMetadataError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)

from hf_provenance.errors import DeadlineError

PATIENCE = 300.0
"""Seconds after which a call that fails for a while is given up: N writers cost up to N - 1
conflicts."""

_CONFLICT = frozenset([409, 412])
_PASSING = _CONFLICT | {408, 425, 429, 500, 502, 503, 504}
_FIRST_WAIT = 0.4
_LONGEST_WAIT = 20.0
_MOST_DOUBLINGS = 10
_MOST_ODD = 5
"""Tries for an answer that makes no sense: where it never will, nobody should wait for it."""

_LONGEST_TEXT = 300

HTTPError: type[Exception] = hub.HTTPError  # type: ignore[attr-defined]
"""Root of the errors of whichever HTTP library the client uses."""

_OURS = frozenset(["LocalProtocolError", "TooManyRedirects", "UnsupportedProtocol"])
"""Errors of that library that say of the caller, not of the Hub, that something is wrong."""

RAISED = (HTTPError, RuntimeError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What a call of the client may raise; the last three where an answer makes no sense to it."""

_STATUS = re.compile(r"\((\d{3}) ")
"""Where Xet tells the status of an answer."""

_RATE_LIMIT = re.compile(r";\s*r=0\s*;\s*t=(\d+)")

Result = TypeVar("Result")


class Moved(RuntimeError):
    """What was looked for may be there a little later, though the Hub did not refuse it."""


class Unconfirmed(Moved):
    """The Hub took it, and does not show that it did it."""


class Retry:
    """Waits between the tries of one operation, a little longer each time, with jitter.

    Args:
        what: What is being tried, for the message.
        seconds: Give up after so many seconds from the first failure; the last try is then.
    """

    def __init__(self, what: str, seconds: float) -> None:
        self._what = what
        self._seconds = seconds
        self._since: float | None = None
        self._tries = 0
        self._odd = 0

    def after(self, error: BaseException) -> None:
        """Wait before the next try.

        Raises:
            DeadlineError: There is no time left.
            BaseException: The error itself, if it is not one that passes.
        """
        if not passes(error):
            raise error
        self._odd += _is_odd(error)
        if self._odd >= _MOST_ODD:
            raise error
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = self._since + self._seconds - now
        told = _told(error)
        if left <= 0 or (told or 0) > left:
            raise DeadlineError(self._given_up(now - self._since, told, error)) from error
        doubled = _FIRST_WAIT * 2 ** min(self._tries, _MOST_DOUBLINGS)
        wait = random.uniform(0.5, 1.5) * min(_LONGEST_WAIT, doubled)
        if told is not None:  # all who were told the same should not come back at once
            wait = told + random.uniform(0, min(1.0, wait))
        self._tries += 1
        time.sleep(min(wait, left))

    def _given_up(self, seconds: float, told: float | None, error: BaseException) -> str:
        times = f"{self._tries + 1} times" if self._tries else "once"
        asks = f", and the Hub asks to wait {told:,.0f} seconds more" if told else ""
        return (
            f"{self._what} failed {times} in {seconds:,.0f} seconds ({describe(error)}){asks}: "
            f"run the same call again later, or with more patience than {self._seconds:,.0f} "
            "seconds. What was uploaded is not sent again."
        )


def persist(what: str, function: Callable[[], Result], seconds: float) -> Result:
    """Call a function until it succeeds, fails for good, or time is up.

    Raises:
        DeadlineError: There is no time left.
    """
    retry = Retry(what, seconds)
    while True:
        try:
            return function()
        except RAISED as error:
            retry.after(error)


def passes(error: BaseException) -> bool:
    """Whether an error may be gone a little later."""
    if isinstance(error, Moved | json.JSONDecodeError):  # the latter: often the page of a 5xx
        return True
    cause = _http_error(error)
    if cause is None:
        return _is_odd(error)
    status = status_of(cause)
    return type(cause).__name__ not in _OURS if status is None else status in _PASSING


def conflicts(error: BaseException) -> bool:
    """Whether another writer came first."""
    return status_of(error) in _CONFLICT


def status_of(error: BaseException) -> int | None:
    """HTTP status of an error; None if there was no answer."""
    cause = _http_error(error)
    response = getattr(cause, "response", None)
    if response is not None:
        return int(response.status_code)
    told = _STATUS.search(str(cause)) if isinstance(cause, ConnectionError) else None
    return int(told[1]) if told else None


def path_of(error: BaseException) -> str | None:
    """Path of the request that came to nothing; None if it is not known."""
    cause = _http_error(error)
    for holder in (getattr(cause, "response", None), cause):
        with suppress(AttributeError, RuntimeError):  # an error may have been given none
            return str(holder.request.url.path)  # type: ignore[union-attr]
    return None


def describe(error: BaseException) -> str:
    """An error in one line, without the headers of its request and what signs its address."""
    cause = _http_error(error) or _wrapped(error) or error
    told = cause.server_message if isinstance(cause, HfHubHTTPError) else None
    said = str(cause) if isinstance(cause, HTTPError) else " ".join(str(cause).split())
    text = told or said.partition("\n")[0][:_LONGEST_TEXT] or type(cause).__name__
    if type(cause).__name__ in _OURS or isinstance(cause, UnicodeEncodeError):
        text = "the request cannot be sent"  # the error may quote its headers
    elif isinstance(cause, json.JSONDecodeError):
        text = "the answer is no JSON"
    elif _is_odd(cause):
        text = f"the answer makes no sense, {type(cause).__name__}: {text}"
    text = re.sub(r"(https?://[^\s?'\"]*)\?[^\s'\"]*", r"\1", text)
    status = status_of(cause)
    return text if status is None or str(status) in text else f"{status}: {text}"


def _http_error(error: BaseException) -> Exception | None:
    """The error of HTTP behind what the client raises, which wraps those of some calls."""
    for each in (error, _wrapped(error)):
        if isinstance(each, HTTPError):
            return each
        if isinstance(each, ConnectionError | TimeoutError):  # by Xet, which carries files too
            return None if isinstance(each, OfflineModeIsEnabled) else each
    return None


def _wrapped(error: BaseException) -> BaseException | None:
    """What an upload or a download wraps in an error of its own."""
    wraps = isinstance(error, RuntimeError | LocalEntryNotFoundError)
    return error.__cause__ if wraps else None


def _is_odd(error: BaseException) -> bool:
    """Whether an answer made no sense, or broke off unnoticed."""
    if _http_error(error) is not None or isinstance(error, Moved):
        return False
    if type(error) is RuntimeError and error.__cause__ is None:  # Xet's word for its own trouble
        return True
    cause = _wrapped(error) or error
    odd = LookupError | TypeError | AttributeError | UnicodeDecodeError | FileMetadataError
    return isinstance(cause, odd) or "Consistency check failed" in str(cause)


def _told(error: BaseException) -> float | None:
    """Seconds that the Hub asks to wait, if it asks."""
    response = getattr(_http_error(error), "response", None)
    headers: Mapping[str, str] = {} if response is None else response.headers
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    if limit := _RATE_LIMIT.search(headers.get("ratelimit", "")):
        return float(limit[1])
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
