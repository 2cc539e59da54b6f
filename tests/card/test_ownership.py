from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hf_provenance import annotate, build_card, summarize
from hf_provenance.card.card import edit_card
from hf_provenance.card.facts import Facts
from hf_provenance.card.readme import CardEdit, Difference, edit_readme, read_front_matter
from hf_provenance.errors import CardError

from .readmes import block, edited, human_parts, recorded, yaml_of


def said(text: str, edit: CardEdit) -> dict[str, Any]:
    """What the YAML says after an edit, with our key's record in place of our key."""
    read = yaml_of(text, edit)
    return read | {"provenance": read["provenance"].get("set", {})}


def stated(**values: object) -> CardEdit:
    return CardEdit({}, values=values)


def of_rows(**lists: list[str]) -> CardEdit:
    return CardEdit({}, lists=lists)


def items(**append: list[str]) -> CardEdit:
    return CardEdit({}, append=append)


# values that a caller states


def test_a_value_that_an_earlier_call_stated_is_replaced_by_a_later_one() -> None:
    first = edited("# T\n", stated(license="mit"))
    assert said(first, stated(license="apache-2.0")) == {
        "license": "apache-2.0",
        "provenance": {"license": "apache-2.0"},
    }


def test_a_value_that_a_human_changed_since_stays_and_is_reported() -> None:
    changed = edited("# T\n", stated(license="mit")).replace("license: mit\n", "license: gpl\n", 1)
    edit = stated(license="apache-2.0")
    assert said(changed, edit) == {"license": "gpl", "provenance": {}}
    kept = edit_readme(changed.encode(), edit).kept
    assert kept == (Difference("license", "gpl", "apache-2.0"),)


def test_a_value_of_a_human_that_equals_ours_is_not_recorded() -> None:
    assert said(block("license: mit"), stated(license="mit"))["provenance"] == {}


def test_a_value_that_a_later_call_does_not_state_stays_ours() -> None:
    first = edited("# T\n", stated(license="mit"))
    second = edited(first, stated(pretty_name="P"))
    assert said(second, stated(license="cc0-1.0"))["license"] == "cc0-1.0"


def test_a_value_that_a_later_call_states_as_none_is_taken_out() -> None:
    first = edited("# T\n", stated(license="mit", pretty_name="P"))
    assert said(first, stated(license=None)) == {
        "pretty_name": "P",
        "provenance": {"pretty_name": "P"},
    }


def test_a_value_of_a_human_is_not_taken_out() -> None:
    before = block("license: mit", recorded())
    assert edited(before, stated(license=None)) == before


@pytest.mark.parametrize("value", [None, []])
def test_no_value_adds_no_key(value: object) -> None:
    assert said("# T\n", stated(license=value)) == {"provenance": {}}


def test_a_stated_value_wins_over_what_follows_from_the_rows() -> None:
    edit = CardEdit({}, values={"size_categories": ["n>1T"]}, lists={"size_categories": ["n<1K"]})
    assert said("# T\n", edit)["size_categories"] == ["n>1T"]


