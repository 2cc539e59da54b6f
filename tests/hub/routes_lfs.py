"""Large files: the batch call, uploads whole or in parts, and the check afterwards.

Addresses of uploads need no token, as the signed ones of the real Hub.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

from starlette.responses import JSONResponse, Response

from .call import Call, route
from .errors import HubError
from .repos import Repo
from .routes_commits import author

GIT = "/{space}/{name}.git/info/lfs/objects"
UPLOAD = "/upload/{kind}/{space}/{name}/{oid}"


async def batch(call: Call) -> Response:
    """Say for each object where it goes; nothing for one that is there."""
    asked = await call.json()
    author(call, asked.get("ref", {}).get("name"))
    objects = ((wanted["oid"], wanted["size"]) for wanted in asked["objects"])
    found = [_object(call, call.repo, *wanted) for wanted in objects]
    parts = any("chunk_size" in _header(one) for one in found)
    transfer = "multipart" if parts else "basic"
    return JSONResponse({"transfer": transfer, "objects": found})


def _header(found: dict[str, Any]) -> dict[str, str]:
    header: dict[str, str] = found.get("actions", {}).get("upload", {}).get("header", {})
    return header


def _object(call: Call, repo: Repo, oid: str, size: int) -> dict[str, Any]:
    hub = call.hub
    found: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
    if oid in repo.lfs:
        return found
    href = f"{hub.endpoint}/upload/{repo.kind}s/{repo.id}/{oid}"
    upload: dict[str, Any] = {"href": href, "header": {}}
    if hub.multipart_above is not None and size > hub.multipart_above:
        numbers = range(1, math.ceil(size / hub.part_size) + 1)
        urls = {f"{number:05d}": f"{href}/part/{number}" for number in numbers}
        upload = {"href": f"{href}/complete", "header": {"chunk_size": str(hub.part_size), **urls}}
    found["actions"] = {"upload": upload}
    if hub.verify_uploads:
        url = f"{hub.endpoint}/{repo.prefix}{repo.id}.git/info/lfs/objects/verify"
        found["actions"]["verify"] = {"href": url, "header": {}}
    return found


async def put(call: Call) -> Response:
    """Take a whole object."""
    content = await call.body()
    _keep(call, content)
    return Response(headers={"ETag": f'"{hashlib.md5(content).hexdigest()}"'})


async def put_part(call: Call) -> Response:
    """Take one part of an object."""
    content, oid = await call.body(), call.param("oid")
    parts = call.hub.parts.setdefault((_repo(call).id, oid), {})
    parts[int(call.param("number"))] = content
    return Response(headers={"ETag": f'"{hashlib.md5(content).hexdigest()}"'})


async def complete(call: Call) -> Response:
    """Put the parts together."""
    asked = await call.json()
    parts = call.hub.parts.get((_repo(call).id, call.param("oid")), {})
    numbers = [part["partNumber"] for part in asked["parts"]]
    etags = [part["etag"].strip('"') for part in asked["parts"]]
    held = [hashlib.md5(parts.get(number, b"")).hexdigest() for number in numbers]
    if numbers != sorted(parts) or etags != held:
        raise HubError(400, "One or more of the specified parts could not be found")
    _keep(call, b"".join(parts[number] for number in numbers))
    del call.hub.parts[_repo(call).id, call.param("oid")]
    return JSONResponse({"success": True})


async def verify(call: Call) -> Response:
    """Say whether an object is there, whole."""
    asked = await call.json()
    content = call.repo.lfs.get(asked["oid"])
    if content is None or len(content) != asked["size"]:
        raise HubError(404, "The object was not uploaded", code="EntryNotFound")
    return JSONResponse({})


def _repo(call: Call) -> Repo:
    """The repository of an upload, whose address is permission enough."""
    repo_id = f"{call.param('space')}/{call.param('name')}"
    repo = call.hub.repos.get((call.param("kind").removesuffix("s"), repo_id))
    if repo is None:
        raise HubError(404, code="RepoNotFound")
    return repo


def _keep(call: Call, content: bytes) -> None:
    oid = hashlib.sha256(content).hexdigest()
    if oid != call.param("oid"):
        raise HubError(400, f"These bytes are {oid}, not {call.param('oid')}")
    _repo(call).lfs[oid] = content
    call.hub.uploads.append(oid)


ROUTES = [
    route("POST", "/{kind:hubkind}" + GIT + "/batch", batch),
    route("POST", "/{kind:hubkind}" + GIT + "/verify", verify),
    route("POST", GIT + "/batch", batch),
    route("POST", GIT + "/verify", verify),
    route("PUT", UPLOAD, put),
    route("PUT", UPLOAD + "/part/{number:int}", put_part),
    route("POST", UPLOAD + "/complete", complete),
]
