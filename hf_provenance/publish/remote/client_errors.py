"""Errors of the Hub's client in words of ours: what is refused, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hf_provenance.errors import AccessError, HubError
from hf_provenance.publish.remote.patience import RAISED, HTTPError, describe, status_of


@contextmanager
def hub_errors(where: str, what: str = "a call") -> Iterator[None]:
    """Say in words of ours what the Hub refuses, and what to do.

    Raises:
        AccessError: In place of what is not there for this token, or forbidden.
        HubError: In place of any other refusal.
    """
    try:
        yield
    except GatedRepoError as error:
        raise AccessError(
            f"{where} is gated: ask for access on its page on the Hub, then log in with "
            "`hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise AccessError(f"{where}: there is no such revision.") from error
    except RepositoryNotFoundError as error:
        raise AccessError(
            f"{where}: there is no such dataset on the Hub, or it is private and this token does "
            "not open it: check the name, and `hf auth whoami`."
        ) from error
    except LocalEntryNotFoundError as error:  # it is at the Hub, as far as anybody knows
        raise _refused(where, what, error) from error
    except EntryNotFoundError as error:
        raise HubError(f"{where}: {what} is not there ({describe(error)}).") from error
    except LocalTokenNotFoundError as error:
        raise AccessError("nobody is logged in: run `hf auth login`, or pass `token=`.") from error
    except OfflineModeIsEnabled as error:
        raise HubError(f"{where} cannot be reached: HF_HUB_OFFLINE is set.") from error
    except HFValidationError as error:
        raise HubError(f"{where!r} is no name of a dataset on the Hub: {error}") from error
    except HTTPError as error:
        raise _refused(where, what, error) from error


@contextmanager
def any_errors(where: str, what: str) -> Iterator[None]:
    """As `hub_errors`, and so with whatever else the client may raise.

    Raises:
        HubError: In place of it.
    """
    try:
        with hub_errors(where, what):
            yield
    except RAISED as error:
        raise _refused(where, what, error) from error


def _refused(where: str, what: str, error: Exception) -> HubError:
    if status_of(error) in (401, 403):
        return AccessError(
            f"{where}: the Hub does not allow {what} ({describe(error)}). Log in with a token "
            "that may do it: `hf auth login`."
        )
    return HubError(f"{where}: {what} failed ({describe(error)}).")
