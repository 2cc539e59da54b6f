"""langdetect with a seed of its own.

langdetect draws at random unless seeded and its seed is global state, so this module keeps a
factory of its own with a fixed seed: every worker answers alike, and the user's settings stay
as they were. Where langdetect has nothing to go on it raises; here that is a null.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

READ = 1_000
"""Characters of a text that are read: more does not change the answer often enough to pay."""

NAME = f"langdetect {version('langdetect')}, seed 0, {READ} characters"
"""What its answers depend on."""

_BCP47 = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}
_SEED = 0


def langdetect_language(text: str) -> str | None:
    """Name the language of a text with langdetect, seeded.

    Args:
        text: Any text; its first 1,000 characters are read.

    Returns:
        A BCP-47 tag, or None where langdetect finds no features (URLs, digits, blanks).
    """
    detector = _factory().create()
    detector.append(text[:READ])
    try:
        found = detector.detect()
    except LangDetectException:
        return None
    return None if found == "unknown" else _BCP47.get(found, found)


@cache
def _factory() -> DetectorFactory:
    # load_profile() takes files in the order of the directory, which differs between machines and
    # moves the last bits of the probabilities.
    profiles = sorted(Path(PROFILES_DIRECTORY).iterdir())
    factory = DetectorFactory()
    try:
        factory.load_json_profile([profile.read_text("utf-8") for profile in profiles])
    except LangDetectException as error:  # in place of whatever was raised, Ctrl-C too
        raise error.__context__ or error from None
    factory.set_seed(_SEED)
    return factory
