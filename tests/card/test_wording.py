"""Shares, sizes and sentences say neither more nor less than the numbers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.card.wording import (
    CLASSES,
    LABELS,
    Timeline,
    alt_text,
    check,
    sentence,
    shown,
    timeline_alt,
)
from hf_provenance.errors import UsageError
from hf_provenance.numerals import byte_size, number, percent, short_number

EXAMPLE = {"human": 173, "human_by_date": 354, "synthetic": 293, "unknown": 180}
KEYS = ["human", "human_by_date", "mixed", "synthetic", "unknown"]

amounts = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 10**20))


def test_the_classes_keep_their_order():
    assert [each.key for each in CLASSES] == KEYS


def test_table_heads_start_with_a_capital():
    assert LABELS["human_by_date"] == "Human, by crawl date only"


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.key)
def test_text_on_a_colour_has_a_contrast_of_at_least_5_9(each):
    light, dark = sorted((_luminance(each.colour), _luminance(each.on_colour)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 5.9


@pytest.mark.parametrize(
    ("part", "total", "digits", "text"),
    [
        (173, 1000, 1, "17.3%"),
        (180, 1000, 1, "18.0%"),
        (1, 3, 1, "33.3%"),
        (2, 3, 0, "67%"),
        (1, 8, 1, "12.5%"),
        (125, 10_000, 1, "1.3%"),
        (1, 8, 2, "12.50%"),
        (1, 200, 0, "<1%"),
        (199, 200, 0, ">99%"),
        (1, 100, 0, "1%"),
        (99, 100, 0, "99%"),
        (4, 10_000, 1, "<0.1%"),
        (9996, 10_000, 1, ">99.9%"),
        (1, 1000, 1, "0.1%"),
        (999, 1000, 1, "99.9%"),
        (1, 10**30, 3, "<0.001%"),
        (10**30 - 1, 10**30, 3, ">99.999%"),
    ],
)
def test_a_share_is_rounded_half_up(part, total, digits, text):
    assert percent(part, total, digits) == text


def test_exactly_none_is_0():
    assert percent(0, 7) == "0"


def test_exactly_all_is_100_percent():
    assert percent(7, 7) == "100%"


def test_a_share_of_nothing_reads_no_rows():
    assert percent(0, 0) == "no rows"


@pytest.mark.parametrize(("part", "total"), [(-1, 5), (6, 5), (1, 0)])
def test_what_is_no_part_of_the_whole_has_no_share(part, total):
    with pytest.raises(UsageError, match="no part"):
        percent(part, total)


def test_a_share_cannot_have_negative_decimals():
    with pytest.raises(UsageError, match="decimals"):
        percent(1, 2, -1)


@given(st.integers(0, 10**25), st.integers(0, 10**25), st.integers(0, 4))
def test_a_share_is_never_further_off_than_its_last_decimal(part, rest, digits):
    total = part + rest
    text = percent(part, total, digits)
    if total == 0:
        assert text == "no rows"
        return
    share, last = Fraction(100 * part, total), Fraction(1, 10**digits)
    bound = Fraction(text.strip("<>%"))
    if text.startswith("<"):
        assert 0 < share < bound == last
    elif text.startswith(">"):
        assert 100 - last == bound < share < 100
    else:
        assert abs(share - bound) <= last / 2
        assert (bound == 0) == (part == 0)
        assert (bound == 100) == (part == total)


def test_thousands_are_parted_by_commas():
    assert number(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (950, "950"),
        (60_000, "60k"),
        (1500, "1.5k"),
        (999_949, "999.9k"),
        (999_950, "1M"),
        (1_200_000, "1.2M"),
        (3 * 10**9, "3B"),
        (4 * 10**12, "4T"),
        (5 * 10**15, "5,000T"),
    ],
)
def test_axis_numbers_are_short(n, text):
    assert short_number(n) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_950, "1.0 MB"),
        (1_012_102, "1.0 MB"),
        (2_550_000_000, "2.6 GB"),
    ],
)
def test_byte_sizes_are_decimal(n, text):
    assert byte_size(n) == text


def test_the_sentence_states_every_part():
    assert sentence(EXAMPLE, "bytes") == (
        "Of every 100 bytes, 53 are labelled human (35 of them by crawl date only), "
        "29 synthetic, and 18 unknown."
    )


def test_the_sentence_names_mixed_where_there_is_any():
    assert sentence({"human": 8, "mixed": 88, "synthetic": 2, "unknown": 2}, "rows") == (
        "Of every 100 rows, 8 are labelled human, 88 mixed, 2 synthetic, and 2 unknown."
    )


def test_the_sentence_shows_unknown_where_there_is_none():
    assert sentence({"human": 61, "synthetic": 39}, "tokens") == (
        "Of every 100 tokens, 61 are labelled human, 39 synthetic, and none unknown."
    )


def test_the_sentence_never_rounds_something_to_nothing_or_to_all():
    assert sentence({"human": 9999, "synthetic": 1}, "rows") == (
        "Of every 100 rows, more than 99 are labelled human, fewer than 1 synthetic, "
        "and none unknown."
    )


def test_the_sentence_says_when_all_that_is_human_is_so_by_crawl_date():
    assert "40 are labelled human (all of them by crawl date only)" in sentence(
        {"human_by_date": 40, "unknown": 60}, "rows"
    )


def test_the_sentence_does_not_say_all_when_it_is_nearly_all():
    assert "53 are labelled human (nearly all of them by crawl date only)" in sentence(
        {"human": 1, "human_by_date": 529, "unknown": 470}, "rows"
    )


def test_the_sentence_speaks_of_one_in_the_singular():
    assert "1 is labelled human (by crawl date only)" in sentence(
        {"human_by_date": 1, "unknown": 99}, "rows"
    )


def test_the_sentence_divides_no_single_one():
    assert "fewer than 1 is labelled human (in part by crawl date only)" in sentence(
        {"human": 1, "human_by_date": 1, "synthetic": 998}, "rows"
    )


def test_the_sentence_says_so_when_nothing_is_known():
    assert sentence({"unknown": 3}, "rows") == (
        "Of every 100 rows, all 100 are unknown: no label says who wrote them."
    )


@pytest.mark.parametrize(
    ("unit", "what"), [("rows", "no rows,"), ("tokens", "no rows with any tokens,")]
)
def test_the_sentence_states_no_ratio_without_rows(unit, what):
    assert sentence({}, unit) == f"There are {what} so there is no ratio to state."


@given(amounts)
def test_the_sentence_always_names_unknown_or_has_nothing_to_share(has):
    said = sentence(has, "tokens")
    assert ("unknown" in said) == (sum(has.values()) > 0)
    assert ("mixed" in said) == (has.get("mixed", 0) > 0)


def test_a_picture_names_human_at_0_beside_synthetic():
    assert [each.key for each in shown({"synthetic": 5})] == ["human", "synthetic", "unknown"]


def test_a_picture_does_not_name_human_at_0_beside_human_by_date():
    assert [each.key for each in shown({"human_by_date": 5})] == [
        "human_by_date",
        "synthetic",
        "unknown",
    ]


def test_a_picture_of_nothing_known_names_unknown_alone():
    assert [each.key for each in shown({"unknown": 5})] == ["unknown"]


def test_the_alternative_text_is_the_badge_in_words():
    assert alt_text(EXAMPLE, "tokens") == (
        "Who wrote it, by tokens: human 17%, human by crawl date only 35%, synthetic 29%, "
        "unknown 18%"
    )


def test_the_alternative_text_of_no_rows_says_so():
    assert alt_text({}, "tokens") == "Who wrote it: no rows"


def test_the_timeline_is_told_in_three_periods():
    timeline = Timeline(
        by_year={
            2019: {"human_by_date": 9, "human": 1},
            2022: {"unknown": 4},
            2024: {"synthetic": 70},
            2030: {},
        },
        undated={"human": 1},
    )
    assert timeline_alt(timeline, "rows") == (
        "Rows by year of collection, 2019 to 2024, most in 2024 (70 rows). "
        "2019 to 2021, 10 rows: human 10%, human by crawl date only 90%, synthetic 0, unknown 0. "
        "2022, 4 rows: unknown 100%. "
        "2023 to 2024, 70 rows: human 0, synthetic 100%, unknown 0. "
        "No date, 1 row: human 100%, synthetic 0, unknown 0."
    )


def test_a_mark_outside_the_years_divides_nothing():
    timeline = Timeline({2019: {"human": 1}, 2020: {"human": 2}})
    assert timeline_alt(timeline, "rows") == (
        "Rows by year of collection, 2019 to 2020, most in 2020 (2 rows). "
        "2019 to 2020, 3 rows: human 100%, synthetic 0, unknown 0."
    )


def test_a_timeline_of_one_year_names_it():
    assert timeline_alt(Timeline({2022: {"unknown": 2}}), "rows").startswith(
        "Rows by year of collection, all dated ones from 2022. 2022, 2 rows: unknown 100%."
    )


def test_a_timeline_without_a_year_says_so():
    timeline = Timeline(several_years={"unknown": 2})
    assert timeline_alt(timeline, "rows") == (
        "Rows by year of collection: no single year is known. Several years, 2 rows: unknown 100%."
    )


@given(
    st.dictionaries(st.integers(1900, 2030), amounts, max_size=6),
    st.lists(st.dates(date(1900, 1, 1), date(2030, 12, 31)), max_size=3),
)
def test_the_periods_of_a_timeline_hold_all_its_years(by_year, days):
    said = timeline_alt(Timeline(by_year, marks=tuple((day, "x") for day in days)), "rows")
    dated = {year: sum(has.values()) for year, has in by_year.items() if sum(has.values())}
    if dated:
        assert str(min(dated)) in said
        assert str(max(dated)) in said


def test_an_unknown_class_is_an_error():
    with pytest.raises(UsageError, match="'humans' is none of human, human_by_date"):
        check({"humans": 1})


def test_an_unknown_unit_is_an_error():
    with pytest.raises(UsageError, match="'chars' is none of rows, bytes, tokens"):
        sentence({}, "chars")


def test_an_amount_below_0_is_an_error():
    with pytest.raises(UsageError, match="the amount of 'human' is -1"):
        alt_text({"human": -1}, "rows")


def _luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
