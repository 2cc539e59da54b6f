"""All routes of the Hub, and for scripts two of its own: `/_log` and `/_forget`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from . import routes_commits, routes_discussions, routes_files, routes_lfs, routes_repos
from .call import Call, refused, route, unknown
from .errors import HubError


async def log(call: Call) -> Response:
    """Counts and bytes of the requests so far, by method and path."""
    found: dict[str, dict[str, int]] = {}
    for request in list(call.hub.requests):
        name = f"{request.method} {request.path}"
        line = found.setdefault(name, {"requests": 0, "in": 0, "out": 0})
        line["requests"] += 1
        line["in"] += request.sent
        line["out"] += request.received
    return JSONResponse(found)


async def forget(call: Call) -> Response:
    call.hub.forget()
    return JSONResponse({})


app = Starlette(
    routes=[
        *routes_lfs.ROUTES,
        *routes_repos.ROUTES,
        *routes_discussions.ROUTES,
        *routes_commits.ROUTES,
        *routes_files.ROUTES,
        route("GET", "/_log", log),
        route("POST", "/_forget", forget),
    ],
    exception_handlers={HubError: refused, 404: unknown, 405: unknown},
)
app.router.redirect_slashes = False
