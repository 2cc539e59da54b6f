"""Discussions and pull requests."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from .call import REPO, Call, route
from .discussions import Discussion, PullRequest, comment, event, propose, start
from .errors import HubError

DISCUSSIONS = REPO + "/discussions"
ONE = DISCUSSIONS + "/{number:int}"
PAGE = 10


async def show_all(call: Call) -> Response:
    """One page of the discussions, newest first."""
    found = [one for one in reversed(call.repo.discussions) if _is_asked_for(call, one)]
    first = int(call.query("p", "0")) * PAGE
    page = [one.told() for one in found[first : first + PAGE]]
    return JSONResponse({"discussions": page, "count": len(found), "start": first})


def _is_asked_for(call: Call, one: Discussion) -> bool:
    kind, status, author = call.query("type"), call.query("status"), call.query("author")
    is_open = one.status in {"draft", "open"}
    return (
        kind in {"", "all", "pull_request" if one.is_pull_request else "discussion"}
        and status in {"", "all", "open" if is_open else "closed"}
        and author in {"", one.author}
    )


async def begin(call: Call) -> Response:
    author, asked = call.writer.name, await call.json()
    title, text = asked["title"], asked.get("description", "")
    if len(title) < 3:
        raise HubError(400, "The title must be at least 3 characters long")
    if asked.get("pullRequest"):
        found: Discussion = propose(call.repo, title, author, text=text)
    else:
        found = start(call.repo, title, author, text)
    return JSONResponse({"num": found.number, "pullRequest": found.is_pull_request})


async def show(call: Call) -> Response:
    return JSONResponse(_one(call).details())


async def say(call: Call) -> Response:
    told = comment(call.writer.name, (await call.json())["comment"])
    _one(call).events.append(told)
    return JSONResponse({"newMessage": told})


async def rename(call: Call) -> Response:
    found, asked = _own(call), await call.json()
    told = event("title-change", call.writer.name, **{"from": found.title, "to": asked["title"]})
    found.title = asked["title"]
    found.events.append(told)
    return JSONResponse({"newTitle": told})


async def change_status(call: Call) -> Response:
    found, asked = _own(call), await call.json()
    _say(call, found, asked)
    return JSONResponse({"newStatus": found.change_status(asked["status"], call.writer.name)})


async def merge(call: Call) -> Response:
    """Merge a pull request; only for those who may write to the repository."""
    author, found = call.writes(call.repo), _one(call)
    if not isinstance(found, PullRequest):
        raise HubError(400, "This is not a pull request")
    commit = found.merge(author.name)
    body = await call.body()
    _say(call, found, await call.json() if body else None)
    return JSONResponse({"mergeCommitId": commit.oid})


def _say(call: Call, found: Discussion, asked: dict[str, Any] | None) -> None:
    if asked and asked.get("comment"):
        found.events.append(comment(call.writer.name, asked["comment"]))


def _one(call: Call) -> Discussion:
    number = int(call.request.path_params["number"])
    for found in call.repo.discussions:
        if found.number == number:
            return found
    raise HubError(404, "Discussion not found", code="NotFound")


def _own(call: Call) -> Discussion:
    """A discussion of the one who asks, or of a repository that they may write to."""
    found = _one(call)
    if found.author != call.writer.name:
        call.writes(call.repo)
    return found


ROUTES = [
    route("GET", DISCUSSIONS, show_all),
    route("POST", DISCUSSIONS, begin),
    route("GET", ONE, show),
    route("POST", ONE + "/comment", say),
    route("POST", ONE + "/title", rename),
    route("POST", ONE + "/status", change_status),
    route("POST", ONE + "/merge", merge),
]
