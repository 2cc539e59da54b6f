"""The metadata of a card, as the Hub checks it before a commit."""

from __future__ import annotations

from typing import Any

import yaml

LISTS = ("configs", "task_categories", "size_categories")
WORDS = ("tags", "language", "license", "pretty_name")


def metadata(text: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The YAML block on top of a card, and what is wrong with it."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        return None, []
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return None, []
    try:
        data = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError) as error:
        return None, [f"Invalid YAML: {error}"]
    if data is None:
        return None, []
    if not isinstance(data, dict):
        return None, ["The metadata must be a mapping"]
    return _plain(data), _wrong(data)


def _wrong(data: dict[str, Any]) -> list[str]:
    """What breaks the rules for the keys that the Hub knows."""
    loose = (key for key in LISTS if not isinstance(data.get(key), list | str | None))
    found = [f'"{key}" must be an array' for key in loose]
    for key in WORDS:
        values = data[key] if isinstance(data.get(key), list) else [data.get(key)]
        if not all(isinstance(value, str | None) for value in values):
            found.append(f'"{key}" must be a string or an array of strings')
    configs = data.get("configs")
    for number, config in enumerate(configs if isinstance(configs, list) else []):
        if not isinstance(config, dict) or not isinstance(config.get("config_name"), str):
            found.append(f'"configs[{number}].config_name" must be a string')
    return found


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