def test_a_key_that_a_human_took_out_is_set_again() -> None:
    first = edited("# T\n", stated(license="mit")).replace("license: mit\n", "", 1)
    assert said(first, stated(license="mit"))["license"] == "mit"


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("license:  mit # c", "license:  bsd # c", "bsd"),
        ("license: 'mit'", "license: bsd", "bsd"),
        ("license:\n  # c\n  mit", "license:\n  # c\n  bsd", "bsd"),
        ("license: >-\n  mit", "license: bsd", "bsd"),
        ("license: !!str mit", "license: bsd", "bsd"),
        ("license: &m mit", "license: bsd", "bsd"),
        ("license: [mit] # c", "license: [bsd] # c", "bsd"),
        ("license: # c\n- mit # d", "license: # c\n- bsd # d", "bsd"),
        ("license: mit # c", "license:\n- a\n- b # c", ["a", "b"]),
        ("license: [mit, ] # c", "license: [a, b, ] # c", ["a", "b"]),
        ("license: # c\n- mit", "license: # c\n- a\n- b", ["a", "b"]),
        ("license: mit # c", "license:\n  a: 1 # c", {"a": 1}),
        ("license:\n- mit\n# c", "license:\n  a: 1\n# c", {"a": 1}),
        ("license: [mit] # c", "license:\n  a: 1 # c", {"a": 1}),
    ],
)
@pytest.mark.parametrize("last", ["", "\nz: 1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_value_is_replaced_in_its_place_and_style(
    old: str, new: str, value: object, last: str, newline: str
) -> None:
    before = block(recorded(license="mit"), f"{old}{last}")  # type: ignore[arg-type]
    after = before.replace(old, new).replace(
        recorded(license="mit"),  # type: ignore[arg-type]
        recorded(license=value),  # type: ignore[arg-type]
    )
    given_back = edited(before.replace("\n", newline), stated(license=value))
    assert given_back == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x: {a: 1, b: [2]} # c", "x: mit # c"),
        ("x:\n  a: 1\n  b:\n  - 2\n# c", "x:\n  mit\n# c"),
    ],
)
def test_a_mapping_is_replaced_whole(old: str, new: str) -> None:
    record = recorded(x={"a": 1, "b": [2]})  # type: ignore[arg-type]
    ours = recorded(x="mit")  # type: ignore[arg-type]
    before = block(record, old)
    assert edited(before, stated(x="mit")) == before.replace(old, new).replace(record, ours)


@pytest.mark.parametrize(
    "old",
    [
        "x: {a: 1, # c\n  b: 2}",
        "x:\n  a: 1 # c\n  b: 2",
        "x: { # c\n  a: 1, b: 2}",
        "x: {a: 1, b: 2 # c\n  }",
    ],
)
@pytest.mark.parametrize("value", ["mit", None])
def test_a_comment_inside_a_value_of_ours_is_not_lost(old: str, value: object) -> None:
    before = block(recorded(x={"a": 1, "b": 2}), old)  # type: ignore[arg-type]
    with pytest.raises(CardError, match="a comment inside `x` would go with it; move it above"):
        edit_readme(before.encode(), stated(x=value))


