"""Accounts and repositories: who am I, create, delete, move, settings, info and references."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from .call import REPO, Call, route
from .cards import metadata
from .errors import HubError, no_revision
from .repos import Commit, Repo

COMMITS = 50


async def whoami(call: Call) -> Response:
    token = call.request.headers.get("authorization", "").removeprefix("Bearer ")
    known = call.hub.users.get(token)
    if known is None:
        raise HubError(401, "Invalid user token.")
    return JSONResponse(known.whoami())


async def create(call: Call) -> Response:
    asked = await call.json()
    kind, user = asked.get("type", "model"), call.writer
    space = asked.get("organization") or user.name
    if not user.may_write_in(space):
        words = f"You don't have the rights to create a {kind} under the namespace"
        raise HubError(403, f'{words} "{space}"')
    repo_id = f"{space}/{asked['name']}"
    url = address(call, Repo(repo_id, kind))
    if (kind, repo_id) in call.hub.repos:
        raise HubError(409, f"You already created this {kind} repo", url=url)
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    call.hub.create(repo_id, private=private, kind=kind)
    return JSONResponse({"url": url, "name": repo_id, "id": repo_id})


async def delete(call: Call) -> Response:
    asked = await call.json()
    space = asked.get("organization") or call.writer.name
    repo = call.find(asked.get("type", "model"), f"{space}/{asked['name']}")
    call.writes(repo)
    del call.hub.repos[repo.kind, repo.id]
    return JSONResponse({})


async def move(call: Call) -> Response:
    asked = await call.json()
    repo = call.find(asked.get("type", "model"), asked["fromRepo"])
    user, goal = call.writes(repo), asked["toRepo"]
    if not user.may_write_in(goal.split("/")[0]):
        raise HubError(403)
    if (repo.kind, goal) in call.hub.repos:
        raise HubError(409, f"{goal} already exists")
    del call.hub.repos[repo.kind, repo.id]
    repo.id = goal
    call.hub.repos[repo.kind, goal] = repo
    return JSONResponse({"url": address(call, repo)})


async def settings(call: Call) -> Response:
    call.writes(call.repo)
    asked = await call.json()
    if "visibility" in asked:
        call.repo.private = asked["visibility"] == "private"
    if "gated" in asked:
        call.repo.gated = asked["gated"]
    return JSONResponse({"private": call.repo.private, "gated": call.repo.gated})


def address(call: Call, repo: Repo) -> str:
    return f"{call.hub.endpoint}/{repo.prefix}{repo.id}"


async def info(call: Call) -> Response:
    return JSONResponse(told(call, call.repo.at("main")))


async def info_at(call: Call) -> Response:
    return JSONResponse(told(call, call.commit))


def told(call: Call, commit: Commit) -> dict[str, Any]:
    """A repository at a commit, as the info call tells it: all, or what `expand` names."""
    repo, named = call.repo, call.request.query_params.getlist("expand")
    siblings: list[dict[str, Any]] = []
    for path, file in sorted(commit.tree.items()):
        sibling: dict[str, Any] = {"rfilename": path}
        if call.flag("blobs"):
            sibling |= {"size": file.size, "blobId": file.oid}
            if file.lfs:
                pointer = {"size": file.size, "pointerSize": len(file.pointer)}
                sibling["lfs"] = {"sha256": file.sha256, **pointer}
        siblings.append(sibling)
    card = commit.tree.get("README.md")
    data = metadata(card.content.decode(errors="replace"))[0] if card else None
    found = {
        "_id": f"{id(repo):024x}",
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "cardData": data,
        "siblings": siblings,
    }
    return {key: found[key] for key in ("_id", "id", *named)} if named else found


async def refs(call: Call) -> Response:
    def under(start: str) -> list[dict[str, str]]:
        names = [name for name in sorted(call.repo.refs) if name.startswith(start)]
        return [
            {"name": name.removeprefix(start), "ref": name, "targetCommit": call.repo.refs[name]}
            for name in names
        ]

    found: dict[str, Any] = {"branches": under("refs/heads/"), "tags": under("refs/tags/")}
    found["converts"] = under("refs/convert/")
    if call.flag("include_prs"):
        found["pullRequests"] = under("refs/pr/")
    return JSONResponse(found)


async def commits(call: Call) -> Response:
    history = call.repo.commits(call.place[0])
    start = int(call.query("p", "0")) * COMMITS
    page = history[start : start + COMMITS]
    found = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.message,
            "date": commit.date,
            "authors": [{"user": commit.author}],
        }
        for commit in page
    ]
    headers = {}
    if start + COMMITS < len(history):
        following = call.request.url.include_query_params(p=start // COMMITS + 1)
        headers["Link"] = f'<{following}>; rel="next"'
    return JSONResponse(found, headers=headers)


async def make_branch(call: Call) -> Response:
    call.writes(call.repo)
    name, asked = call.param("branch"), await call.json() or {}
    if name.startswith("refs/"):
        raise HubError(400, f"Invalid reference for a branch: {name}")
    return _point(call, f"refs/heads/{name}", asked.get("startingPoint", "main"))


async def delete_branch(call: Call) -> Response:
    if call.param("branch") == "main":
        raise HubError(403, "The main branch cannot be deleted")
    return _drop(call, f"refs/heads/{call.param('branch')}")


async def make_tag(call: Call) -> Response:
    call.writes(call.repo)
    asked = await call.json()
    return _point(call, f"refs/tags/{asked['tag']}", call.param("revision"))


async def delete_tag(call: Call) -> Response:
    return _drop(call, f"refs/tags/{call.param('revision')}")


def _point(call: Call, name: str, revision: str) -> Response:
    commit = call.repo.at(revision)
    if name in call.repo.refs:
        raise HubError(409, f"Reference {name} already exists")
    call.repo.refs[name] = commit.oid
    return JSONResponse({"name": name, "targetCommit": commit.oid})


def _drop(call: Call, name: str) -> Response:
    call.writes(call.repo)
    if name not in call.repo.refs:
        raise no_revision(name)
    del call.repo.refs[name]
    return JSONResponse({})


async def validate(call: Call) -> Response:
    """Read the metadata of a card, and refuse what is none."""
    _, errors = metadata((await call.json())["content"])
    told = {"errors": [{"message": message} for message in errors], "warnings": []}
    return JSONResponse(told, 400 if errors else 200)


ROUTES = [
    route("GET", "/api/whoami-v2", whoami),
    route("POST", "/api/validate-yaml", validate),
    route("POST", "/api/repos/create", create),
    route("DELETE", "/api/repos/delete", delete),
    route("POST", "/api/repos/move", move),
    route("GET", REPO, info),
    route("GET", REPO + "/revision/{rest:path}", info_at),
    route("PUT", REPO + "/settings", settings),
    route("GET", REPO + "/refs", refs),
    route("GET", REPO + "/commits/{rest:path}", commits),
    route("POST", REPO + "/branch/{branch:path}", make_branch),
    route("DELETE", REPO + "/branch/{branch:path}", delete_branch),
    route("POST", REPO + "/tag/{revision:path}", make_tag),
    route("DELETE", REPO + "/tag/{revision:path}", delete_tag),
]
