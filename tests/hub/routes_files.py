"""Reading: trees page by page, paths, and files whole or in ranges."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from .call import REPO, Call, route
from .errors import HubError, no_entry
from .files import entry, listing
from .repos import Commit

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def tree(call: Call) -> Response:
    """One page of a folder."""
    commit, folder = call.commit, call.place[1]
    found = entry(commit.tree, folder) if folder else {"type": "directory"}
    if found is None or found["type"] != "directory":
        raise no_entry(f"{folder} does not exist on {call.place[0]}", commit.oid)
    paths = listing(commit.tree, folder, call.flag("recursive"))
    start = int(call.query("cursor", "0"))
    end = start + int(call.query("limit", str(call.hub.page_size)))
    page = [_entry(call, commit, path, call.flag("expand")) for path in paths[start:end]]
    headers = {"X-Repo-Commit": commit.oid}
    if end < len(paths):
        following = call.request.url.include_query_params(cursor=end)
        headers["Link"] = f'<{following}>; rel="next"'
    return JSONResponse(page, headers=headers)


async def paths_info(call: Call) -> Response:
    """What is at some paths; those where nothing is are left out."""
    commit, asked = call.commit, parse_qs((await call.body()).decode())
    expand = "true" in asked.get("expand", [])
    paths = [path.strip("/") for path in asked.get("paths", [])]
    there = [path for path in paths if entry(commit.tree, path) is not None]
    return JSONResponse([_entry(call, commit, path, expand) for path in there])


def _entry(call: Call, commit: Commit, path: str, expand: bool) -> dict[str, Any]:
    """A file or a folder, on demand with the commit that changed it last."""
    found = entry(commit.tree, path) or {}
    if expand:
        last = call.repo.last_change(commit, path)
        found["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
        found["securityFileStatus"] = None
    return found


async def resolve(call: Call) -> Response:
    """A file: its bytes, or a range of them."""
    call.opens(call.repo)
    commit, path = call.commit, call.place[1]
    file = commit.tree.get(path)
    if file is None:
        raise no_entry(commit=commit.oid)
    headers = {
        "X-Repo-Commit": commit.oid,
        "ETag": f'"{file.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{path.rsplit("/", 1)[-1]}"',
        "Content-Type": "application/octet-stream",
    }
    if file.lfs:
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
    part = _range(call.request.headers.get("range"), file.size)
    if part is None or call.request.method == "HEAD":
        return Response(file.content, 200, headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    return Response(file.content[part.start : part.stop], 206, headers)


def _range(asked: str | None, size: int) -> range | None:
    """The bytes of a `Range`, or None for the whole file; 416 for none at all."""
    match = RANGE.fullmatch(asked or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        raise HubError(416, headers={"Content-Range": f"bytes */{size}"})
    return range(start, stop)


ROUTES = [
    route("GET", REPO + "/tree/{rest:path}", tree),
    route("POST", REPO + "/paths-info/{rest:path}", paths_info),
    route("GET", "/{kind:hubkind}/{space}/{name}/resolve/{rest:path}", resolve),
    route("GET", "/{space}/{name}/resolve/{rest:path}", resolve),
]
