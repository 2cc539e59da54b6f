"""Tail health by origin and year of collection, on a card."""

import pytest
import yaml
from datasets import Dataset, concatenate_datasets
from diversity.rows import chance_texts, labelled

import hf_provenance as hfp
from hf_provenance.card.tail_health import read_tail_health
from hf_provenance.card.tail_years import MOST_YEARS, NO_YEAR, rows_by_year
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.sketch import FIRST_YEAR, LAST_YEAR
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.errors import CardError


@pytest.fixture(scope="module")
def ds():
    parts = [labelled(chance_texts(600, 1), "human", 2019)]
    parts += [labelled([f"year {year}"], "human", year) for year in range(1990, 2019)]
    parts += [labelled(["more of it"] * 5, "synthetic", year) for year in (2023, 2024)]
    return concatenate_datasets(parts)


@pytest.fixture(scope="module")
def measured(ds):
    return measure_diversity(ds)


@pytest.fixture(scope="module")
def stated(measured):
    return read_tail_health(measured)


def lines(card):
    table = str(card).split("<summary>By origin and year of collection</summary>")[1]
    rows = [line for line in table.split("</details>")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def changed(stated, origin, year, numbers):
    strata = {**stated["years"]["strata"], origin: {**stated["years"]["strata"][origin]}}
    strata[origin][year] = numbers
    return {**stated, "years": {**stated["years"], "strata": strata}}


def test_every_year_stands_in_the_yaml(ds, measured):
    text = str(hfp.build_card(hfp.summarize(ds), diversity=measured))
    years = yaml.safe_load(text.split("---")[1])["provenance"]["diversity"]["years"]
    assert years["budget"] == 20_000
    for year in measured.years:
        said = dict(
            zip(years["columns"], years["strata"][year.origin][str(year.year)], strict=True)
        )
        assert said == {key: year.to_dict()[key] for key in years["columns"]}


def test_a_card_shows_the_years_with_the_most_tokens_in_order(ds, measured):
    shown = lines(hfp.build_card(hfp.summarize(ds), diversity=measured))
    assert len(shown) == MOST_YEARS == 30
    assert [line[:2] for line in shown] == sorted(line[:2] for line in shown)
    assert shown[-2][:4] == ["synthetic", "2023", "5", "15"]


def test_a_card_says_how_many_years_it_leaves_out_and_where_they_are(ds, measured):
    text = str(hfp.build_card(hfp.summarize(ds), diversity=measured))
    assert "Shown are the 30 with the most tokens; all 32 stand under `diversity.years`" in text


def test_figures_of_years_name_budget_and_tokenizer(ds, measured):
    text = str(hfp.build_card(hfp.summarize(ds), diversity=measured))
    assert "`richness` and `unseen_mass` are on 20,000 tokens (`words/1`)" in text


def test_a_year_of_few_tokens_is_insufficient(ds, measured):
    shown = lines(hfp.build_card(hfp.summarize(ds), diversity=measured))
    by_year = {line[1]: line for line in shown}
    assert by_year["2023"][4:] == ["3", "insufficient", "insufficient"]
    year = next(each for each in measured.years if each.year == 2019)
    assert by_year["2019"][5:] == [f"{year.richness:,.0f}", f"{year.unseen_mass:.3g}"]


def test_rows_without_a_single_year_are_named_so():
    rows = Dataset.from_dict({"text": ["a", "b"], "when": ["2020-05-01", "1950-05-01"]})
    rows = concatenate_datasets(
        [
            hfp.annotate(rows, origin="human", collected=hfp.col("when")),
            hfp.annotate(Dataset.from_dict({"text": ["c"]}), origin="human"),
        ]
    )
    shown = lines(hfp.build_card(hfp.summarize(rows), diversity=measure_diversity(rows)))
    assert [line[:3] for line in shown] == [
        ["human", "2020", "1"],
        ["human", "no single year", "2"],
    ]


def test_the_summary_and_the_sketch_agree_on_the_year_of_every_row():
    dates = ["2020-05-01", "1989-12-31", "1990", "2100", "2101", "20th century", "", "2020-06"]
    dates += ["CC-MAIN-2022-49", "CC-MAIN-2012"]
    rows = Dataset.from_dict({"text": list(map(str, range(len(dates)))), "date": dates})
    rows = hfp.annotate(rows, origin="human")
    kept = {
        (key.origin, str(key.year or NO_YEAR)): each.rows
        for key, each in sketch_diversity(rows).strata.items()
    }
    assert rows_by_year(hfp.summarize(rows)) == kept
    assert kept["human", "2020"] == 2


def test_a_card_can_be_made_again_from_what_stands_on_it(ds, measured):
    summary = hfp.summarize(ds)
    text = str(hfp.build_card(summary, diversity=measured))
    block = yaml.safe_load(text.split("---")[1])["provenance"]["diversity"]
    assert str(hfp.build_card(summary, diversity=block)) == text


def test_the_order_of_what_is_given_changes_no_byte(ds, stated):
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in reversed(stated.items())
    }
    strata = {
        origin: dict(reversed(years.items()))
        for origin, years in reversed(stated["years"]["strata"].items())
    }
    turned["years"] = {**turned["years"], "strata": strata}
    summary = hfp.summarize(ds)
    cards = {str(hfp.build_card(summary, diversity=each)) for each in (stated, turned)}
    assert len(cards) == 1


