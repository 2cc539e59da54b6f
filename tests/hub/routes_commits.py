"""Writing: what goes by LFS, and the commit itself."""

from __future__ import annotations

import base64
import json
from typing import Any

from starlette.responses import JSONResponse, Response

from .call import REPO, Call, route
from .discussions import PullRequest, event, propose
from .errors import HubError
from .files import File, is_ignored, wants_lfs
from .repos import Change, Repo
from .users import User


def author(call: Call, revision: str | None) -> User:
    """Who writes: anybody to a new pull request (None), its author to an old one, else members."""
    if revision is None:
        return call.writer
    requests = {found.reference: found.author for found in call.repo.pull_requests}
    return call.writer if requests.get(revision) == call.writer.name else call.writes(call.repo)


def _asks(call: Call) -> User:
    """Who writes to the revision of the call."""
    return author(call, None if call.flag("create_pr") else call.place[0])


async def preupload(call: Call) -> Response:
    """Tell for each file whether it goes by LFS, is ignored, and what is there now."""
    _asks(call)
    asked, now = await call.json(), call.commit.tree
    rules = asked.get("gitIgnore")
    if rules is None and ".gitignore" in now:
        rules = now[".gitignore"].content.decode()
    found = []
    for file in asked["files"]:
        path, sample = file["path"], base64.b64decode(file["sample"])
        mode = "lfs" if wants_lfs(now, path, sample, file["size"]) else "regular"
        ignored = is_ignored(rules or "", path)
        oid = now[path].etag if path in now else None
        found.append({"path": path, "uploadMode": mode, "shouldIgnore": ignored, "oid": oid})
    return JSONResponse({"files": found})


async def commit(call: Call) -> Response:
    """Write a commit, on a branch or as a new pull request."""
    revision, repo = call.place[0], call.repo
    name = _asks(call).name
    lines = [json.loads(line) for line in (await call.body()).splitlines() if line.strip()]
    header = next((line["value"] for line in lines if line["key"] == "header"), None)
    if header is None or not header.get("summary"):
        raise HubError(400, "A commit needs a header with a summary")
    changed = (line for line in lines if line["key"] != "header")
    changes = [_change(repo, line["key"], line["value"]) for line in changed]
    words = {"title": header["summary"], "message": header.get("description", "")}
    parent = header.get("parentCommit")
    with repo.lock:
        if not call.flag("create_pr"):
            made = repo.write(revision, changes, **words, author=name, parent=parent)
            _tell(repo, revision, made.title, made.oid, name)
            return JSONResponse(_answer(call, made.oid, None))
        request = _proposed(repo, revision, name, words, parent)
        try:
            made = repo.write(request.reference, changes, **words, author=name)
        except HubError:
            repo.discussions.remove(request)
            del repo.refs[request.reference]
            raise
        _tell(repo, request.reference, made.title, made.oid, name)
        return JSONResponse(_answer(call, made.oid, request))


def _proposed(
    repo: Repo, branch: str, name: str, words: dict[str, str], base: str | None
) -> PullRequest:
    if f"refs/heads/{branch}" not in repo.refs:
        raise HubError(404, f"Invalid rev id: {branch}", code="RevisionNotFound")
    title, text = words["title"], words["message"]
    return propose(repo, title, name, text=text, status="open", branch=branch, base=base)


def _tell(repo: Repo, revision: str, title: str, oid: str, name: str) -> None:
    """A commit on a pull request is something that happened in it."""
    for request in repo.pull_requests:
        if request.reference == revision:
            request.events.append(event("commit", name, subject=title, oid=oid))


def _answer(call: Call, oid: str, request: PullRequest | None) -> dict[str, Any]:
    url = f"{call.hub.endpoint}/{call.repo.prefix}{call.repo.id}"
    pull = f"{url}/discussions/{request.number}" if request else None
    told = {"success": True, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}"}
    return {**told, "pullRequestUrl": pull, "hookOutput": ""}


def _change(repo: Repo, key: str, value: dict[str, Any]) -> Change:
    """One line of a commit."""
    path = value.get("path", "")
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise HubError(400, f"Invalid path: {path!r}")
    if key == "file":
        if value.get("encoding") == "base64":
            return Change(path, File(base64.b64decode(value["content"])))
        return Change(path, File(value["content"].encode()))
    if key == "lfsFile":
        content = repo.lfs.get(value["oid"])
        if content is None or value.get("size", len(content)) != len(content):
            raise HubError(400, f"LFS object {value['oid']} of {path} was not uploaded")
        return Change(path, File(content, lfs=True))
    if key in {"deletedFile", "deletedFolder"}:
        return Change(path, folder=key == "deletedFolder")
    raise HubError(400, f"Unknown key {key!r} in a commit")


ROUTES = [
    route("POST", REPO + "/preupload/{rest:path}", preupload),
    route("POST", REPO + "/commit/{rest:path}", commit),
]
