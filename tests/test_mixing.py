from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from publish import save

import hf_provenance as hfp
from hf_provenance.card.facts import Facts
from hf_provenance.card.metadata import provenance_block
from hf_provenance.card.ratio import ORIGINS
from hf_provenance.errors import FolderError, SummaryError, UsageError
from hf_provenance.mixing import mixture_ratio
from hf_provenance.summary import Summary, merge

BY = {"h": "human", "s": "synthetic", "m": "mixed", "?": "unknown"}


def rows(origins: str, tokens: Any = None) -> Dataset:
    """One annotated row for each letter, each longer than the last."""
    texts = [f"{'long ' * n}text" for n in range(len(origins))]
    dataset = Dataset.from_dict({"text": texts, "by": list(origins)})
    return hfp.annotate(dataset, origin=hfp.col("by", BY), tokens=tokens)


def words(texts: list[str]) -> list[int]:
    """A tokenizer."""
    return [len(text.split()) for text in texts]


def card(folder: Path, **front: Any) -> Path:
    """A folder with nothing but a card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n# A card\n", "utf-8")
    return folder


def summary_in(folder: Path, summary: Summary) -> Path:
    """A folder with nothing but a summary."""
    folder.mkdir()
    (folder / "provenance.json").write_text(json.dumps(summary.to_dict()), "utf-8")
    return folder


def block(counts: Mapping[str, int], **changes: Any) -> dict[str, Any]:
    """What a card says of rows that weigh one byte each."""
    total = sum(counts.values())
    shares = {origin: round(count / total, 4) if total else 0.0 for origin, count in counts.items()}
    head = {"schema": "hf-provenance/1", "unit": "bytes", "total": total}
    return head | shares | {"rows": dict(counts)} | changes


@pytest.fixture
def web(tmp_path: Path) -> Path:
    save(rows("hhhs??"), tmp_path / "web")
    return tmp_path / "web"


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    save(rows("hssm"), tmp_path / "chats")
    return tmp_path / "chats"


# The mean


def test_the_shares_are_the_mean_of_the_parts_by_weight(web, chats):
    mixture = mixture_ratio({str(web): 0.75, str(chats): 0.25}, unit="rows")
    assert mixture.shares() == {
        "human": 0.75 * 3 / 6 + 0.25 / 4,
        "synthetic": 0.75 / 6 + 0.25 / 2,
        "mixed": 0.25 / 4,
        "unknown": 0.25,
    }
    assert [part.weight for part in mixture.parts] == [0.75, 0.25]
    assert [part.total for part in mixture.parts] == [6, 4]
    assert {part.stated_by for part in mixture.parts} == {"provenance.json"}


def test_only_the_proportions_of_weights_matter(web, chats):
    mixture = mixture_ratio({web: 0.7, chats: 0.1})
    assert mixture == mixture_ratio({web: 7, chats: Fraction(1)})
    assert mixture.parts[0].exact_weight == Fraction(7, 8)


def test_the_unknown_bounds_what_is_human_and_what_is_synthetic(web, chats):
    mixture = mixture_ratio({web: 0.75, chats: 0.25}, unit="rows")
    shares = mixture.shares()
    assert mixture.bounds == {
        "human": (shares["human"], shares["human"] + 0.25),
        "synthetic": (shares["synthetic"], shares["synthetic"] + 0.25),
    }


@pytest.mark.parametrize("weight", [0, -1, math.nan, math.inf, "1", None, True])
def test_a_weight_is_a_number_above_0(web, weight):
    with pytest.raises(UsageError, match="give a number above 0"):
        mixture_ratio({web: 1.0, "other": weight})


@pytest.mark.parametrize("nothing", [{}, [], "owner/a", Path("folder")])
def test_a_mix_names_its_datasets(nothing):
    with pytest.raises(UsageError, match="name the datasets"):
        mixture_ratio(nothing)


@pytest.mark.parametrize("source", [("a", "b", "c"), ("a", None), 3, {"text": ["a"]}], ids=repr)
def test_a_dataset_is_named_not_given(source):
    with pytest.raises(UsageError, match="names no dataset"):
        mixture_ratio([source])


# Whole datasets


def test_whole_datasets_weigh_what_they_hold(web, chats):
    mixture = mixture_ratio([web, chats])
    merged = hfp.summarize(rows("hhhs??")) + hfp.summarize(rows("hssm"))
    assert mixture.unit == merged.unit == "bytes"
    assert mixture.shares() == merged.shares("bytes")
    assert sum(part.total for part in mixture.parts) == merged.total("bytes")


def test_a_whole_dataset_of_unknown_size_needs_a_weight(web, tmp_path):
    with pytest.raises(UsageError, match=r"blank does not state how many bytes.*give weights"):
        mixture_ratio([web, card(tmp_path / "blank", tags=["synthetic"])])


def test_datasets_without_rows_add_nothing(web, tmp_path):
    empty = summary_in(tmp_path / "empty", Summary())
    mixture = mixture_ratio([web, empty])
    assert mixture.shares() == mixture_ratio([web]).shares()
    assert [part.weight for part in mixture.parts] == [1.0, 0.0]
    assert mixture.parts[1].note == "it has no rows"
    with pytest.raises(UsageError, match="nothing to mix"):
        mixture_ratio([empty])


def test_what_is_drawn_from_a_dataset_without_rows_is_unknown(web, tmp_path):
    empty = summary_in(tmp_path / "empty", Summary())
    assert mixture_ratio({web: 1, empty: 1}).parts[1].shares()["unknown"] == 1.0


# The unit


def test_the_unit_is_tokens_where_all_parts_count_them(chats, tmp_path):
    save(rows("hs", tokens=words), tmp_path / "a", tokenizer="words")
    save(rows("hm?", tokens=words), tmp_path / "b", tokenizer="words")
    mixture = mixture_ratio([tmp_path / "a", tmp_path / "b"])
    assert mixture.unit == "tokens"
    assert [part.total for part in mixture.parts] == [1 + 2, 1 + 2 + 3]
    assert [part.note for part in mixture.parts] == ["", ""]
    assert mixture_ratio([tmp_path / "a", chats]).unit == "bytes"


@pytest.mark.parametrize(("a", "b"), [("words", "gpt2"), ("words", None), (None, None)])
def test_tokenizers_that_may_differ_are_named(tmp_path, a, b):
    save(rows("hs", tokens=words), tmp_path / "a", tokenizer=a)
    save(rows("hs", tokens=words), tmp_path / "b", tokenizer=b)
    mixture = mixture_ratio([tmp_path / "a", tmp_path / "b"])
    assert mixture.unit == "tokens"
    for part, name in zip(mixture.parts, (a, b), strict=True):
        assert part.note == f"tokens of {name or 'a tokenizer that is not named'}"


def test_the_unit_is_rows_where_a_card_states_nothing_else_in_common(web, tmp_path):
    counts = {"human": 1, "synthetic": 3, "mixed": 0, "unknown": 0}
    tokens = block(counts, unit="tokens", tokenizer="gpt2")
    mixture = mixture_ratio([web, card(tmp_path / "a", provenance=tokens)])
    assert mixture.unit == "rows"
    assert mixture.shares()["synthetic"] == 4 / 10


def test_parts_without_a_ratio_do_not_choose_the_unit(web, tmp_path):
    assert mixture_ratio({web: 1, card(tmp_path / "a"): 1}).unit == "bytes"
    assert mixture_ratio({tmp_path / "a": 1}).unit == "rows"


def test_a_unit_can_be_chosen_if_all_parts_state_it(web, chats):
    assert mixture_ratio([web, chats], unit="rows").shares()["human"] == 4 / 10
    with pytest.raises(UsageError, match=r"web states its ratio by rows and bytes, not by tokens"):
        mixture_ratio([web, chats], unit="tokens")
    with pytest.raises(UsageError, match="unit='words' is not one of"):
        mixture_ratio([web, chats], unit="words")


# Cards


def test_without_a_summary_the_card_states_the_ratio(web):
    exact = mixture_ratio([web])
    (web / "provenance.json").unlink()
    rounded = mixture_ratio([web])
    assert rounded.parts[0].stated_by == "card"
    assert rounded.parts[0].note == ""
    assert rounded.unit == exact.unit
    assert rounded.parts[0].total == exact.parts[0].total
    assert rounded.shares() == pytest.approx(exact.shares(), abs=1e-4)
    assert sum(rounded.ratio.exact.values()) == 1
    by_rows = mixture_ratio([web], unit="rows")
    assert by_rows.shares() == hfp.summarize(rows("hhhs??")).shares()


@pytest.mark.parametrize("content", [b"{}", b"no JSON", b'{"schema": "hf-provenance/9"}'])
def test_a_summary_that_cannot_be_read_is_noted_and_the_card_read(web, content):
    (web / "provenance.json").write_bytes(content)
    (part,) = mixture_ratio([web]).parts
    assert part.stated_by == "card"
    assert part.note.startswith(f"provenance.json of {web}: ")


def test_a_summary_of_somebody_else_is_noted_beside_a_card_without_a_ratio(tmp_path):
    (tmp_path / "provenance.json").write_text('{"museum": "Louvre"}', "utf-8")
    (part,) = mixture_ratio({card(tmp_path, tags=["synthetic"]): 1}).parts
    assert part.stated_by == "standard fields"
    assert "this summary has the schema null" in part.note
    assert part.shares()["unknown"] == 1.0


def test_a_summary_that_is_too_large_is_not_read(web):
    with (web / "provenance.json").open("ab") as file:
        file.truncate(16_000_001)
    (part,) = mixture_ratio([web]).parts
    assert part.stated_by == "card"
    assert "16,000,001 bytes" in part.note


def test_standard_fields_are_repeated_and_count_as_unknown(web, tmp_path):
    fields = {"language_creators": ["machine-generated"], "tags": ["en", "Synthetic", "distilabel"]}
    mixture = mixture_ratio({web: 1, card(tmp_path / "stories", **fields): 1}, unit="rows")
    part = mixture.parts[1]
    assert part.stated_by == "standard fields"
    assert part.says == ("language_creators: machine-generated", "tags: Synthetic, distilabel")
    assert part.shares() == {"human": 0.0, "synthetic": 0.0, "mixed": 0.0, "unknown": 1.0}
    assert part.total is None
    assert mixture.shares()["unknown"] == 0.5 + 1 / 6


@pytest.mark.parametrize(
    ("readme", "note"),
    [
        (None, "it has no card"),
        (b"# Only text", ""),
        (b"---\ntags: [provenance, [synthetic], 3]\nlanguage_creators: {a: b}\n---\n", ""),
        (b"---\nprovenance: [a museum]\n---\n", "its card's key `provenance` states no ratio of"),
        (b"---\nprovenance: {human: 1}\n---\n", "its card's key `provenance` states no ratio of"),
        (b"---\na: [\n---\n", "its card cannot be read: line 2"),
        (b"\xef\xbb\xbf---\na: 1\n---\n", "its card cannot be read: line 1"),
    ],
)
def test_a_card_without_a_ratio_states_nothing(tmp_path, readme, note):
    if readme is not None:
        (tmp_path / "README.md").write_bytes(readme)
    (part,) = mixture_ratio({tmp_path: 1}).parts
    assert part.stated_by == "nothing"
    assert part.note.startswith(note)
    assert bool(part.note) == bool(note)
    assert part.shares()["unknown"] == 1.0


def test_a_card_that_contradicts_itself_is_an_error_that_names_it(web, tmp_path):
    counts = {"human": 1, "synthetic": 3, "mixed": 0, "unknown": 0}
    odd = card(tmp_path / "odd", provenance=block(counts, human=0.9))
    with pytest.raises(SummaryError, match=rf"README.md of {odd}: its shares add up to 1.65"):
        mixture_ratio({web: 1, odd: 1})


# Names


def test_a_config_is_named_beside_its_dataset(web):
    save(rows("ss"), web, config_name="poems")
    mixture = mixture_ratio({web: 1, (web, "poems"): 1}, unit="rows")
    assert [part.config for part in mixture.parts] == ["default", "poems"]
    assert mixture.parts[1].shares()["synthetic"] == 1.0
    assert f"{web.name} (poems)" in mixture.to_markdown().replace("\\", "")


def test_a_config_is_read_from_the_card_where_its_summary_is_gone(web):
    save(rows("sss"), web, config_name="poems")
    (web / "poems/provenance.json").unlink()
    (part,) = mixture_ratio([(web, "poems")]).parts
    assert (part.stated_by, part.shares()["synthetic"]) == ("card", 1.0)


def test_a_config_that_the_card_does_not_know_is_unknown(web):
    (part,) = mixture_ratio({(str(web), "prose"): 1}).parts
    assert part.note == "its card's key `provenance` states no ratio of 'prose'"
    assert part.shares()["unknown"] == 1.0


@pytest.mark.parametrize("name", ["{web}@v1", "owner/name@"])
def test_a_revision_belongs_to_a_dataset_on_the_hub(web, name):
    with pytest.raises(UsageError, match="a revision stands after the id"):
        mixture_ratio([name.format(web=web)])


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FolderError, match="no such folder"):
        mixture_ratio([tmp_path / "gone"])


# Human by crawl date only


def by_date(origins: str) -> Summary:
    """A summary in which all that is human is so by crawl date only."""
    data = json.loads(json.dumps(hfp.summarize(rows(origins)).to_dict()))
    labels = data["tables"]["labels"]
    origin, basis = (labels["keys"].index(key) for key in ("origin", "basis"))
    for cell in labels["cells"]:
        cell[basis] = "cutoff" if cell[origin] == "human" else cell[basis]
    return Summary.from_dict(data)


def test_what_is_human_by_crawl_date_only_is_part_of_human_and_told_apart(chats, tmp_path):
    old = summary_in(tmp_path / "old", by_date("hhs?"))
    mixture = mixture_ratio({old: 1, chats: 1}, unit="rows")
    assert mixture.shares()["human"] == (2 / 4 + 1 / 4) / 2
    assert mixture.ratio.by_date == Fraction(1, 4)
    assert mixture.to_dict()["human_by_crawl_date_only"] == 0.25
    assert "25.0% of it is human by crawl date only." in mixture.to_markdown()


def test_a_card_tells_what_is_human_by_crawl_date_in_one_unit_only(chats, tmp_path):
    old = card(tmp_path / "old", provenance=provenance_block(by_date("hhs?"), Facts()))
    mixture = mixture_ratio({old: 1, chats: 1})
    assert mixture.unit == "bytes"
    assert mixture.parts[0].ratio.by_date == mixture.parts[0].ratio.exact["human"] > 0
    mixture = mixture_ratio({old: 1, chats: 1}, unit="rows")
    assert mixture.to_dict()["human_by_crawl_date_only"] is None
    assert "Not every part says how much of it is human by crawl date" in mixture.to_markdown()


# What a reader sees


def test_the_table_names_each_part_and_what_the_unknown_allows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(rows("hhhs??"), Path("web"))
    save(rows("hssm"), Path("chats"))
    card(Path("stories"), language_creators="machine-generated", tags=["synthetic"])
    Path("blank").mkdir()
    weights = {"web": 0.6, "chats": 0.25, "stories": 0.1, "blank": 0.05}
    assert mixture_ratio(weights, unit="rows").to_markdown() == (
        "| part | weight | human | synthetic | mixed | unknown | stated by |\n"
        "|:--|--:|--:|--:|--:|--:|:--|\n"
        "| web | 60.0% | 50.0% | 16.7% | 0 | 33.3% | provenance.json |\n"
        "| chats | 25.0% | 25.0% | 50.0% | 25.0% | 0 | provenance.json |\n"
        "| stories | 10.0% | 0 | 0 | 0 | 100% | standard fields (language\\_creators: "
        "machine-generated; tags: synthetic) |\n"
        "| blank | 5.0% | 0 | 0 | 0 | 100% | nothing |\n"
        "| **mix, by rows** | **100%** | **36.3%** | **22.5%** | **6.3%** | **35.0%** | |\n"
        "\n"
        "Between 22.5% and 57.5% of the mix is synthetic, depending on the unknown part. "
        "6.3% more is mixed. Standard fields state no ratio, so their parts count as unknown.\n"
        "\n"
        "- blank: it has no card"
    )


def test_a_mix_without_unknown_needs_no_bounds(chats):
    text = mixture_ratio([chats], unit="rows").to_markdown()
    assert "\n50.0% of the mix is synthetic, and no part of it is unknown. 25.0% more" in text


def test_words_of_strangers_stay_text(tmp_path):
    stories = card(tmp_path / "a|b", tags=["synthetic"], language_creators="<b>|\n# `x`")
    row = mixture_ratio({stories: 1}).to_markdown().splitlines()[2]
    assert row.count("|") == 8
    assert "&lt;b&gt;&#124; \\# \\`x\\`" in row


def test_plain_data_survives_json(web, tmp_path):
    data = mixture_ratio({web: 2, card(tmp_path / "a", tags=["synthetic"]): 1}).to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(data) == {"unit", "shares", "human_by_crawl_date_only", "bounds", "parts"}
    assert data["parts"][1]["says"] == ["tags: synthetic"]
    assert data["parts"][0]["commit"] is None


# What holds for all mixes

COUNTS = st.fixed_dictionaries({origin: st.integers(0, 10**6) for origin in ORIGINS})
WEIGHTS = st.floats(1e-6, 1e6) | st.integers(1, 10**12)
MIXES = st.lists(st.tuples(st.none() | COUNTS, WEIGHTS), min_size=1, max_size=4)


def mixed(mix: list[tuple[dict[str, int] | None, float]], unit: str | None = None) -> Any:
    """The mixture of cards that state these counts; None states nothing."""
    with tempfile.TemporaryDirectory() as folder:
        weights = {}
        for number, (counts, weight) in enumerate(mix):
            stated = {} if counts is None else {"provenance": block(counts)}
            weights[card(Path(folder, str(number)), **stated)] = weight
        return mixture_ratio(weights, unit=unit)


@settings(max_examples=60, deadline=None)
@given(MIXES)
def test_shares_add_up_to_1_and_are_the_weighted_mean(mix):
    mixture = mixed(mix, unit="rows" if any(counts for counts, _ in mix) else None)
    assert sum(mixture.ratio.exact.values()) == 1
    assert sum(mixture.shares().values()) == pytest.approx(1)
    whole = sum(Fraction(repr(weight)) for _, weight in mix)
    for origin in ORIGINS:
        mean = Fraction()
        for counts, weight in mix:
            rows = sum(counts.values()) if counts else 0
            share = Fraction(counts[origin], rows) if counts and rows else origin == "unknown"
            mean += Fraction(repr(weight)) / whole * share
        assert mixture.ratio.exact[origin] == mean


@settings(max_examples=60, deadline=None)
@given(MIXES, st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=4, max_size=4))
def test_the_bounds_hold_whatever_the_unknown_turns_out_to_be(mix, truths):
    mixture = mixed(mix)
    found = dict.fromkeys(("human", "synthetic"), Fraction())
    for part, (human, synthetic, other) in zip(mixture.parts, truths, strict=False):
        whole = human + synthetic + other + 1
        for origin, n in (("human", human), ("synthetic", synthetic)):
            true = part.ratio.exact[origin] + part.ratio.exact["unknown"] * Fraction(n, whole)
            found[origin] += part.exact_weight * true
    for origin, share in found.items():
        least, most = mixture.ratio.bounds(origin)
        assert least <= share <= most
        assert mixture.bounds[origin] == (float(least), float(most))


@settings(max_examples=40, deadline=None)
@given(MIXES, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_changes_nothing(mix, random):
    other = random.sample(mix, len(mix))
    assert mixed(mix).ratio == mixed(other).ratio
    assert mixed(mix).unit == mixed(other).unit


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> list[tuple[Path, Summary]]:
    """Real folders with their summaries."""
    made = []
    for number, origins in enumerate(["h", "hhs?", "sssm", "????", "hsm?hsm"]):
        folder = tmp_path_factory.mktemp("pool") / str(number)
        made.append((folder, save(rows(origins), folder).summary))
    return made


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6), st.sampled_from([None, "rows", "bytes"])
)
def test_whole_datasets_give_the_shares_of_the_merged_summary(pool, chosen, unit):
    mixture = mixture_ratio([pool[n][0] for n in chosen], unit=unit)
    merged = merge([pool[n][1] for n in chosen])
    assert mixture.shares() == merged.shares(mixture.unit)
    assert unit or mixture.unit == merged.unit
