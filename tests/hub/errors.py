"""What the Hub refuses, with the status, the code and the words that the clients look at."""

from __future__ import annotations

from typing import Any

BUSY = "Another commit operation is in progress for this repository. Please try again later."
STALE = "A commit has happened since. Please refresh and try again."
NO_FILE = "A file with this name doesn't exist"

WORDS = {
    400: "Bad request",
    401: "Invalid credentials in Authorization header",
    403: "You don't have the required permissions to perform this action",
    404: "Sorry, we can't find the page you are looking for.",
    408: "Request timeout",
    409: BUSY,
    412: STALE,
    413: "Payload too large",
    416: "Requested range not satisfiable",
    429: "We had to rate limit you. Please retry later.",
    500: "Internal Error - We're working hard to fix this as soon as possible!",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


class HubError(Exception):
    """An answer other than the one asked for.

    Args:
        status: The HTTP status.
        message: What the client shows; the usual words of the status if not given.
        code: `X-Error-Code`, by which the client picks its exception.
        headers: More headers.
        body: More keys of the JSON answer.
    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> None:
        self.status = status
        self.message = message or WORDS.get(status, "Error")
        self.headers = {"X-Error-Message": self.message, **(headers or {})}
        if code is not None:
            self.headers["X-Error-Code"] = code
        self.body = {"error": self.message, **body}
        super().__init__(f"{status}: {self.message}")


def no_repo(known_user: bool) -> HubError:
    """A repository that is not there, or not for this user: nobody is told which of the two."""
    if known_user:
        return HubError(404, "Repository not found", code="RepoNotFound")
    return HubError(401, "Invalid username or password.", code="RepoNotFound")


def no_revision(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def no_entry(message: str = "Entry not found", commit: str | None = None) -> HubError:
    """A path that the commit does not have; the client remembers it for that commit."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return HubError(404, message, code="EntryNotFound", headers=headers)
