"""The Hub on a loopback socket: each request is logged and meets its faults, then the routes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import unquote

import uvicorn

from .app import app
from .faults import Answer, Cut, Fail
from .state import Hub
from .traffic import Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def loopback(port: int = 0) -> socket.socket:
    """A socket that nobody else can take; it listens once a server runs on it.

    The protocol is named, as asyncio sends small answers without delay only then.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", port))
    return bound


def address(bound: socket.socket) -> str:
    return "http://{}:{}".format(*bound.getsockname())


class Server:
    """Serves one Hub after the other on the same socket, from a thread of its own.

    Args:
        bound: The socket.
    """

    def __init__(self, bound: socket.socket) -> None:
        self.hub = Hub(address(bound))
        self._socket = bound
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self.answer,
                http="h11",
                ws="none",
                lifespan="off",
                loop="asyncio",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                backlog=128,
                timeout_keep_alive=60,
            )
        )
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def start(self) -> None:
        """Serve, and return once requests are taken."""
        self._thread.start()
        while not self._uvicorn.started:
            if not self._thread.is_alive():
                raise RuntimeError("The Hub did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop, and return once the thread has ended."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        self._uvicorn.run(sockets=[self._socket])

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """Take one request: log it, wait, and answer or not."""
        hub = self.hub
        body = await _whole(receive)
        headers = dict(scope["headers"])
        request = Request(
            scope["method"],
            unquote(scope["raw_path"].decode()),
            unquote(scope["query_string"].decode()),
            sent=len(body or b""),
            range=_text(headers.get(b"range")) or None,
            user_agent=_text(headers.get(b"user-agent")),
        )
        if not request.path.startswith("/_"):
            hub.requests.append(request)
        if body is None:
            return
        waits, end = hub.struck(request)
        request.fault = end is not None
        try:
            for rule in waits:
                await rule.wait()
            answer = await self._answer(hub, scope, body, end)
        except Exception:  # noqa: BLE001 - a mistake of the Hub itself, which the fixture tells
            hub.errors.append(traceback.format_exc())
            answer = Answer(500, [], b"")
        await _tell(request, answer, send, end.after if isinstance(end, Cut) else None)

    async def _answer(
        self, hub: Hub, scope: Message, body: bytes, end: Fail | Cut | None
    ) -> Answer | None:
        if isinstance(end, Cut) and end.after is None:
            return None
        if isinstance(end, Fail) and not end.lost:
            return end.answer()
        answer = await _asked(hub, scope, body)
        return end.answer() if isinstance(end, Fail) else answer


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request, once all of it is there; None if the client went before."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _asked(hub: Hub, scope: Message, body: bytes) -> Answer:
    """What the routes answer. They see the path as it came, so that `%2F` is part of a name."""
    answer = Answer(500, [], b"")

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", []))
        else:
            answer.body += message.get("body", b"")

    await app({**scope, "path": scope["raw_path"].decode(), "hub": hub}, receive, send)
    return answer


async def _tell(request: Request, answer: Answer | None, send: Send, after: int | None) -> None:
    """Send an answer, or drop the connection where there is none or it ends early."""
    if answer is None:
        send.__self__.transport.close()  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)
        return
    body = answer.body if after is None else answer.body[:after]
    request.status = answer.status
    request.received = 0 if request.method == "HEAD" else len(body)
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": body != answer.body})


def _text(value: bytes | None) -> str:
    return (value or b"").decode("latin-1")


@contextlib.contextmanager
def served(port: int = 0) -> Iterator[Server]:
    """A server for a while."""
    bound = loopback(port)
    server = Server(bound)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        bound.close()
