"""`language="fast"`: py3langid, which ships its model and tells how sure it is.

It knows 139 languages and takes a thirteenth of langdetect's time or less. It is held against nine
others in `scripts/bench_language.md`, which says why it was chosen. Its answer counts from
`CONFIDENCE` on; below, and for text that is no language at all (numbers, markup), there is none.
About half of the texts in languages that it does not know are taken for another all the same.

The last bits of a confidence can depend on the machine's linear algebra, so two kinds of
processor can differ on a text that lies right at the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from hf_provenance.errors import MissingExtraError, UsageError

FAST = "fast"

CONFIDENCE = 0.6
"""Below it there is no answer."""

READ = 300
"""Characters of a text that are read: with 1,000 it is right about as often, more often wrong on
languages that it does not know, and takes more than twice as long."""

_NONE = "zxx"
_BCP47 = {"kik": "ki"}
_HAN = range(0x4E00, 0xA000)


@dataclass(frozen=True)
class FastLanguage:
    """The fast detector, from text to BCP-47 tag; its state is hashed by value.

    Attributes:
        version: Of py3langid. Another version may answer otherwise, so `datasets` must not take
            what one has answered for the answers of another.
    """

    version: str

    @property
    def name(self) -> str:
        """What its answers depend on."""
        return f"py3langid {self.version}, {READ} characters, from {CONFIDENCE} on"

    def __call__(self, text: str) -> str | None:
        """Name the language of a text.

        Args:
            text: Any text; its first 300 characters are read.

        Returns:
            A BCP-47 tag, Chinese with its script; None where the detector is not sure.

        Raises:
            UsageError: Another version of py3langid is installed here.
        """
        found, sure = _identifier(self.version).classify(text[:READ])
        if found == _NONE or sure < CONFIDENCE:
            return None
        return _chinese(text[:READ]) if found == "zh" else _BCP47.get(found, found)


def fast_language() -> FastLanguage:
    """The fast detector, in the version that is installed.

    Raises:
        MissingExtraError: py3langid is not installed.
    """
    try:
        import py3langid  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            'language="fast" needs py3langid: pip install "hf-provenance[fast-language]"'
        ) from error
    return FastLanguage(version("py3langid"))


@cache
def _identifier(expected: str) -> Any:
    here = fast_language().version
    if here != expected:
        raise UsageError(
            f'language="fast" was asked for with py3langid {expected}, and here it is {here}, '
            "which may answer otherwise: install the same version everywhere."
        )
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _chinese(text: str) -> str:
    """Chinese with the script of most characters that only one of GB 2312 and Big5 has."""
    simplified = traditional = 0
    for character in text:
        if ord(character) in _HAN:
            in_gb, in_big5 = _in(character, "gb2312"), _in(character, "big5")
            simplified += in_gb and not in_big5
            traditional += in_big5 and not in_gb
    if simplified == traditional:
        return "zh"
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def _in(character: str, encoding: str) -> bool:
    return bool(character.encode(encoding, "ignore"))
