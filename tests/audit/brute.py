"""Every measure of an overlap computed the long way round: one character, one tuple at a time."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9d\U0001aff0-\U0001b16f"
    "\U00020000-\U0003fffd]"
)
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


@cache
def role(character, code):
    category = unicodedata.category(character)
    if UNSEEN.match(character) or category == "Cf":
        return "unseen"
    if category[0] == "M" or character in "\uff9e\uff9f":
        return "mark"
    if category[0] in "LN":
        return "alone" if SPACELESS.match(character) else "word"
    if code and category == "Pc":
        return "word"
    hidden = category in ("Zs", "Zl", "Zp", "Cc", "Cs", "Cn")
    return "alone" if code and not hidden else "gap"


def spans(text, code=False):
    """Start, end and key of each token."""
    found, before = [], "gap"
    for at, character in enumerate(text):
        kind = role(character, code)
        if kind in ("mark", "unseen"):
            if before != "gap":
                found[-1][1] = at + 1
            continue
        if kind == "alone" or (kind == "word" and before != "word"):
            found.append([at, at + 1])
        elif kind == "word":
            found[-1][1] = at + 1
        before = kind
    return [(start, end, key(text[start:end])) for start, end in found]


def key(text):
    seen = "".join(each for each in text if role(each, False) != "unseen")
    folded = unicodedata.normalize("NFKC", seen).casefold()
    return unicodedata.normalize("NFKC", folded)


def words(text, code=False):
    return [key for _, _, key in spans(text, code)]


def overlap(train, evaluation, n, shortest=5, code=False):
    """The measures of each evaluation row; rows are tuples of parts."""
    train = [(tuple(row), [words(part, code) for part in row]) for row in train]
    grams = {g for _, parts in train for part in parts for g in runs(part, n)}
    return [measures(tuple(row), train, grams, n, shortest, code) for row in evaluation]


def measures(row, train, grams, n, shortest, code):
    parts = [words(part, code) for part in row]
    every = joined(parts)
    found, covered, total = 0, 0, 0
    for part in parts:
        hits = [gram in grams for gram in runs(part, n)]
        total += len(hits)
        found += sum(hits)
        covered += sum(any(hits[max(0, at - n + 1) : at + 1]) for at in range(len(part)))
    longest = max(
        (common(part, theirs) for part in parts for _, others in train for theirs in others),
        default=0,
    )
    status = "grams" if total else "whole"
    if not total:
        part = max(parts, key=len, default=[])
        held = any(
            tuple(part) in runs(theirs, len(part)) for _, others in train for theirs in others
        ) if part else False  # fmt: skip
        if len(part) >= shortest:
            longest = covered = len(part) if held else 0
        else:
            status, longest = "too_short" if every else "no_tokens", 0
    return {
        "status": status,
        "tokens": len(every),
        "grams": total,
        "exact_copies": sum(row == texts for texts, _ in train),
        "normalised_copies": sum(bool(every) and every == joined(other) for _, other in train),
        "grams_found": found,
        "tokens_found": covered,
        "longest": longest if status == "whole" or longest >= n else 0,
    }


def joined(lists):
    return [item for each in lists for item in each]


def runs(part, n):
    return [tuple(part[at : at + n]) for at in range(len(part) - n + 1)]


def common(mine, theirs):
    """Tokens of the longest run in both."""
    best, row = 0, [0] * (len(theirs) + 1)
    for one in mine:
        new = [0] * (len(theirs) + 1)
        for at, other in enumerate(theirs):
            if one == other:
                new[at + 1] = row[at] + 1
                best = max(best, new[at + 1])
        row = new
    return best