# lists that follow from the rows


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("x:\n- a # c\n- 'b'", "x:\n- a # c\n- d", ["a", "d"]),
        ("x:\n- a # c\n- 'b'\n# e", "x:\n- a # c\n# e", ["a"]),
        ("x:\n  - a\n  # c\n  - b", "x:\n  - d\n  # c\n  - e\n  - f", ["d", "e", "f"]),
        ("x: ['a', b] # c", "x: [d] # c", ["d"]),
        ("x: [ 'a',\n  b ] # c", "x: [ 'a',\n  d, e ] # c", ["a", "d", "e"]),
        ("x: [b, a]", "x: [b, a]", ["a", "b"]),
        ("x:\n- a\n- b", "", []),
        ("x: # c\n- a\n# d\n- b", "# c\n# d", []),
        ("x: [a, b] # c", "", []),
        ("x:\n- &n a\n- b", "x:\n- d", ["d"]),
    ],
)
@pytest.mark.parametrize("last", ["", "\nz: 1", "\nz: |\n  text"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_of_ours_becomes_what_the_rows_say(
    old: str, new: str, wanted: list[str], last: str, newline: str
) -> None:
    before = block(recorded(x=["a", "b"]), f"{old}{last}")
    after = before.replace(f"\n{old}", new and f"\n{new}").replace(
        recorded(x=["a", "b"]), recorded(x=wanted)
    )
    given_back = edited(before.replace("\n", newline), of_rows(x=wanted))
    assert given_back == after.replace("\n", newline)


@pytest.mark.parametrize("theirs", ["[a, b, mine]", "[a]", "a", "[]", "", "{a: b}", "&n [[a, b]]"])
def test_a_list_that_a_human_changed_stays_and_is_reported(theirs: str) -> None:
    before = block(recorded(x=["a", "b"]), f"x: {theirs}")
    after = edit_readme(before.encode(), of_rows(x=["d"]))
    assert after.content.decode() == before.replace(recorded(x=["a", "b"]), recorded())
    assert [(item.key, item.ours) for item in after.kept] == [("x", ["d"])]


@pytest.mark.parametrize("old", ["x: [a, # c\n  b]", "x: [a, b # c\n  ]", "x: [ # c\n  a, b]"])
def test_a_comment_inside_a_flow_list_of_ours_is_not_lost(old: str) -> None:
    before = block(recorded(x=["a", "b"]), old)
    with pytest.raises(CardError, match="a comment inside `x` would go with it"):
        edit_readme(before.encode(), of_rows(x=[]))
    assert "# c" in edited(before, of_rows(x=["d", "e"]))


def test_a_list_that_is_repeated_elsewhere_is_not_changed() -> None:
    before = block(recorded(x=["a"]), "x: &x [a]", "y: *x")
    with pytest.raises(CardError, match="used elsewhere"):
        edit_readme(before.encode(), of_rows(x=["b"]))


# items beside a human's


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tags: [mine, gone] # c", "tags: [mine] # c"),
        ("tags: [gone, mine, gone2, ] # c", "tags: [mine, ] # c"),
        ("tags: [\"gone\", mine,\n  'gone2']", "tags: [mine]"),
        ("tags: [mine, # c\n  yours, gone]", "tags: [mine, # c\n  yours]"),
        ("tags:\n- gone # c\n- mine # d\n- gone2\n# e", "tags:\n- mine # d\n# e"),
        ("tags: # a\n  # b\n  -   gone\n  # c\n  -   mine", "tags: # a\n  # b\n  # c\n  -   mine"),
        ("tags:\n- mine\n- gone\n  # c", "tags:\n- mine\n  # c"),
        ("tags:\n- gone\n- |\n  mine", "tags:\n- |\n  mine"),
        ("tags:\n- gone\n\n- mine\n\n- gone2", "tags:\n\n- mine\n"),
        ("tags:\n- gone\n- mine\n- gone", "tags:\n- gone\n- mine"),
        ("tags:\n- *p\n- gone", "tags:\n- *p"),
        ("tags:\n- *g\n- mine", "tags:\n- *g\n- mine"),
        ("tags: *l", "tags: *l"),
        ("tags: gone\n# c", "# c"),
        ("tags: *g", "tags: *g"),
        ("tags: mine", "tags: mine"),
        ("tags:\n- gone\n# c\n- gone2", "# c"),
        ("tags: [gone, gone2] # c", ""),
        ("tags:", "tags:"),
        ("tags: {gone: gone2}", "tags: {gone: gone2}"),
    ],
)
@pytest.mark.parametrize("last", ["", "\nz: 1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_items_of_ours_that_no_longer_hold_are_taken_out(
    old: str, new: str, last: str, newline: str
) -> None:
    head = ["p: &p x", "g: &g gone", "l: &l [gone]"]
    before = block(*head, recorded(tags=["gone", "gone2"]), f"{old}{last}")
    after = block(*head, recorded(), f"{old}{last}").replace(f"\n{old}", new and f"\n{new}")
    assert edited(before.replace("\n", newline), items(tags=[])) == after.replace("\n", newline)


def test_an_item_goes_from_the_end_of_the_block_and_a_text_before_it_keeps_its_value() -> None:
    before = block(recorded(tags=["gone"]), "tags:", "- |", "  mine", "- gone")
    after = block(recorded(), "tags:", "- |", "  mine", "")
    assert edited(before, items(tags=[])) == after
    assert read_front_matter(after.encode())["tags"] == ["mine\n"]


def test_norwegian_that_a_human_unquoted_is_taken_out() -> None:
    before = block("language:", "- no", "- de", recorded(language=["no"]))
    assert edited(before, items(language=[])) == block("language:", "- de", recorded())


def test_an_item_that_comes_takes_the_place_of_one_that_goes() -> None:
    before = block("language: [fr, mine]", recorded(language=["fr"]))
    assert edited(before, items(language=["en"])) == before.replace("fr", "en")


def test_a_single_item_of_ours_is_replaced() -> None:
    before = block("language: fr # c", recorded(language=["fr"]))
    after = block("language:\n- en # c", recorded(language=["en"]))
    assert edited(before, items(language=["en"])) == after


def test_an_item_that_a_human_had_already_is_never_taken_out() -> None:
    first = edited(block("tags: [synthetic]"), items(tags=["provenance", "synthetic"]))
    assert said(first, items(tags=["provenance"])) == {
        "tags": ["synthetic", "provenance"],
        "provenance": {"tags": ["provenance"]},
    }


def with_given(given: list[str] | None, *rows: str) -> CardEdit:
    return CardEdit({}, values={"tags": given}, append={"tags": rows})


def test_stated_items_are_added_and_stay_until_they_are_stated_anew() -> None:
    first = edited(block("tags: [mine]"), with_given(["cats", "b"], "a", "b"))
    second = edited(first, items(tags=["c"]))
    assert read_front_matter(second.encode())["tags"] == ["mine", "c", "b", "cats"]
    assert said(second, with_given(["dogs"], "c")) == {
        "tags": ["mine", "c", "dogs"],
        "provenance": {"tags": {"rows": ["c"], "given": ["dogs"]}},
    }


def test_stated_items_are_taken_out_by_none() -> None:
    first = edited(block("tags: [mine]"), with_given(["cats"], "a"))
    assert said(first, with_given(None, "a")) == {
        "tags": ["mine", "a"],
        "provenance": {"tags": ["a"]},
    }


def test_a_stated_item_that_a_human_had_already_is_never_taken_out() -> None:
    first = edited(block("tags: [cats]"), with_given(["cats"]))
    assert said(first, with_given(["dogs"]))["tags"] == ["cats", "dogs"]


def test_a_stated_item_that_a_human_took_out_stays_out() -> None:
    first = edited("# T\n", with_given(["cats"], "a")).replace("- cats\n", "", 1)
    assert said(first, items(tags=["a"])) == {"tags": ["a"], "provenance": {"tags": ["a"]}}


def test_a_stated_list_must_be_of_texts() -> None:
    with pytest.raises(CardError, match=r"^values\.tags: must be a list of texts"):
        edit_readme(None, CardEdit({}, values={"tags": [1]}, append={"tags": []}))


def test_an_item_that_is_anchored_and_used_elsewhere_is_not_taken_out() -> None:
    before = block("tags: [&x gone, a]", "y: *x", recorded(tags=["gone"]))
    with pytest.raises(CardError, match="used elsewhere"):
        edit_readme(before.encode(), items(tags=[]))


def test_taking_out_an_item_that_would_make_a_comment_text_is_refused() -> None:
    before = block("tags:", "- |", "  a", "- gone", "  # c", recorded(tags=["gone"]))
    with pytest.raises(CardError, match="would change values that are not ours"):
        edit_readme(before.encode(), items(tags=[]))


# several configs


def of_config(name: str, **what: Any) -> CardEdit:
    return replace(CardEdit({"schema": "s"}, **what), config=name)


def test_lists_hold_what_all_configs_put_there() -> None:
    sizes = ("n<1K", "1K<n<10K", "n<1K")
    text = "# T\n"
    for name, size in zip(("default", "b", "c"), sizes, strict=True):
        text = edited(text, of_config(name, lists={"size_categories": [size]}))
    read = read_front_matter(text.encode())
    assert read["size_categories"] == ["n<1K", "1K<n<10K"]
    grown = edited(text, of_config("b", lists={"size_categories": ["1M<n<10M"]}))
    assert read_front_matter(grown.encode())["size_categories"] == ["n<1K", "1M<n<10M"]


def test_each_config_records_what_it_has_set() -> None:
    first = edited("# T\n", of_config("default", append={"tags": ["a", "b"]}))
    assert said(first, of_config("x", append={"tags": ["b", "c"]}))["tags"] == ["a", "b", "c"]
    assert yaml_of(first, of_config("x", append={"tags": ["b", "c"]}))["provenance"] == {
        "schema": "s",
        "set": {"tags": ["a", "b"]},
        "configs": {"x": {"schema": "s", "set": {"tags": ["b", "c"]}}},
    }


def test_an_item_goes_with_the_last_config_that_has_it() -> None:
    text = edited("# T\n", of_config("a", append={"tags": ["p", "synthetic"]}))
    text = edited(text, of_config("default", append={"tags": ["p", "synthetic"]}))
    text = edited(text, of_config("a", append={"tags": ["p"]}))
    assert read_front_matter(text.encode())["tags"] == ["p", "synthetic"]
    text = edited(text, of_config("default", append={"tags": ["p"]}))
    assert read_front_matter(text.encode())["tags"] == ["p"]


def test_the_last_config_that_states_a_value_has_it() -> None:
    text = edited("# T\n", of_config("default", values={"license": "mit"}))
    text = edited(text, of_config("x", values={"license": "gpl"}))
    read = read_front_matter(text.encode())
    assert read["license"] == "gpl"
    assert read["provenance"] == {
        "schema": "s",
        "configs": {"x": {"schema": "s", "set": {"license": "gpl"}}},
    }


def test_items_that_another_config_stated_are_replaced_and_its_rows_keep_theirs() -> None:
    text = edited("# T\n", of_config("default", **vars_of(with_given(["cats"], "a"))))
    text = edited(text, of_config("x", **vars_of(with_given(["dogs"], "b"))))
    read = read_front_matter(text.encode())
    assert read["tags"] == ["a", "b", "dogs"]
    assert read["provenance"]["set"] == {"tags": ["a"]}  # type: ignore[index]


def vars_of(edit: CardEdit) -> dict[str, Any]:
    return {"values": edit.values, "append": edit.append}


def test_a_value_that_another_config_stated_before_a_human_is_a_humans() -> None:
    text = edited("# T\n", of_config("default", values={"license": "mit"}))
    text = edited(text, of_config("x", values={"license": "gpl"}))
    text = text.replace("license: gpl\n", "license: mit\n", 1)
    edit = of_config("default", values={"license": "bsd"})
    assert edit_readme(text.encode(), edit).kept == (Difference("license", "mit", "bsd"),)


def test_what_a_human_changed_or_took_out_is_no_other_configs_either() -> None:
    edit = {"lists": {"x": ["1"]}, "append": {"tags": ["a", "b"]}}
    text = edited(edited("# T\n", of_config("default", **edit)), of_config("y", **edit))
    text = text.replace('x:\n- "1"\n', "x: mine\n", 1).replace("- b\n", "", 1)
    ours: Any = yaml_of(text, of_config("y", **edit))["provenance"]
    assert ours["set"] == {"tags": ["a"]}
    assert ours["configs"]["y"]["set"] == {"tags": ["a", "b"]}


def test_the_result_does_not_depend_on_which_config_is_written_last() -> None:
    a = of_config("default", lists={"x": ["1", "2"]}, append={"tags": ["t"]})
    b = of_config("b", lists={"x": ["2", "3"]}, append={"tags": ["u"]})
    both = edited(edited("# T\n", a), b)
    assert edited(both, a) == both


# odd and hostile records


@pytest.mark.parametrize(
    "held",
    [
        "provenance: set",
        "provenance: [set]",
        "provenance: {set: license}",
        "provenance: {set: [license, tags, x]}",
        "provenance: {set: {license: null, tags: null, x: null}}",
        "provenance: {set: {license: 1.0, tags: 5, x: {a: a}}}",
        "provenance: {set: {license: 2024-01-01, tags: [[gone]], x: [1, [a]]}}",
        "provenance: {set: {license: [[mit]], tags: {gone: gone}, x: [[a]]}}",
        "provenance: {set: {license: !!binary aGk=, tags: [!!binary aGk=], x: .nan}}",
        "provenance: {set: {1: mit, true: gone, null: a}}",
        "provenance: {configs: {x: {set: {a: {}}}, y: {set: 1}, z: 1}}",
        "provenance: {configs: [set, {set: {tags: [gone]}}]}",
        "provenance: {set: {tags: {rows: 1, given: {gone: a}}, license: {rows: [mit]}}}",
        "provenance: {set: {provenance: {}, configs: [], dataset_info: [a]}}",
    ],
)
def test_an_odd_record_is_no_record(held: str) -> None:
    edit = CardEdit({}, values={"license": "bsd"}, lists={"x": ["b"]}, append={"tags": []})
    own = ["configs:", "- config_name: h", "license: mit", "tags: [gone, a]", "x: [a]"]
    result = edit_readme(block(*own, held).encode(), edit)
    assert result.content.decode().startswith("---\n" + "\n".join(own) + "\nprovenance:")
    assert [item.key for item in result.kept] == ["x", "license"]


@pytest.mark.parametrize("key", ["provenance", "configs", "dataset_info"])
def test_a_record_cannot_give_our_edit_the_keys_that_have_fields_of_their_own(key: str) -> None:
    held = f"provenance: {{set: {{{key}: [a]}}}}"
    assert f"{key}: [a]" not in edited(block(held), CardEdit({})).split("provenance:", 1)[1]


@pytest.mark.parametrize("inside", ["set: {a: *bomb}", "configs: {x: *bomb}", "set: &s {a: *s}"])
def test_aliases_inside_our_key_are_refused_with_their_place(inside: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    before = block(*lines, "bomb: &bomb [*a29]", f"provenance: {{{inside}}}")
    with pytest.raises(CardError, match=r"^line 33 column 13: an alias inside `provenance`; write"):
        edit_readme(before.encode(), CardEdit({}))


def test_a_value_that_grows_without_bound_is_a_humans_and_costs_no_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    before = block(*lines, "license: *a29", recorded(license=["x", "y"]))
    assert edit_readme(before.encode(), stated(license="mit")).kept[0].key == "license"


def test_thousands_of_recorded_items_cost_little_time() -> None:
    many = [f"t{n}" for n in range(3000)]
    before = block(f"tags: [{', '.join(many)}, mine]", recorded(tags=many))
    after = edit_readme(before.encode(), items(tags=many[:1])).content
    assert read_front_matter(after)["tags"] == ["t0", "mine"]


# through the card


def rows(origin: str | None, number: int = 3, **fields: Any) -> Any:
    texts = Dataset.from_dict({"text": [f"Text {n}." for n in range(number)]})
    return summarize(annotate(texts, origin=origin, **fields))


def test_a_card_follows_its_rows_when_they_are_replaced() -> None:
    first = build_card(
        rows("synthetic", method="model_generation", source="org/set", language="de"),
        license="mit",
    )
    data = build_card(rows("human", 1000, language="en"), base=first, license="cc0-1.0").data
    assert data.tags == ["provenance"]
    assert data.language == ["en"]
    assert data.size_categories == ["1K<n<10K"]
    assert data.license == "cc0-1.0"
    assert data.to_dict().keys().isdisjoint(["language_creators", "source_datasets"])


def test_a_card_of_other_rows_and_back_says_the_same() -> None:
    one = rows("synthetic", method="model_generation", source="org/set", language="de")
    other = rows("human", 1000, language="en", method="web_crawl")
    card = str(build_card(one))
    back = build_card(one, base=build_card(other, base=card))
    assert read_front_matter(str(back).encode()) == read_front_matter(card.encode())


def test_what_is_ours_stays_ours_when_a_client_writes_the_yaml_anew() -> None:
    first = build_card(rows("synthetic", language="no"), license="mit")
    first.data.annotations_creators = ["no-annotation"]
    again = str(first)
    assert "- no-annotation" in again
    data = build_card(rows("human", language="de"), base=again, license="cc0-1.0").data
    assert data.license == "cc0-1.0"
    assert data.language == ["de"]
    assert data.tags == ["provenance"]


def test_the_record_stands_before_the_tool_that_wrote_it() -> None:
    for config in ("default", "x"):
        content = edit_card(rows("human"), Facts(config=config), None).content
        ours: Any = read_front_matter(content)["provenance"]
        held = ours if config == "default" else ours["configs"]["x"]
        assert list(held)[-2:] == ["set", "tool"]


# whatever a human wrote survives

ITEMS = st.lists(st.sampled_from(["a", "b", "no", "on", "1.10", "x y", "🦜", "#"]), unique=True)
LISTS = [
    "tags:\n- mine # c\n# d\n-   'yours'\n",
    "tags: [mine, 'yours', ] # c",
    "tags:\n  # e\n  - mine\n   # f\n\n",
    "tags: [ mine,\n  yours # c\n  ]",
    "tags:\n- mine\n- |\n  yours\n\n",
    "language:\n- mine\n- yours",
]

STATED = {"license": ITEMS | st.just("v"), "k9": st.just("v") | st.none(), "tags": ITEMS}


@st.composite
def edits(draw: st.DrawFn) -> CardEdit:
    """What one call wants to say."""
    return CardEdit(
        {"schema": "s"},
        config=draw(st.sampled_from(["default", "default", "b"])),
        values=draw(st.fixed_dictionaries({}, optional=STATED)),
        lists={"own": draw(ITEMS), "size": draw(ITEMS)},
        append={"tags": draw(ITEMS), "language": draw(ITEMS)},
        body=draw(st.sampled_from(["one", "two\n\nlines"])),
    )


def human_lines(parts: tuple[list[str], str], own: list[str]) -> tuple[list[str], str]:
    entries, body = parts
    taken = {entry.split(":")[0] for entry in own}
    kept = [entry for entry in entries if entry.split(":")[0] not in taken]
    return ["first: 1", *kept, *own], body


@settings(max_examples=70, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    human_parts(),
    st.lists(st.sampled_from(LISTS), max_size=2, unique_by=lambda text: text.split(":")[0]),
    edits(),
    st.sampled_from(["\n", "\r\n"]),
)
@example(
    (["z: |+\n  a\n\n"], "x"), [LISTS[4]], CardEdit({"schema": "s"}, append={"tags": ["b"]}), "\n"
)
def test_adding_and_taking_out_again_gives_the_same_bytes(
    parts: tuple[list[str], str], own: list[str], edit: CardEdit, newline: str
) -> None:
    entries, body = human_lines(parts, own)
    before = ("\n".join(["---", *entries, "---"]) + f"\n{body}").replace("\n", newline)
    assume(not any(entry.endswith(":") or "~" in entry for entry in entries))
    nothing = replace(
        edit,
        values=dict.fromkeys(edit.values),
        lists={key: [] for key in edit.lists},
        append={key: [] for key in edit.append},
    )
    plain = edited(before, nothing)
    assert edited(edited(plain, edit), nothing) == plain
    assert edited(edited(before, edit), nothing) == plain


def human_items(text: str, key: str) -> Iterator[str]:
    value = read_front_matter(text.encode()).get(key)
    for item in value if isinstance(value, list) else []:
        if str(item).strip() in ("mine", "yours"):
            yield item


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    human_parts(),
    st.lists(st.sampled_from(LISTS), max_size=2, unique_by=lambda text: text.split(":")[0]),
    st.lists(edits(), min_size=2, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
)
def test_human_values_and_items_survive_any_row_of_edits(
    parts: tuple[list[str], str], own: list[str], calls: list[CardEdit], newline: str
) -> None:
    entries, body = human_lines(parts, own)
    before = ("\n".join(["---", *entries, "---"]) + f"\n{body}").replace("\n", newline)
    text = before
    for edit in calls:
        text = edited(text, edit)
    old, new = read_front_matter(before.encode()), read_front_matter(text.encode())
    ours = {"tags", "language"}
    assert {key: new.get(key) for key in old if key not in ours} == {
        key: value for key, value in old.items() if key not in ours
    }
    for key in ours & old.keys():
        assert list(human_items(text, key)) == list(human_items(before, key))
    for key, wanted in calls[-1].lists.items():
        if len({edit.config for edit in calls}) == 1:
            assert set(new.get(key, [])) == set(wanted)
    for item in calls[-1].append["tags"]:
        assert item in [str(each) for each in new["tags"]]
