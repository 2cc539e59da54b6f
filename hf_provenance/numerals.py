"""Numbers as people read them: shares, thousands, sizes.

Exact integer arithmetic, so that a share never depends on the order in which floats were added.
Three rules hold everywhere: more than nothing is never written as 0, less than all is never
written as 100%, and every number is rounded on its own (so that shares may add up to 99 or 101).
"""

from __future__ import annotations

from hf_provenance.errors import UsageError

NO_ROWS = "no rows"
"""What every share reads where there is nothing to share."""


def percent(part: int, total: int, digits: int = 1) -> str:
    """A share in percent, rounded half up.

    Args:
        part: Amount of the part.
        total: Amount of the whole.
        digits: Decimals.

    Returns:
        Such as `17.3%`; `0` for exactly none and `100%` for exactly all; `<0.1%` for less than
        the last decimal can say, `>99.9%` for all but that; `no rows` where the whole is 0.

    Raises:
        UsageError: The part is below 0 or above the whole, or `digits` is below 0.
    """
    if not 0 <= part <= total:
        raise UsageError(f"{part} is no part of {total}.")
    if digits < 0:
        raise UsageError(f"a share cannot have {digits} decimals.")
    if total == 0:
        return NO_ROWS
    if part == 0:
        return "0"
    if part == total:
        return "100%"
    steps = 100 * 10**digits
    if part * steps < total:
        return f"<{_decimal(1, digits)}%"
    if (total - part) * steps < total:
        return f">{_decimal(steps - 1, digits)}%"
    return f"{_decimal(divide(part * steps, total), digits)}%"


def number(n: int) -> str:
    """A whole number with commas between thousands, whatever the locale."""
    return f"{n:,}"


def short_number(n: int) -> str:
    """A number for an axis: `950`, `60k`, `1.2M`, `3B`, `4T`; one decimal at most."""
    return _scaled(n, ("", "k", "M", "B", "T"), keep_zero=False)


def byte_size(n: int) -> str:
    """A size in decimal units: `1 byte`, `512 bytes`, `1.0 MB`."""
    if abs(n) < 1000:
        return f"{n} byte" if abs(n) == 1 else f"{n} bytes"
    return _scaled(n, ("", " kB", " MB", " GB", " TB", " PB"), keep_zero=True)


def divide(numerator: int, denominator: int) -> int:
    """Quotient rounded half up, for positive numbers."""
    return (2 * numerator + denominator) // (2 * denominator)


def _decimal(scaled: int, digits: int) -> str:
    """`scaled` times ten to the power of `-digits`, as a decimal number."""
    if digits == 0:
        return str(scaled)
    before, after = divmod(scaled, 10**digits)
    return f"{before}.{after:0{digits}d}"


def _scaled(n: int, suffixes: tuple[str, ...], *, keep_zero: bool) -> str:
    """`n` in the largest unit that leaves at least 1 before the point, rounded half up."""
    sign, rest, power = "-" if n < 0 else "", abs(n), 0
    # Promote by what is shown: 999,950 is 1.0 million when rounded, not 1000.0 thousand.
    while power + 1 < len(suffixes) and divide(rest * 10, 1000**power) >= 10_000:
        power += 1
    if power == 0:
        return f"{sign}{number(rest)}{suffixes[0]}"
    before, after = divmod(divide(rest * 10, 1000**power), 10)
    tenth = f".{after}" if after or keep_zero else ""
    return f"{sign}{number(before)}{tenth}{suffixes[power]}"
