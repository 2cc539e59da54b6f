"""Serve a Hub until interrupted: `python -m tests.hub --port 0` prints its address.

The one user is "alice", with the token `hf_alice`."""

from __future__ import annotations

import argparse
import signal

from .serving import served


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with served(parser.parse_args().port) as server:
        print(server.hub.endpoint, flush=True)  # noqa: T201
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
