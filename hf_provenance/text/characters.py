"""What each character is to a token: part of a word, a token of its own, or a gap.

The rule is a short form of the word boundaries of Unicode (UAX #29), by general category:

| kind | characters | in a token |
|---|---|---|
| `WORD` | letters and digits (L, N) | joined with the letters and digits beside them |
| `ALONE` | letters and digits of scripts without spaces; in code also every symbol | one each |
| `MARK` | marks (M), and the halfwidth voicing marks of kana | belong to what stands before |
| `UNSEEN` | format characters (Cf), variation selectors, fillers | dropped, and break nothing |
| `GAP` | all else: spaces, punctuation, symbols, controls | end a token |

In the mode `words` the underscore is a gap and so is every symbol. In the mode `code` connectors
such as the underscore are letters, and every other visible character is a token of its own, since
`a[i] + b` and `a, i, b` are different code. The table follows the Unicode version of the running
Python (`unicodedata.unidata_version`).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

GAP, WORD, ALONE, MARK, UNSEEN = range(5)

MODES = ("words", "code")
"""How text is cut into tokens: without symbols, or with them."""

MOST = 0x10FFFF
"""Greatest code point."""

_WITHOUT_SPACES = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x312F),  # radicals, ideographic signs, kana, bopomofo
    (0x31A0, 0x31FF),  # bopomofo and katakana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar, extension B
    (0xAA60, 0xAA7F),  # Myanmar, extension A
    (0xF900, 0xFAFF),  # Han, compatibility
    (0xFF66, 0xFF9D),  # halfwidth katakana
    (0x1AFF0, 0x1B16F),  # kana supplements
    (0x20000, 0x3FFFD),  # Han, extensions B to H
)
"""Blocks of the scripts that write no spaces between words. Hangul has spaces."""

_FILLERS = (0x034F, 0x115F, 0x1160, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_VOICING = (0xFF9E, 0xFF9F)
_HIDDEN = ("Zs", "Zl", "Zp", "Cc", "Cs", "Cn")
"""Categories that are a gap in every mode: spaces, controls, and what is no character."""


@lru_cache(maxsize=len(MODES))
def kinds(mode: str) -> NDArray[np.uint8]:
    """The kind of every code point, of `MOST + 1`.

    Args:
        mode: One of `MODES`.
    """
    table = np.full(MOST + 1, GAP, np.uint8)
    categories = np.array([unicodedata.category(chr(point)) for point in range(MOST + 1)])
    major = categories.astype("U1")
    table[(major == "L") | (major == "N")] = WORD
    for first, last in _WITHOUT_SPACES:
        block = table[first : last + 1]
        block[block == WORD] = ALONE
    if mode == "code":
        table[(table == GAP) & ~np.isin(categories, _HIDDEN)] = ALONE
        table[categories == "Pc"] = WORD
    table[major == "M"] = MARK
    table[list(_VOICING)] = MARK
    table[categories == "Cf"] = UNSEEN
    table[list(_FILLERS)] = UNSEEN
    for first, last in _SELECTORS:
        table[first : last + 1] = UNSEEN
    table.flags.writeable = False
    return table


def fold(text: str) -> str:
    """The form in which tokens are compared: NFKC, case folded, NFKC.

    Width, ligatures, case and the way an accent is stored make no difference; accents do.

    >>> fold("Straße") == fold("STRASSE"), fold("ﬁne"), fold("é") == fold("e")
    (True, 'fine', False)
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
