"""One request as the routes see it: who asks, for which repository, at which revision."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .errors import HubError, no_repo
from .repos import Commit, Repo
from .state import Hub
from .users import User

REPO = "/api/{kind}/{space}/{name}"
KINDS = {"datasets": "dataset", "models": "model", "spaces": "space"}
SPECIAL = re.compile(r"(refs(?:/|%2F)(?:pr|convert|heads|tags)(?:/|%2F)[^/]+)(?:/(.*))?")


class Call:
    """A request, read as far as a route needs it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.hub: Hub = request.scope["hub"]

    def param(self, name: str) -> str:
        """A part of the path, unquoted."""
        return unquote(str(self.request.path_params[name]))

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def flag(self, name: str) -> bool:
        return self.query(name).lower() in {"1", "true"}

    async def body(self) -> bytes:
        return await self.request.body()

    async def json(self) -> Any:
        return await self.request.json()

    @cached_property
    def user(self) -> User | None:
        """Who asks; None for nobody in particular. A token that is none is refused."""
        kind, _, token = self.request.headers.get("authorization", "").partition(" ")
        if not kind:
            return None
        if kind != "Bearer" or token not in self.hub.users:
            raise HubError(401)
        return self.hub.users[token]

    @property
    def writer(self) -> User:
        """Who asks, with a token that may write somewhere."""
        if self.user is None:
            raise HubError(401, "Invalid username or password.")
        if self.user.role == "read":
            raise HubError(403)
        return self.user

    @cached_property
    def repo(self) -> Repo:
        """The repository that is asked for, if the user may see it."""
        kind = KINDS.get(self.request.path_params.get("kind", "models"))
        return self.find(kind or "", f"{self.param('space')}/{self.param('name')}")

    def find(self, kind: str, repo_id: str) -> Repo:
        """A repository by its name, if the user may see it."""
        user, repo = self.user, self.hub.repos.get((kind, repo_id))
        if repo is not None and (not repo.private or (user is not None and user.may_read(repo))):
            return repo
        raise no_repo(user is not None)

    def writes(self, repo: Repo) -> User:
        """Who asks, if they may write to a repository."""
        if not self.writer.may_write(repo):
            hint = "pass `create_pr=1` as a query parameter to create a Pull Request"
            raise HubError(403, f"Forbidden: {hint}")
        return self.writer

    def opens(self, repo: Repo) -> None:
        """Refuse the files of a gated repository to those who were not let in."""
        if repo.gated and (self.user is None or not self.user.may_open(repo)):
            words = f"Access to {repo.kind} {repo.id} is restricted."
            raise HubError(401 if self.user is None else 403, words, code="GatedRepo")

    @cached_property
    def place(self) -> tuple[str, str]:
        """The revision and the path in `rest`; a revision may come with its slashes unquoted."""
        rest = str(self.request.path_params["rest"])
        special = SPECIAL.fullmatch(rest)
        revision, path = special.groups() if special else rest.partition("/")[::2]
        return unquote(revision), unquote(path or "").strip("/")

    @property
    def commit(self) -> Commit:
        return self.repo.at(self.place[0])


class _Kind(StringConvertor):
    """What stands before a name in an address, where there is something: models have nothing."""

    regex = "datasets|spaces"


register_url_convertor("hubkind", _Kind())

Handler = Callable[[Call], Awaitable[Response]]


def route(method: str, path: str, handler: Handler) -> Route:
    """A route whose handler takes a `Call`."""

    async def endpoint(request: Request) -> Response:
        return await handler(Call(request))

    return Route(path, endpoint, methods=[method])


def refused(request: Request, error: Exception) -> Response:
    """The answer to something that the Hub refuses."""
    assert isinstance(error, HubError)
    return JSONResponse(error.body, error.status, error.headers)


def unknown(request: Request, error: Exception) -> Response:
    """The answer to an address that the Hub does not know."""
    return refused(request, HubError(404, code="NotFound"))
