"""The real clients, pointed at the Hub of one test and without memory of the last one."""

from __future__ import annotations

import time
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import huggingface_hub
import pytest
from datasets import arrow_dataset, dataset_dict
from huggingface_hub import _tree_cache, constants, file_download, hf_api
from huggingface_hub.utils import _detect_agent, _http

from .state import Hub

NAP = 0.005
SLEEPERS: tuple[ModuleType, ...] = (_http, file_download, arrow_dataset, dataset_dict)
INTERVALS = (
    "STREAMING_READ_RETRY_INTERVAL",
    "STREAMING_READ_SERVER_UNAVAILABLE_RETRY_INTERVAL",
    "STREAMING_READ_RATE_LIMIT_RETRY_INTERVAL",
    "STREAMING_OPEN_RETRY_INTERVAL",
)


class Clock:
    """The `time` module, but with short sleeps; how long they would have been is kept."""

    def __init__(self, sleeps: list[float]) -> None:
        self._sleeps = sleeps

    def sleep(self, seconds: float) -> None:
        self._sleeps.append(seconds)
        time.sleep(min(seconds, NAP))

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def connect(hub: Hub, cache: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the clients of this process go online, to this Hub, as "alice"."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        patch.delenv(name, raising=False)
        patch.setattr(datasets.config, name, False)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    patch.setattr(constants, "HF_HUB_CACHE", str(cache))
    patch.setattr(_detect_agent, "_registry", _detect_agent._EMPTY_REGISTRY)
    patch.setenv("HF_TOKEN", hub.token)
    for module in SLEEPERS:
        patch.setattr(module, "time", Clock(hub.sleeps))
    for name in INTERVALS:
        patch.setattr(datasets.config, name, NAP)
    forget()


def forget() -> None:
    """Drop what the clients remember across calls: connections, listings and identities."""
    huggingface_hub.HfFileSystem.clear_instance_cache()
    huggingface_hub.hffs.invalidate_cache()
    hf_api.api._whoami_cache.clear()
    _tree_cache._IN_MEMORY_TREE_CACHE.clear()
    huggingface_hub.close_session()
