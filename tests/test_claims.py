"""Claims held against each other: what contradicts what, and which of them is believed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Annotator, Layout, Record, col
from hf_provenance.claims import NAMES, SILENT, Claim, claims_of, pairs
from hf_provenance.errors import ConflictError
from hf_provenance.identity import identify
from hf_provenance.labels import read_evidence
from hf_provenance.schema import BASES

TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
SYNTHETIC_SET = Record(dataset="a/b", origin="synthetic")
HUMAN_SET = Record(dataset="a/b", origin="human")


def rows(**columns: Any) -> pa.Table:
    return pa.table({"text": ["a"], **columns})


def chat(*turns: tuple[str, str], **columns: Any) -> pa.Table:
    said = [{"role": role, "content": content} for role, content in turns]
    return pa.table({"messages": pa.array([said], pa.list_(TURN)), **columns})


def one(annotator: Annotator, table: pa.Table) -> dict[str, Any]:
    (row,) = annotator.labels(table).to_pylist()
    return row


def strongest(table: pa.Table, **fields: Any) -> tuple[str, str, str | None]:
    row = one(Annotator(on_conflict="strongest", **fields), table)
    return row["prov_origin"], row["prov_origin_basis"], row["prov_problems"]


def claims(annotator: Annotator, table: pa.Table) -> list[Claim]:
    plan = annotator.plan(table.schema)
    sizes = identify(table, plan.text).sizes
    return claims_of(plan, read_evidence(plan, table, sizes, None))


# The stronger one is believed


@pytest.mark.parametrize(
    ("fields", "origin", "basis"),
    [
        ({"origin": "human", "generator": col("model")}, "human", "declared"),
        ({"origin": col("by"), "generator": "m"}, "synthetic", "declared"),
        ({"origin": col("by"), "registry": SYNTHETIC_SET}, "human", "column"),
        ({"generator": col("model"), "registry": HUMAN_SET}, "synthetic", "column"),
        ({"synthetic_share": 0.5, "origin": col("by")}, "mixed", "declared"),
        ({"synthetic_share": 1.0, "origin": col("by")}, "synthetic", "declared"),
        ({"synthetic_share": col("share"), "origin": "human"}, "human", "declared"),
        ({"method": "model_rewrite", "origin": col("by")}, "synthetic", "declared"),
        ({"generation": 0, "origin": "synthetic"}, "synthetic", "declared"),
    ],
    ids=str,
)
def test_the_strongest_basis_decides(fields: dict[str, Any], origin: str, basis: str) -> None:
    table = rows(by=["human"], model=["m"], share=[0.25])
    assert strongest(table, **fields) == (origin, basis, "outweighed")


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        ({"origin": "human", "generator": "m"}, "human"),
        ({"origin": "human", "method": "model_generation"}, "human"),
        ({"origin": "human", "generation": 2}, "human"),
        ({"synthetic_share": 0.0, "generator": "m"}, "unknown"),
        ({"synthetic_share": 0.5, "generation": 0}, "mixed"),
    ],
    ids=str,
)
def test_of_two_of_one_basis_the_one_that_says_so_comes_before_the_one_that_implies_it(
    fields: dict[str, Any], origin: str
) -> None:
    found, basis, problem = strongest(rows(), **fields)
    assert (found, problem) == (origin, "outweighed")
    assert basis == ("default" if origin == "unknown" else "declared")


@pytest.mark.parametrize("field", ["synthetic_share", "generation"])
def test_a_declared_nought_outweighs_the_column_of_models_and_makes_nobody_human(
    field: str,
) -> None:
    table = rows(model=["m"])
    assert strongest(table, **{field: 0}, generator=col("model")) == (
        "unknown",
        "default",
        "outweighed",
    )


@pytest.mark.parametrize("field", ["synthetic_share", "generation"])
def test_a_declared_nought_outweighs_a_record_of_models(field: str) -> None:
    found = strongest(rows(), **{field: 0}, registry=SYNTHETIC_SET)
    assert found == ("unknown", "default", "outweighed")


def test_a_declared_nought_outweighs_turns_that_are_known_in_part() -> None:
    table = chat(("user", "a"), ("assistant", "b"))
    assert strongest(table, synthetic_share=0.0) == ("unknown", "default", "outweighed")


def test_an_origin_that_agrees_with_the_strongest_counts_and_keeps_its_own_basis() -> None:
    table = rows(by=["mixed"])
    assert strongest(table, generator="m", origin=col("by"), registry=HUMAN_SET) == (
        "mixed",
        "column",
        "outweighed",
    )


def test_two_that_contradict_without_naming_anybody_leave_the_row_unknown() -> None:
    assert strongest(rows(n=[1]), synthetic_share=0.0, generation=col("n")) == (
        "unknown",
        "default",
        "outweighed",
    )


def test_turns_outweigh_a_record_and_give_way_to_the_caller() -> None:
    table = chat(("user", "a"), ("assistant", "b"))
    assert strongest(table, registry=HUMAN_SET) == ("mixed", "column", "outweighed")
    assert strongest(table, origin="human") == ("human", "declared", "outweighed")


def test_only_rows_that_contradict_themselves_are_outweighed() -> None:
    table = pa.table({"text": list("abc"), "by": ["human", "human", None], "m": ["m", None, "m"]})
    found = Annotator(origin=col("by"), generator=col("m"), on_conflict="strongest").labels(table)
    assert found["prov_problems"].to_pylist() == ["outweighed", None, None]
    assert found["prov_origin"].to_pylist() == ["human", "human", "synthetic"]


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        ({"origin": "human"}, 0.0),
        ({"origin": "synthetic", "generation": 0}, 1.0),
        ({"origin": "mixed", "generation": 0}, None),
    ],
    ids=str,
)
def test_the_share_of_an_outweighed_row_is_what_its_origin_says(
    fields: dict[str, Any], share: float | None
) -> None:
    row = one(
        Annotator(on_conflict="strongest", synthetic_share=col("share"), **fields),
        rows(share=[0.25]),
    )
    assert (row["prov_problems"], row["prov_synthetic_share"]) == ("outweighed", share)


def test_the_model_of_an_outweighed_row_stays_named() -> None:
    row = one(Annotator(origin="human", generator="m", on_conflict="strongest"), rows())
    assert (row["prov_origin"], row["prov_generator"]) == ("human", "m")


def test_no_cutoff_decides_about_an_outweighed_row() -> None:
    table = rows(date=[date(2001, 1, 1)], n=[1])
    fields = {"synthetic_share": 0.0, "generation": col("n"), "human_before": "2022-11-30"}
    assert strongest(table, **fields) == ("unknown", "default", "outweighed")


# A model's name beside what people are known to have written


def test_a_model_beside_turns_of_a_person_and_of_nobody_known_wrote_part_of_them() -> None:
    table = chat(("user", "abc"), ("narrator", "abc"), model=["m"])
    row = one(Annotator(roles={"user": "human"}, generator=col("model")), table)
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("mixed", "column")
    assert row["prov_synthetic_share"] is None


def test_a_model_beside_a_question_by_a_person_and_an_answer_by_nobody_known() -> None:
    layout = Layout(
        name="asked",
        title="Asked",
        columns=(("question", "text"), ("answer", "text")),
        text=("question", "answer"),
        parts=(("question", "human"),),
    )
    table = pa.table({"question": ["abc"], "answer": ["d"], "model": ["m"]})
    row = one(Annotator(layout=layout, generator=col("model")), table)
    assert (row["prov_origin"], row["prov_synthetic_share"]) == ("mixed", None)


def test_such_a_label_rests_on_the_weaker_of_the_two_words() -> None:
    record = Record(dataset="a/b", roles=(("user", "human"),))
    row = one(Annotator(registry=record, generator="m"), chat(("user", "abc"), ("narrator", "abc")))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("mixed", "registry")


# Any combination


ORIGINS = st.sampled_from(["human", "synthetic", "mixed", "unknown", None])
CHATS = st.one_of(
    st.none(),
    st.lists(
        st.tuples(
            st.sampled_from(["user", "assistant", "system", "narrator", None]),
            st.sampled_from(["", "a", "ab"]),
        ),
        max_size=4,
    ),
)
TABLE_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "messages": CHATS.map(
                lambda turns: turns and [{"role": role, "content": said} for role, said in turns]
            ),
            "by": ORIGINS,
            "model": st.sampled_from(["m", None, " "]),
            "how": st.sampled_from(["model_generation", "web_crawl", "unknown", None]),
            "share": st.sampled_from([0.0, 0.5, 1.0, None]),
            "n": st.sampled_from([0, 1, None]),
            "date": st.sampled_from(["2001-01-01", "2024-01-01", None]),
        }
    ),
    min_size=1,
    max_size=6,
)
COLUMNS = pa.schema(
    [
        ("messages", pa.list_(TURN)),
        ("by", pa.string()),
        ("model", pa.string()),
        ("how", pa.string()),
        ("share", pa.float32()),
        ("n", pa.int8()),
        ("date", pa.string()),
    ]
)
ROLE_ORIGINS = st.sampled_from(["human", "synthetic", "mixed", "unknown"])
RECORDS = st.builds(
    lambda origin, generator, roles: Record(
        dataset="a/b",
        origin=None if origin == "unknown" else origin,
        generator=generator,
        roles=tuple(roles.items()),
    ),
    ORIGINS,
    st.sampled_from(["m", None]),
    st.dictionaries(st.sampled_from(["user", "assistant", "system"]), ROLE_ORIGINS, max_size=3),
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "origin": st.sampled_from([col("by"), "human", "synthetic", "mixed"]),
        "generator": st.sampled_from([col("model"), "m"]),
        "method": st.sampled_from([col("how"), "model_rewrite", "web_crawl"]),
        "synthetic_share": st.sampled_from([col("share"), 0.0, 0.5, 1.0]),
        "generation": st.sampled_from([col("n"), 0, 1]),
        "registry": RECORDS,
        "roles": st.dictionaries(
            st.sampled_from(["user", "assistant", "system"]), ROLE_ORIGINS, min_size=1, max_size=3
        ),
        "human_before": st.just("2022-11-30"),
        "layout": st.sampled_from(["auto", None]),
    },
)


def made(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, COLUMNS)


def clashing(annotator: Annotator, table: pa.Table) -> list[bool]:
    """For each row whether two sources contradict each other on it."""
    found = [False] * table.num_rows
    for _, _, clash in pairs(claims(annotator, table)):
        found = [before or bool(here) for before, here in zip(found, clash, strict=True)]
    return found


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS, st.sampled_from(["unknown", "strongest"]), st.randoms())
def test_neither_batches_nor_the_order_of_rows_and_columns_change_a_label(
    rows: list[dict[str, Any]], fields: dict[str, Any], mode: str, random: Any
) -> None:
    annotator = Annotator(on_conflict=mode, **fields)
    whole = annotator.labels(made(rows)).to_pylist()
    columns = random.sample(COLUMNS.names, len(COLUMNS.names))
    order = random.sample(range(len(rows)), len(rows))
    for place in order:
        table = made([rows[place]]).select(columns)
        assert annotator.labels(table).to_pylist() == [whole[place]]
    shuffled = made([rows[place] for place in order]).select(columns)
    assert annotator.labels(shuffled).to_pylist() == [whole[place] for place in order]


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS)
def test_a_row_is_a_conflict_exactly_where_two_claims_contradict_each_other(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    contradictory = clashing(Annotator(**fields), table)
    for mode, code in (("unknown", "conflict"), ("strongest", "outweighed")):
        found = Annotator(on_conflict=mode, **fields).labels(table)["prov_problems"].to_pylist()
        assert [code in (each or "").split("|") for each in found] == contradictory
    if any(contradictory):
        with pytest.raises(ConflictError, match=f"row {contradictory.index(True)} .*contradicts"):
            Annotator(**fields).labels(table)
    else:
        Annotator(**fields).labels(table)


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS)
def test_no_contradictory_row_has_an_origin_where_these_are_to_be_unknown(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    found = Annotator(on_conflict="unknown", **fields).labels(table).to_pylist()
    for row, clash in zip(found, clashing(Annotator(**fields), table), strict=True):
        if clash:
            assert (row["prov_origin"], row["prov_origin_basis"]) == ("unknown", "default")
            assert row.get("prov_synthetic_share") is None


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS)
def test_what_to_do_about_conflicts_changes_no_other_row(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    unknown = Annotator(on_conflict="unknown", **fields).labels(table).to_pylist()
    strong = Annotator(on_conflict="strongest", **fields).labels(table).to_pylist()
    for one, other, clash in zip(
        unknown, strong, clashing(Annotator(**fields), table), strict=True
    ):
        assert clash or one == other


@settings(deadline=None, max_examples=200)
@given(TABLE_ROWS, FIELDS)
def test_no_label_contradicts_a_claim_that_nothing_stronger_contradicts(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    found = Annotator(on_conflict="strongest", **fields).labels(table).to_pylist()
    for place, row in enumerate(found):
        here = claims(Annotator(**fields), made([rows[place]]))
        if row["prov_origin_basis"] in ("cutoff", "default"):
            continue
        for claim in here:
            if against(claim, row["prov_origin"]):
                assert any(stronger(other, claim) for other in here if clash(claim, other))


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS)
def test_no_basis_is_stronger_than_a_claim_that_says_or_implies_the_origin(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    found = Annotator(on_conflict="strongest", **fields).labels(table).to_pylist()
    for place, row in enumerate(found):
        here = claims(Annotator(**fields), made([rows[place]]))
        if row["prov_origin"] == "unknown" or row["prov_origin_basis"] == "cutoff":
            continue
        named = {BASES.index(claim.basis) for claim in here if claim.codes[0] != SILENT}
        assert BASES.index(row["prov_origin_basis"]) >= min(named)


@settings(deadline=None)
@given(TABLE_ROWS, FIELDS)
def test_a_human_row_is_named_so_by_somebody_or_by_the_cutoff(
    rows: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    table = made(rows)
    found = Annotator(on_conflict="strongest", **fields).labels(table).to_pylist()
    for place, row in enumerate(found):
        if row["prov_origin"] == "human" and row["prov_origin_basis"] != "cutoff":
            here = claims(Annotator(**fields), made([rows[place]]))
            named = {claim.basis for claim in here if NAMES[claim.codes[0]] == "human"
                     and claim.codes[0] != SILENT and claim.direct}  # fmt: skip
            assert row["prov_origin_basis"] in named


def against(claim: Claim, origin: str) -> bool:
    """Whether a claim about one row leaves no room for an origin."""
    least, most = float(claim.least[0]), float(claim.most[0])
    if origin == "human":
        return least > 0
    if origin == "synthetic":
        return most < 1
    return most == 0 or least == 1


def clash(one: Claim, other: Claim) -> bool:
    return bool(one.least[0] > other.most[0] or other.least[0] > one.most[0])


def stronger(one: Claim, other: Claim) -> bool:
    """Whether one comes before another; of two alike in basis and kind, either may."""
    rank = [(BASES.index(each.basis), not each.direct) for each in (one, other)]
    return rank[0] <= rank[1]