def test_tail_health_without_years_is_read(ds, stated):
    without = {key: value for key, value in stated.items() if key not in ("years", "parts")}
    assert "By origin and year" not in str(hfp.build_card(hfp.summarize(ds), diversity=without))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget", "20000"),
        ("budget", -1),
        ("columns", ["rows"]),
        ("strata", {}),
        ("strata", []),
        ("strata", {"robot": {}}),
        ("strata", {"human": {}}),
        ("strata", {"human": {"1989": [0, 0, 0.0, None, None]}}),
        ("strata", {"human": {2020: [0, 0, 0.0, None, None]}}),
    ],
)
def test_years_that_are_none_are_refused(stated, key, value):
    with pytest.raises(CardError, match="`years"):
        read_tail_health({**stated, "years": {**stated["years"], key: value}})


@pytest.mark.parametrize(
    "numbers",
    [
        5,
        [],
        [5, 15, 3.0, None],
        [-5, 15, 3.0, None, None],
        [5, True, 3.0, None, None],
        [5, 15, "3", None, None],
        [5, 15, 3.0, 3.0, 0.1],
        [5, 15, 3.0, None, 0.1],
        [5, 20_000, 3.0, None, None],
        [5, 20_000, 3.0, float("nan"), 0.1],
        [5, 20_000, 3.0, 10**400, 0.1],
    ],
)
def test_a_year_that_cannot_be_is_refused_by_its_place(stated, numbers):
    with pytest.raises(CardError, match=r"`years\.strata\.synthetic\.2023`"):
        read_tail_health(changed(stated, "synthetic", "2023", numbers))


def test_years_that_do_not_add_up_are_refused(stated):
    with pytest.raises(CardError, match="years add up to 638 rows"):
        read_tail_health(changed(stated, "synthetic", "2023", [4, 15, 3.0, None, None]))


def test_the_most_years_there_can_be_fit_a_card(stated):
    years = [str(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)] + [NO_YEAR]
    origins = ("human", "synthetic", "mixed", "unknown", "unlabelled")
    strata = {
        origin: {year: [1, 20_000, 12345.67, 12345.67, 0.123456] for year in years}
        for origin in origins
    }
    count = len(years) * len(origins)
    whole = {
        **{key: value for key, value in stated.items() if key != "parts"},
        "rows": count,
        "tokens": 20_000 * count,
        "years": {**stated["years"], "strata": strata},
    }
    rows = labelled([f"row {number}" for number in range(count)], "human")
    text = str(hfp.build_card(hfp.summarize(rows), diversity=whole))
    assert f"all {count} stand under" in text
    assert len(text) < 60_000
