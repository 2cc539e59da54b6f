"""How long it is waited for the Hub, and what is not waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from hf_provenance.errors import DeadlineError
from hf_provenance.publish.remote.patience import describe, passes, persist

from .trouble import Clock, hurry


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return hurry(monkeypatch)


def refusal(
    status: int = 503, headers: Mapping[str, str] | None = None, message: str = "Said so."
) -> HfHubHTTPError:
    request = httpx2.Request("POST", "https://hub.example/api/x?X-Amz-Signature=secret")
    response = httpx2.Response(status, headers=headers, request=request)
    return HfHubHTTPError(f"{status} {message}", response=response)


def failing(*errors: Exception) -> object:
    """A call that raises one error after the other, and the last one for ever."""
    left = list(errors)

    def call() -> None:
        raise left.pop(0) if len(left) > 1 else left[0]

    return call


def soon(*errors: Exception) -> object:
    """A call that raises one error after the other, and then succeeds."""
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def test_waits_grow_and_stay_below_half_a_minute(clock: Clock) -> None:
    assert persist("it", soon(*[refusal()] * 30), 1e9) == "done"
    assert clock.slept[0] < 1
    assert 10 < max(clock.slept) <= 30
    assert all(early < late * 4 for early, late in zip(clock.slept, clock.slept[1:], strict=False))


def test_the_last_try_is_at_the_deadline(clock: Clock) -> None:
    with pytest.raises(DeadlineError, match=r"it failed \d+ times in 60 seconds \(503.*60 sec"):
        persist("it", failing(refusal()), 60)
    assert sum(clock.slept) == pytest.approx(60, abs=1)


def test_the_deadline_counts_from_the_first_failure(clock: Clock) -> None:
    def slow() -> str:
        clock.sleep(1000)
        if len(clock.slept) < 3:
            raise refusal()
        return "done"

    assert persist("it", slow, 10 + 1000) == "done"


def test_without_patience_a_call_is_made_once(clock: Clock) -> None:
    with pytest.raises(DeadlineError, match="it failed once"):
        persist("it", failing(refusal()), 0)
    assert clock.slept == []


def test_there_may_be_any_number_of_tries(clock: Clock) -> None:
    assert persist("it", soon(*[refusal()] * 3000), float("inf")) == "done"


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "40"},
        {"retry-after": " 40 "},
        {"Retry-After": "{date}"},
        {"ratelimit": '"api";r=0;t=40', "ratelimit-policy": '"fixed window";"api";q=500;w=300'},
    ],
    ids=["seconds", "with spaces", "a date", "a rate limit"],
)
def test_the_hub_says_how_long_to_wait(clock: Clock, headers: dict[str, str]) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40))
    headers = {name: value.replace("{date}", date) for name, value in headers.items()}
    persist("it", soon(refusal(429, headers)), 300)
    (waited,) = clock.slept
    assert 30 < waited < 42


@pytest.mark.parametrize(
    "value", ["Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5", "", "0", "1e400", "٣x", "5 minutes"]
)
def test_a_wait_that_makes_no_sense_is_short(clock: Clock, value: str) -> None:
    persist("it", soon(refusal(429, {"Retry-After": value.encode()})), 300)
    (waited,) = clock.slept
    assert waited < 2


def test_a_wait_beyond_the_deadline_is_not_begun(clock: Clock) -> None:
    with pytest.raises(DeadlineError, match="the Hub asks to wait 400 seconds more"):
        persist("it", failing(refusal(429, {"Retry-After": "400"})), 300)
    assert clock.slept == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 416, 422])
def test_a_refusal_is_not_waited_for(clock: Clock, status: int) -> None:
    with pytest.raises(HfHubHTTPError):
        persist("it", failing(refusal(status)), 300)
    assert clock.slept == []


@pytest.mark.parametrize("status", [408, 409, 412, 425, 429, 500, 502, 503, 504])
def test_trouble_is_waited_for(status: int) -> None:
    assert passes(refusal(status))


@pytest.mark.parametrize("error", [KeyError("sha"), TypeError("no list"), AttributeError("get")])
def test_an_answer_that_makes_no_sense_is_asked_for_five_times(
    clock: Clock, error: Exception
) -> None:
    assert persist("it", soon(*[error] * 4), 300) == "done"
    clock.slept.clear()
    with pytest.raises(type(error)):
        persist("it", failing(error), 300)
    assert len(clock.slept) == 4


def test_what_is_no_json_is_waited_for_as_the_hub_is_down(clock: Clock) -> None:
    with pytest.raises(DeadlineError, match="the answer is no JSON"):
        persist("it", failing(json.JSONDecodeError("Expecting value", "<html>", 0)), 300)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no token"),
        OSError(28, "No space left on device"),
        OfflineModeIsEnabled("offline"),
        ConnectionError("Network error: HTTP status client error (401 Unauthorized), domain: x"),
    ],
)
def test_errors_of_this_side_are_not_waited_for(clock: Clock, error: Exception) -> None:
    with pytest.raises(type(error)):
        persist("it", failing(error), 300)
    assert clock.slept == []


def test_connections_are_waited_for_and_addresses_that_are_none_are_not() -> None:
    assert passes(httpx2.ConnectError("refused"))
    assert passes(httpx2.ReadTimeout("slow"))
    assert not passes(httpx2.UnsupportedProtocol("no protocol"))
    assert not passes(httpx2.LocalProtocolError("Illegal header value b'Bearer hf_secret'"))


def test_trouble_of_xet_is_waited_for() -> None:
    down = "Server error: HTTP status server error (503 Service Unavailable), domain: x"
    assert passes(ConnectionError(down))
    assert passes(ConnectionError("Network error: connection reset"))
    assert passes(RuntimeError("Data processing error: CAS service error"))
    with pytest.raises(RuntimeError, match="CAS"):
        persist("it", failing(RuntimeError("Data processing error: CAS service error")), 300)


def test_an_error_is_told_in_one_line_without_secrets() -> None:
    failed = refusal(message="for url 'https://s3.example/a?X-Amz-Signature=secret'\nMore.")
    assert describe(failed) == "503 for url 'https://s3.example/a'"
    header = httpx2.LocalProtocolError("Illegal header value b'Bearer hf_secret\\n'")
    assert describe(header) == "the request cannot be sent"
    upload = RuntimeError("Error while uploading 'a'")
    upload.__cause__ = failed
    assert describe(upload) == "503 for url 'https://s3.example/a'"
    assert describe(KeyError("commitOid")).endswith("makes no sense, KeyError: 'commitOid'")
