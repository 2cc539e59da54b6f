from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, repocard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hf_provenance.card import readme
from hf_provenance.card.readme import CardEdit, Difference, edit_readme, read_front_matter
from hf_provenance.card.yaml_values import write_block
from hf_provenance.errors import CardError

from .readmes import BEGIN, END, OURS, block, edited, human_parts, inner, recorded, yaml_of

VIEW = {"config_name": "crawl_date", "data_files": [{"split": "undated", "path": ["data/u/*"]}]}
DEFAULT = {"config_name": "default", "data_files": [{"split": "train", "path": ["data/t/*"]}]}
INFO = {
    "config_name": "crawl_date",
    "features": [{"name": "text", "dtype": "string"}],
    "splits": [{"name": "undated", "num_bytes": 1, "num_examples": 1}],
}


# the readers


def test_the_block_is_found_by_the_expression_that_the_hub_uses() -> None:
    assert readme.YAML_BLOCK.pattern == repocard.REGEX_YAML_BLOCK.pattern


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b"", {}),
        (b"# no yaml\n", {}),
        (b"---\na: 1\n---\n", {"a": 1}),
        (b"\n\n---\r\na: 1\r\n---", {"a": 1}),
        (b"--- \na: 1\n---\n", {}),
        (b"---\n# only a comment\n---\n", {}),
        (b"---\na: 1\n---\nb\n---\n", {"a": 1}),
        (b"---\n{a: 1}\n---\n", {"a": 1}),
    ],
)
def test_front_matter_is_read_as_the_hub_reads_it(content: bytes, data: dict[str, object]) -> None:
    assert read_front_matter(content) == data


@pytest.mark.parametrize(
    "content",
    [b"---\na: [\n---\n", b"---\n- a\n---\n", b"---\n1: a\n---\n", b"---\na: 2024-13-45\n---\n",
     b"\xff", b"a\0", b"\xef\xbb\xbf---\na: 1\n---\n", b"---\na: !!python/name:os.x\n---\n",
     b"---\na: " + b"[" * 600 + b"]" * 600 + b"\n---\n"],
)  # fmt: skip
def test_front_matter_that_cannot_be_read_is_an_error_with_its_place(content: bytes) -> None:
    with pytest.raises(CardError, match=r"^line \d+ column \d+: "):
        read_front_matter(content)


# fresh READMEs


def test_a_readme_that_is_not_there_is_written() -> None:
    edit = CardEdit(
        provenance={"schema": "hf-provenance/1", "cutoff": "2022-11-30"},
        configs=[DEFAULT],
        dataset_info=[INFO],
        values={"license": "odc-by"},
        lists={"size_categories": ["1K<n<10K"]},
        append={"language": ["no", "en"], "tags": ["provenance"]},
        body="Ratio: 1 %",
        title="My data",
    )
    content = edit_readme(None, edit).content
    assert content.decode() == (
        "---\n"
        "size_categories:\n"
        '- "1K<n<10K"\n'
        "license: odc-by\n"
        "language:\n"
        '- "no"\n'
        "- en\n"
        "tags:\n"
        "- provenance\n"
        "configs:\n"
        "- config_name: default\n"
        "  data_files:\n"
        "  - split: train\n"
        "    path:\n"
        '    - "data/t/*"\n'
        "dataset_info:\n"
        "- config_name: crawl_date\n"
        "  features:\n"
        "  - name: text\n"
        "    dtype: string\n"
        "  splits:\n"
        "  - name: undated\n"
        "    num_bytes: 1\n"
        "    num_examples: 1\n"
        "provenance:\n"
        "  schema: hf-provenance/1\n"
        '  cutoff: "2022-11-30"\n'
        "  set:\n"
        '    size_categories: ["1K<n<10K"]\n'
        "    license: odc-by\n"
        '    language: ["no", en]\n'
        "    tags: [provenance]\n"
        "---\n"
        "\n"
        "# My data\n"
        "\n"
        "<!-- hf_provenance:begin -->\n"
        "Ratio: 1 %\n"
        "<!-- hf_provenance:end -->\n"
    )
    assert edited(content.decode(), edit).encode() == content


def test_datasets_reads_what_was_written() -> None:
    edit = CardEdit({}, configs=[DEFAULT, VIEW], dataset_info=[INFO])
    card = DatasetCard(edit_readme(None, edit).content.decode())
    assert list(MetadataConfigs.from_dataset_card_data(card.data)) == ["default", "crawl_date"]
    info = DatasetInfosDict.from_dataset_card_data(card.data)["crawl_date"]
    assert info.splits["undated"].num_examples == 1


def test_a_title_cannot_break_out_of_its_line() -> None:
    text = edit_readme(None, replace(OURS, title="a\n---\nb")).content.decode()
    assert text.endswith("---\n\n# a --- b\n")


@pytest.mark.parametrize(
    "existing", ["", "\n", "# T", "# T\n", "\n\ntext\n", "license: mit\n---\n"]
)
def test_a_readme_without_yaml_gets_a_block_on_top_and_keeps_its_text(existing: str) -> None:
    after = edited(existing, replace(OURS, body="ours"))
    assert after.startswith("---\nprovenance:\n  schema: hf-provenance/1\n---\n")
    assert after.count(existing) >= 1
    assert after.endswith(f"\n\n{BEGIN}\nours\n{END}\n")


def test_an_empty_provenance_is_written_too() -> None:
    assert yaml_of("# T\n", CardEdit({})) == {"provenance": {}}


# hostile values

NASTY = ["|</details><script>", "a: b", "a\nb", "a\n---\nb: 1\n---\n", "\x85\u2028", "🦜", '"', "'",
         "on", "no", "1.10", "2024", "2024-01-05", "~", "", "<<", "#", "0x1F", "1e3", "a\r\nb",
         "\ufeff", "{{ a }}", BEGIN]  # fmt: skip


@pytest.mark.parametrize("value", NASTY)
def test_hostile_values_come_back_equal_wherever_they_stand(value: str) -> None:
    edit = CardEdit(
        provenance={"generators": [value, {value: value}]},
        configs=[{"config_name": value, "data_files": value}],
        dataset_info=[{"config_name": value, "description": value}],
        values={"pretty_name": value},
        append={"tags": [value], "language": [value]},
        body="text",
    )
    flow = block(
        "tags: [a]",
        "language: en",
        "configs: [{config_name: x, default: 1}]",
        "dataset_info: {splits: []}",
    )
    for existing in (block("license: mit"), flow, flow.replace("\n", "\r\n")):
        read = yaml_of(existing, edit)
        record = read["provenance"].pop("set")
        assert record == {"pretty_name": value, "tags": [value], "language": [value]}
        assert read["provenance"] == edit.provenance
        assert read["configs"][-1] == edit.configs[0]
        assert read["dataset_info"][-1] == edit.dataset_info[0]
        assert read["pretty_name"] == value
        assert read["tags"][-1] == read["language"][-1] == value


# our key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("provenance: 1 # c", "provenance:\n  schema: hf-provenance/1 # c"),
        ("provenance:\n  # gone\n  a: 1\n# c", "provenance:\n  schema: hf-provenance/1\n# c"),
        ("provenance: # c", "provenance:\n  schema: hf-provenance/1 # c"),
        ("'provenance': |+\n  x\n\n", "provenance:\n  schema: hf-provenance/1\n\n"),
        ("provenance: {a: [1,\n2]}", "provenance:\n  schema: hf-provenance/1"),
        ("provenance: *p # c", "provenance:\n  schema: hf-provenance/1 # c"),
        ("provenance: &q {a: 1}", "provenance:\n  schema: hf-provenance/1"),
    ],
)
@pytest.mark.parametrize("last", ["", "\nz:  'x'"])
def test_our_key_is_replaced_where_it_stands(old: str, new: str, last: str) -> None:
    before = block(f"p: &p  {{x: 1}}\n{old}{last}")
    assert edited(before) == before.replace(old, new)


def test_a_new_key_goes_to_the_end() -> None:
    before = block("license: mit  # c", "tags: [a,b]", "# end")
    assert inner(edited(before)) == f"{inner(before)}\nprovenance:\n  schema: hf-provenance/1"


@pytest.mark.parametrize("style", ["|", "|-", "|+", ">", ">-", ">+", "|2"])
@pytest.mark.parametrize("rest", ["", "\n", "\n\n"])
def test_a_new_key_goes_before_a_last_block_scalar_whose_value_stays(style: str, rest: str) -> None:
    before = block("a: 1", "# about z", f"z: {style}", f"  text  {rest}")
    after = edited(before)
    assert inner(after) == inner(before).replace(
        "# about z", "provenance:\n  schema: hf-provenance/1\n# about z"
    )


def test_a_new_key_goes_on_top_if_the_only_key_is_a_block_scalar() -> None:
    assert inner(edited(block("z: |", "  text"))).startswith("provenance:")


def test_a_line_like_a_comment_inside_a_text_is_no_comment() -> None:
    after = yaml_of(block('a: "x', "# y", '"', "z: |", "  text"))
    assert after["a"] == "x # y "


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_our_lines_end_like_the_others(newline: str) -> None:
    before = block("tags:", "- a", "z: |", " x").replace("\n", newline)
    edit = CardEdit(
        {"a": 1}, configs=[DEFAULT], append={"tags": ["b"]}, body="one\r\ntwo\nthree", title="t"
    )
    after = edited(before, edit)
    assert after.count("\n") == after.count(newline)
    assert after.count("\r") == (after.count("\n") if newline == "\r\n" else 0)


def test_the_style_of_the_first_line_counts_in_a_readme_of_both() -> None:
    after = edited("---\r\na: 1\n---\nx\n", replace(OURS, body="t"))
    assert after == (
        "---\r\na: 1\r\nprovenance:\r\n  schema: hf-provenance/1\n---\nx\n\r\n"
        f"{BEGIN}\r\nt\r\n{END}\r\n"
    )


def test_the_same_edit_of_the_same_readme_gives_the_same_bytes() -> None:
    edit = CardEdit({"b": 1, "a": 2}, configs=[DEFAULT], drop_configs={"x", "y", "z"})
    assert len({edit_readme(block("a: 1").encode(), edit).content for _ in range(3)}) == 1


# absent keys


def test_a_key_of_a_human_stays_and_is_reported() -> None:
    edit = replace(OURS, values={"license": "mit", "pretty_name": "P", "source_datasets": ["x"]})
    result = edit_readme(block("license: odc-by", "source_datasets:").encode(), edit)
    assert result.kept == (
        Difference("license", "odc-by", "mit"),
        Difference("source_datasets", None, ["x"]),
    )
    assert read_front_matter(result.content)["license"] == "odc-by"


def test_one_item_and_a_list_of_one_are_no_difference() -> None:
    edit = replace(OURS, values={"license": ["mit"], "source_datasets": "original"})
    before = block("license: mit", "source_datasets: [original]")
    assert edit_readme(before.encode(), edit).kept == ()


def test_a_number_and_a_text_are_a_difference() -> None:
    result = edit_readme(block("version: 1").encode(), replace(OURS, values={"version": "1"}))
    assert result.kept == (Difference("version", 1, "1"),)


# lists that get items


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tags: [a, 'b'] # c", "tags: [a, 'b', new] # c"),
        ("tags: [a, 'b', ] # c", "tags: [a, 'b', new, ] # c"),
        ("tags: [a, # c\n  'b' # d\n  ]", "tags: [a, # c\n  'b', new # d\n  ]"),
        ("tags: [] # c", "tags: [new] # c"),
        ("tags:\n- a\n-   b # c\n\n# d", "tags:\n- a\n-   b # c\n- new\n\n# d"),
        ("tags:\n   # e\n   - a\n# d", "tags:\n   # e\n   - a\n   - new\n# d"),
        ("tags: a # c", "tags:\n- a # c\n- new"),
        ("tags: 'a\n  b'", "tags:\n- 'a\n  b'\n- new"),
        ("tags:\n  a\n  b", "tags:\n  - a\n    b\n  - new"),
        ("tags: # c\n  a", "tags: # c\n  - a\n  - new"),
        ("tags: # c", "tags: # c\n- new"),
        ("tags: null # c", "tags:\n- new # c"),
        ("tags:\n- a\n- |\n  b", "tags:\n- a\n- new\n- |\n  b"),
        ("tags:\n- *p\n- b", "tags:\n- *p\n- b\n- new"),
        ("tags: a, b: c".replace(": c", ""), "tags:\n- a, b\n- new"),
        ("tags: [a, new]", "tags: [a, new]"),
        ("tags: new", "tags: new"),
        ("tags: *l", "tags: *l"),
    ],
)
@pytest.mark.parametrize("last", ["", "\nz: 1"])
def test_a_missing_item_goes_to_the_end_of_the_list(old: str, new: str, last: str) -> None:
    before = block("p: &p x", "l: &l [new]", "provenance: {}", f"{old}{last}")
    after = edited(before, CardEdit({}, append={"tags": ["new", "new"]}))
    ours = recorded(tags=["new"] if old != new else [])
    assert after == before.replace("provenance: {}", ours).replace(old, new)


def test_norwegian_without_quotes_is_not_added_again() -> None:
    before = block("language:", "- no", "- 'en'", "provenance: {}")
    assert edited(before, CardEdit({}, append={"language": ["en", "no"]})) == before


def test_an_absent_key_takes_both_its_value_and_its_items() -> None:
    edit = CardEdit({}, values={"language": "de"}, append={"language": ["en", "fr"]})
    assert yaml_of("", edit)["language"] == ["en", "fr", "de"]


# configs and dataset_info


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "configs:\n- config_name: x # c\n  data_files: a\n\n# d",
            "configs:\n- config_name: x # c\n  data_files: a\n- config_name: default\n\n# d",
        ),
        (
            "configs:\n  # e\n  -   config_name: default # c\n      data_files: |\n        a\n  - "
            "config_name: x",
            "configs:\n  # e\n  -   config_name: default\n  - config_name: x",
        ),
        (
            "configs: [{config_name: x}, {'config_name': default, a: 1} ] # c",
            "configs: [{config_name: x}, {config_name: default} ] # c",
        ),
        (
            "configs: [{config_name: x}] # c",
            "configs: [{config_name: x}, {config_name: default}] # c",
        ),
        ("configs: [config_name: x] # c", "configs: [config_name: x, {config_name: default}] # c"),
        ("configs: [] # c", "configs:\n- config_name: default # c"),
        ("configs: # c", "configs: # c\n- config_name: default"),
        ("configs:\n- config_name: 'default' # c", "configs:\n- config_name: 'default' # c"),
        ("configs:\n- *y\n- *x", "configs:\n- *y\n- *x"),
        ("configs:\n- *x", "configs:\n- *x\n- config_name: default"),
        ("configs:\n- *z\n- *x", "configs:\n- config_name: default\n- *x"),
        (
            "configs:\n- <<: *x\n  data_files: a",
            "configs:\n- <<: *x\n  data_files: a\n- config_name: default",
        ),
        (
            "configs:\n- config_name: x\n  description: |\n    a",
            "configs:\n- config_name: default\n- config_name: x\n  description: |\n    a",
        ),
        (
            "configs:\n-\n  config_name: default\n  a: 1\n- config_name: x",
            "configs:\n-\n  config_name: default\n- config_name: x",
        ),
    ],
)
@pytest.mark.parametrize("last", ["", "\nzz: 1"])
@pytest.mark.parametrize("key", ["configs", "dataset_info"])
def test_entries_are_set_by_name_and_others_stay(old: str, new: str, last: str, key: str) -> None:
    old, new = old.replace("configs", key), new.replace("configs", key)
    before = block(
        "base:",
        "- &x {config_name: x}",
        "- &y {config_name: default}",
        "- &z {config_name: default, a: 1}",
        "provenance: {}",
        f"{old}{last}",
    )
    edit = CardEdit({}, **{key: [{"config_name": "default"}]})  # type: ignore[arg-type]
    assert edited(before, edit) == before.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (  # one config without a name is the config `default`
            "dataset_info:\n  features: # c\n  - name: a\n# d",
            "dataset_info:\n  - config_name: default\n    features: # c\n    - name: a\n"
            "  - config_name: own\n# d",
        ),
        (
            "dataset_info: # e\n    config_name: x\n    a: 'b\n      c'\n\n    d: >\n     f\n\n"
            "    g: |2\n        h\n    i: j",
            "dataset_info: # e\n    - config_name: x\n      a: 'b\n        c'\n\n      d: >\n"
            "       f\n\n      g: |2\n          h\n      i: j\n    - config_name: own",
        ),
        (
            "dataset_info: {features: [],\n  splits: []} # c",
            "dataset_info:\n- {config_name: default, features: [],\n  splits: []} # c\n"
            "- config_name: own",
        ),
        ("dataset_info: {}", "dataset_info:\n- {config_name: default}\n- config_name: own"),
        (
            "dataset_info:\n  a: |\n    text",
            "dataset_info:\n  - config_name: own\n  - config_name: default\n    a: |\n      text",
        ),
        ("dataset_info:\n  config_name: own\n  a: 1 # c", "dataset_info:\n  config_name: own # c"),
        ("dataset_info: {config_name: own}", "dataset_info: {config_name: own}"),
        ("dataset_info: {config_name: own, a: 1} # c", "dataset_info:\n  config_name: own # c"),
    ],
)
@pytest.mark.parametrize("last", ["", "\nzz: 1"])
def test_a_single_dataset_info_becomes_a_list_only_if_it_must(
    old: str, new: str, last: str
) -> None:
    before = block("provenance: {}", f"{old}{last}")
    edit = CardEdit({}, dataset_info=[{"config_name": "own"}])
    assert edited(before, edit) == before.replace(old, new)


def test_a_single_dataset_info_is_replaced_by_several_of_ours() -> None:
    edit = CardEdit({}, dataset_info=[{"config_name": "default"}, {"config_name": "own"}])
    read = yaml_of(block("dataset_info:", "  features: []", "a: 1"), edit)
    assert read["dataset_info"] == edit.dataset_info


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("configs:\n- config_name: a # c\n- config_name: gone\n  x: 1\n# d\n", "configs:\n"
         "- config_name: a # c\n# d\n"),
        ("configs:\n- config_name: gone\n  x: |\n    y\n\n# c\n- config_name: a\n",
         "configs:\n\n# c\n- config_name: a\n"),
        ("configs: [{config_name: gone}, {config_name: a}, {config_name: gone}]\n",
         "configs: [{config_name: a}]\n"),
        ("configs: # c\n# d\n- config_name: gone\n# e\n- config_name: gone\n", "# c\n# d\n# e\n"),
        ("configs: [{config_name: gone}] # c\n", ""),
        ("dataset_info:\n  config_name: gone\n  a: 1\n", ""),
        ("dataset_info:\n- config_name: a\n- config_name: gone\n", "dataset_info:\n"
         "- config_name: a\n"),
        ("configs: [gone]\n", "configs: [gone]\n"),
        ("configs: *d\n", "configs: *d\n"),
        ("configs:\n", "configs:\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", ["", "z: 1\n"])
@pytest.mark.parametrize("first", ["provenance: {}\n", "provenance: {}\nn: |\n  text\n"])
def test_dropped_entries_go_with_their_lines(old: str, new: str, last: str, first: str) -> None:
    head = f"---\nd: &d 1\n{first}"
    after = edited(f"{head}{old}{last}---\n", CardEdit({}, drop_configs=["gone"]))
    if not last and not new and "|" in first:
        new = "\n"  # the text keeps the line break that the Hub's expression would eat
    assert after == f"{head}{new}{last}---\n"


def test_the_text_before_a_dropped_last_entry_keeps_its_value() -> None:
    before = block(
        "provenance: {}", "configs:", "- config_name: a", "  x: |", "    y", "- config_name: gone"
    )
    after = yaml_of(before, CardEdit({}, drop_configs=["gone"]))
    assert after["configs"] == [{"config_name": "a", "x": "y\n"}]


def test_a_new_entry_takes_the_place_of_a_dropped_one() -> None:
    before = block("provenance: {}", "configs:", "- config_name: gone # c", "- config_name: a")
    after = edited(before, CardEdit({}, configs=[VIEW], drop_configs=["gone"]))
    assert [entry["config_name"] for entry in yaml.safe_load(inner(after))["configs"]] == [
        "crawl_date",
        "a",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (  # the new keys go where the last key was, although that ends in a block scalar
            "a: 1\ndataset_info:\n- config_name: gone\n  x: |\n    y",
            "a: 1\nprovenance: {}",
        ),
        (  # a comment inside what goes would become text
            "provenance: {}\na: |\n  x\nconfigs:\n- config_name: gone\n  # c\n# d",
            "provenance: {}\na: |\n  x\n# d",
        ),
        (  # the line break that the text keeps is not doubled by the one before new keys
            "a: |+\n  x\n\nconfigs: [{config_name: gone}]",
            "provenance: {}\na: |+\n  x\n\n",
        ),
        (
            "configs:\n- config_name: a\n  x: |+\n    y\n\n- config_name: gone",
            "configs:\n- config_name: a\n  x: |+\n    y\n\nprovenance: {}",
        ),
        ("configs: [{config_name: gone}]", "provenance: {}"),
    ],
)
def test_dropping_the_last_lines_goes_well_with_new_keys(before: str, after: str) -> None:
    assert inner(edited(block(before), CardEdit({}, drop_configs=["gone"]))) == after


def test_all_entries_dropped_with_our_key_added() -> None:
    after = edited(block("configs:", "- config_name: gone"), CardEdit({}, drop_configs=["gone"]))
    assert yaml.safe_load(inner(after)) == {"provenance": {}}


def test_a_name_that_is_set_and_dropped_is_set() -> None:
    edit = CardEdit({}, configs=[VIEW], drop_configs=["crawl_date"])
    assert yaml_of(block("configs:", "- config_name: crawl_date"), edit)["configs"] == [VIEW]


# the section


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("", f"\n{BEGIN}\nours\n{END}\n"),
        ("text", f"text\n\n{BEGIN}\nours\n{END}\n"),
        ("text\n", f"text\n\n{BEGIN}\nours\n{END}\n"),
        ("text\n \n", f"text\n \n{BEGIN}\nours\n{END}\n"),
        (f"a\n{BEGIN}\nold\n{END}\nb", f"a\n{BEGIN}\nours\n{END}\nb"),
        (f"a {BEGIN}old{END} b\n", f"a {BEGIN}\nours\n{END} b\n"),
        (f"{BEGIN}{END}", f"{BEGIN}\nours\n{END}"),
        ("<!--hf_provenance:begin-->x\n  <!--  hf_provenance:end -->  \nb",
         "<!--hf_provenance:begin-->\nours\n<!--  hf_provenance:end -->  \nb"),
        (f"```\n{BEGIN}\n{END}\n```\n", f"```\n{BEGIN}\n{END}\n```\n\n{BEGIN}\nours\n{END}\n"),
        (f"- ~~~ html\n  {BEGIN}\n  ```\n  ~~~~\n", f"- ~~~ html\n  {BEGIN}\n  ```\n  ~~~~\n\n"
         f"{BEGIN}\nours\n{END}\n"),
        (f"Put `{BEGIN}` there.\n", f"Put `{BEGIN}` there.\n\n{BEGIN}\nours\n{END}\n"),
        ("<!-- hf_provenance:other:begin -->\n", "<!-- hf_provenance:other:begin -->\n\n"
         f"{BEGIN}\nours\n{END}\n"),
    ],
)  # fmt: skip
def test_the_section_is_replaced_between_its_markers_or_added(body: str, after: str) -> None:
    edit = CardEdit({}, body="\nours\n\n")
    expected = f"---\nprovenance: {{}}\n---\n{after}"
    assert edited(f"---\nprovenance: {{}}\n---\n{body}", edit) == expected


def test_an_empty_text_adds_no_section_and_empties_one() -> None:
    assert BEGIN not in edited("# T\n")
    assert edited(f"# T\n{BEGIN}\nold\n{END}\nrest\n").endswith(f"# T\n{BEGIN}\n{END}\nrest\n")


def test_sections_of_several_names_live_side_by_side() -> None:
    edit = CardEdit({}, body="one")
    both = edited(edited("# T\n", edit), replace(edit, section="hf_provenance:fr.1-a", body="two"))
    assert "<!-- hf_provenance:fr.1-a:begin -->\ntwo\n" in both
    assert edited(both, edit) == both


@pytest.mark.parametrize(
    ("body", "place", "lines"),
    [
        (f"{BEGIN}\nx\n", "line 5 column 1", "begin in line 5"),
        (f"x\n{END}\n", "line 6 column 1", "end in line 6"),
        (f"{END}\n\n{BEGIN}\n", "line 5 column 1", "end in line 5, begin in line 7"),
        (f"{BEGIN}{END}\nx\n{BEGIN}\n{END}", "line 5 column 1", "begin in line 7, end in line 8"),
        (f"{BEGIN}\n{BEGIN}\n{END}", "line 5 column 1", "begin in line 6"),
        (f"text\n\n    {BEGIN}\n    {END}\n", "line 7 column 5", "indented"),
        ("text\n```\ncode\n", "line 6 column 1", "not closed"),
        (f"  ```\ncode\n{BEGIN}\n{END}\n", "line 5 column 3", "not closed"),
    ],
)
def test_markers_that_make_no_pair_are_refused(body: str, place: str, lines: str) -> None:
    with pytest.raises(CardError, match=f"^{place}: .*{lines}"):
        edit_readme(f"---\nprovenance:\n  a: 1\n---\n{body}".encode(), CardEdit({}, body="ours"))


@pytest.mark.parametrize("body", ["a\n---\nb", "---  ", BEGIN, END, "```\nx", "\0", "\ud800"])
def test_a_text_of_ours_that_would_break_the_readme_is_refused(body: str) -> None:
    with pytest.raises(CardError, match="text"):
        edit_readme(b"# T\n", CardEdit({}, body=body))


@pytest.mark.parametrize("section", ["", "a b", "a-->b", "a--b", "-"])
def test_a_section_name_that_breaks_a_comment_is_refused(section: str) -> None:
    with pytest.raises(CardError, match="section"):
        edit_readme(None, CardEdit({}, body="x", section=section))


# what is refused

UPSERT = CardEdit(
    {"a": 1}, configs=[VIEW], dataset_info=[INFO], append={"tags": ["t"]}, drop_configs=["gone"]
)


@pytest.mark.parametrize(
    ("content", "place", "word"),
    [
        ("\ufeff---\na: 1\n---\n", (1, 1), "byte order mark"),
        ("---\na: 1\0\n---\n", (2, 5), "NUL"),
        ("---\ra: 1\r---\r", (1, 4), "CR only"),
        ("---\ra: 1\n---\n", (1, 4), "CR only"),
        ("---\na: 1\rb: 2\n---\n", (2, 5), "CR only"),
        ("---\na: [1\n---\n", (2, 6), "cannot be read"),
        ("---\na: 'x\n---\n", (2, 6), "cannot be read"),
        ("---\na:\n\t- b\n---\n", (3, 1), "tab"),
        ("---\na: \x07\n---\n", (2, 4), "control character"),
        ("---\na: 2024-13-45\n---\n", (2, 4), "cannot be read"),
        ("---\na: !!bool maybe\n---\n", (2, 4), "cannot be read"),
        ("---\na: !!int ''\n---\n", (2, 4), "cannot be read"),
        ("---\na: !!timestamp x\n---\n", (2, 4), "cannot be read"),
        ("---\na: !!python/name:os.path\n---\n", (2, 4), "cannot be read"),
        ("---\na: *b\n---\n", (2, 4), "undefined alias"),
        ("---\na: 1\nb: 2\n'a': 3\n---\n", (4, 1), "twice"),
        ("---\n- a\n---\n", (2, 1), "sequence"),
        ("---\ntext\n---\n", (2, 1), "scalar"),
        ("---\n{a: b}\n---\n", (2, 1), "flow"),
        ("---\n  a: 1\n  b: 1\n---\n", (2, 3), "indented"),
        ("---\n&r\na: 1\n---\n", (2, 1), "anchor"),
        ("---\n!!map\na: 1\n---\n", (2, 1), "tag"),
        ("---\na: 1\n...\n---\n", (3, 1), "document"),
        ("---\n%YAML 1.1\na: 1\n---\n", (3, 1), "cannot be read"),
        ("---\na: 1\n--- b\n---\n", (3, 1), "document"),
        ("--- \na: 1\n---\n", (1, 4), "blank after"),
        ("--- # x\na: 1\n---\n", (1, 4), "blank after"),
        ("\n---\t\na: 1\n---\n", (2, 4), "blank after"),
        ("---\na: 1\n", (1, 1), "not closed"),
        ("---\n---\n# T\n", (1, 1), "empty"),
        ("---\n---", (1, 1), "empty"),
        ("---\r\n---\r\n# T\r\n", (1, 1), "empty"),
        ("---\n---\n# T\n---\n", (2, 1), "document"),
        ("\u2003---\na: 1\n---\n", (1, 1), "unusual blank"),
        ("---\na: |\n  b\n---\n  c\nd: 1\n---\n", (4, 1), "looks? like YAML"),
        ("---\na: |\n  b\n---\n  c\n---\n", (4, 1), "looks? like YAML"),
        ("---\r\na: 1\r\n---\r\nb: 1\r\n---\r\n", (3, 1), "looks? like YAML"),
        ("---\na: 1\n---\n---\nb: 1\n---\n", (4, 1), "second"),
        ("---\na: 1\n---\n\n\n---\nb: 1\n---\n", (6, 1), "second"),
        ("---\n<<: {a: 1}\nb: 1\n---\n", (2, 1), "merge"),
        ("---\non: 1\n---\n", (2, 1), "quotes"),
        ("---\n2024: 1\n---\n", (2, 1), "quotes"),
        ("---\na: &x b\n*x : 1\n---\n", (3, 1), "alias"),
        ("---\nprovenance: {a: &x 1}\nb: *x\n---\n", (2, 17), "used elsewhere"),
        ("---\nprovenance: &x\n  a: 1\nb: *x\n---\n", (2, 13), "used elsewhere"),
        ("---\n&x provenance: 1\nb: *x\n---\n", (2, 1), "used elsewhere"),
        ("---\n? provenance\n: 1\n---\n", (2, 3), "not written as"),
        ("---\nconfigs: [default]\n---\n", (2, 11), "config_names"),
        ("---\nconfigs:\n- default\n---\n", (3, 3), "config_names"),
        ("---\nconfigs: x\n---\n", (2, 10), "not a list"),
        ("---\nconfigs: {a: 1}\n---\n", (2, 10), "not a list"),
        ("---\na: &c []\nconfigs: *c\n---\n", (3, 10), "alias"),
        ("---\nconfigs: &c\n- config_name: x\nb: *c\n---\n", (2, 10), "used elsewhere"),
        ("---\nconfigs:\n- &c\n  config_name: crawl_date\nb: *c\n---\n", (3, 3), "used elsewhere"),
        ("---\nconfigs:\n- a: 1\n---\n", (3, 3), "without `config_name`"),
        ("---\nconfigs:\n- config_name: 2024\n---\n", (3, 3), "quotes"),
        ("---\nconfigs:\n- config_name: crawl_date\n- config_name: crawl_date\n---\n", (4, 3),
         "twice"),
        ("---\nconfigs: [{config_name: x},\n {config_name: gone},\n {config_name: gone}, # c\n"
         " {config_name: gone}]\n---\n", (4, 2), "comment"),
        ("---\ndataset_info: x\n---\n", (2, 15), "not a list"),
        ("---\ndataset_info: &d {a: 1}\nb: *d\n---\n", (2, 15), "used elsewhere"),
        ("---\ndataset_info: &d\n  a: 1\n---\n", (2, 15), "anchor"),
        ("---\ndataset_info:\n  config_name: 1\n---\n", (3, 3), "config_name"),
        ("---\ntags: |\n  a\n---\n", (2, 7), "list"),
        ("---\ntags: {a: 1}\n---\n", (2, 7), "list"),
        ("---\nb: &t [a]\ntags: *t\n---\n", (3, 7), "list"),
        ("---\ntags: &t [a]\nb: *t\n---\n", (2, 7), "used elsewhere"),
        ("---\ntags: a # c\u2028b: 1\n---\n", (2, 1), "would change"),
    ],
)  # fmt: skip
def test_a_readme_that_cannot_be_edited_safely_is_refused_with_place_and_fix(
    content: str, place: tuple[int, int], word: str
) -> None:
    with pytest.raises(CardError) as error:
        edit_readme(content.encode(), UPSERT)
    message = str(error.value)
    assert message.startswith(f"line {place[0]} column {place[1]}: ")
    assert "; " in message
    assert re.search(word, message)


def test_bytes_that_are_not_utf_8_are_refused_with_their_offset() -> None:
    with pytest.raises(CardError, match=r"^line 2 column 2: byte 6 .*UTF-8; save"):
        edit_readme("# ä\nb".encode() + b"\xe4", OURS)


def test_what_is_not_touched_may_be_odd() -> None:
    before = block(
        "configs: [old]", "dataset_info: 1", "tags: |", "  a", "? odd", ": &a [x]", "b: *a",
        "e: .nan", "f: &f [*f]", "g: {<<: {h: 1}}", "provenance: 1",
    )  # fmt: skip
    after = edit_readme(before.encode(), OURS).content.decode()
    assert after == before.replace("provenance: 1", "provenance:\n  schema: hf-provenance/1")


def test_aliases_that_grow_without_bound_cost_no_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    after = edit_readme(block(*lines).encode(), OURS).content.decode()
    assert after.startswith("---\n" + "\n".join(lines))


def test_two_default_configs_are_refused() -> None:
    before = block("configs:", "- config_name: x", "  default: true")
    with pytest.raises(CardError, match=r"`x`, `default`; take `default: true` away"):
        edit_readme(before.encode(), CardEdit({}, configs=[DEFAULT]))


def test_the_only_config_of_a_human_must_stay_the_default() -> None:
    before = block("configs:", "- config_name: x")
    with pytest.raises(CardError, match=r"^line 3 column 1: `x` is the default .* `default: true`"):
        edit_readme(before.encode(), CardEdit({}, configs=[VIEW]))
    assert len(yaml_of(before, CardEdit({}, configs=[DEFAULT, VIEW]))["configs"]) == 3
    flagged = block("configs:", "- config_name: x", "  default: true")
    assert len(yaml_of(flagged, CardEdit({}, configs=[VIEW]))["configs"]) == 2


@pytest.mark.parametrize(
    "edit",
    [
        CardEdit({}, configs=[{"a": 1}]),
        CardEdit({}, configs=[DEFAULT, DEFAULT]),
        CardEdit({}, dataset_info=[{"config_name": 1}]),
        CardEdit({}, append={"tags": "abc"}),
        CardEdit({}, append={"configs": ["a"]}),
        CardEdit({}, values={"provenance": {}}),
    ],
)
def test_an_edit_that_means_nothing_is_refused(edit: CardEdit) -> None:
    with pytest.raises(CardError):
        edit_readme(None, edit)


@pytest.mark.parametrize(
    "body",
    ["---\n\n**Note**: a\n\n---\n", "\nlicense: mit\n\n---\n", "# T\nsource: x\n---\n", "---\n",
     "text\n---\n", "Title\n---\na: 1\n---\n"],
)  # fmt: skip
def test_rules_and_headings_of_the_body_are_not_taken_for_yaml(body: str) -> None:
    before = f"---\na: 1\nprovenance: {{}}\n---\n{body}"
    assert edited(before, CardEdit({})) == before


# everything else survives

OWN = [
    "tags: [a, 'b'] # c",
    "tags:\n  - a # c",
    "tags: a",
    "language: no # c",
    "language:\n- no\n# c",
    "configs:\n- config_name: h # c\n  data_files: 'x'\n  # d",
    "configs: [{config_name: h}]",
    "configs: # c",
    "dataset_info:\n- config_name: h\n  x: |\n    y",
    "dataset_info: {x: 1}",
    "dataset_info:\n  features: # c\n  - name: x\n  y: |+\n    z\n\n",
]
EDIT = CardEdit(
    provenance={"schema": "hf-provenance/1", "at": "2024-01-05", "x": [{"a": [1, "b\n---"]}]},
    configs=[DEFAULT, VIEW],
    dataset_info=[INFO],
    drop_configs=["gone"],
    values={"pretty_name": "P", "license": "mit"},
    append={"tags": ["provenance"], "language": ["en"]},
    body="## Ours\n\ntext",
)


def in_order(pieces: Sequence[str], text: str) -> bool:
    """Whether a text is the pieces in this order, with insertions between them only."""
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return False
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(human_parts(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_taking_our_parts_out_again_gives_the_human_readme_back(
    parts: tuple[list[str], str], newline: str, trailing: bool
) -> None:
    entries, body = parts
    before = "\n".join(["---", *(entries or [""]), "---"]) + ("\n" + body if trailing else "")
    before = before.replace("\n", newline)
    after = edited(before, EDIT)
    old, new = read_front_matter(before.encode()), read_front_matter(after.encode())
    assert {key: new[key] for key in old} == old
    absent = {key: value for key, value in EDIT.values.items() if key not in old}
    ours = {**absent, **EDIT.append, "configs": EDIT.configs, "dataset_info": EDIT.dataset_info}
    record = {"set": {**absent, **EDIT.append}}
    assert "tool" not in EDIT.provenance
    ours["provenance"] = {**EDIT.provenance, **record}
    assert {key: value for key, value in new.items() if key not in old} == ours
    lines = [write_block({key: ours[key]}, inline=key == "provenance") for key in ours]
    block_text = newline.join(line for part in lines for line in part)
    section = newline.join([BEGIN, *EDIT.body.split("\n"), END, ""])
    assert after.count(block_text) == after.count(section) == 1
    rest = after.replace(block_text, "").removesuffix(section)
    gaps = [block_text + newline, newline + block_text, block_text]
    tops = [after.replace(gap, "", 1) for gap in gaps]
    ends = ["", newline, newline * 2]
    assert before in {top.removesuffix(section).removesuffix(e) for top in tops for e in ends}, rest


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    human_parts(),
    st.lists(st.sampled_from(OWN), max_size=4, unique_by=lambda text: text.split(":")[0]),
    st.sampled_from(["provenance: old # c", "provenance:\n  a: |\n    b\n", "provenance: {}"]),
    st.sampled_from(["\n", "\r\n"]),
    st.randoms(use_true_random=False),
)
@example((["z: |+\n  a\n\n"], "x"), [OWN[5], OWN[10]], "provenance: {}", "\n", None)
def test_whatever_stands_beside_our_parts_survives(
    parts: tuple[list[str], str], own: list[str], provenance: str, newline: str, random: Any
) -> None:
    entries, body = parts
    lines = [*entries, *own, provenance]
    if random is not None:
        random.shuffle(lines)
    section = f"{BEGIN}\nold\n{END}"
    tail = f"\n---\n{body}\n{section} tail\n{body}"
    before = ("---\n" + "\n".join(lines) + tail).replace("\n", newline)
    after = edited(before, EDIT)
    old, new = read_front_matter(before.encode()), read_front_matter(after.encode())
    touched = {"provenance", "tags", "language", "configs", "dataset_info"}
    assert {k: v for k, v in old.items() if k not in touched} == {
        key: new[key] for key in old if key not in touched
    }
    assert {k: v for k, v in new["provenance"].items() if k != "set"} == EDIT.provenance
    for key in ("configs", "dataset_info"):
        theirs = old.get(key) or []
        for entry in theirs if isinstance(theirs, list) else [{"config_name": "default", **theirs}]:
            assert entry in new[key]
        assert [entry for entry in getattr(EDIT, key) if entry not in new[key]] == []
    # Line by line: after a block scalar, what looks like a comment before a key is its text.
    human = [line for part in lines if part in entries for line in part.split("\n") if line]
    ends = [f"---\n{body}\n{BEGIN}", f"{END} tail\n{body}"]
    assert in_order(["---", *human, *(end.replace("\n", newline) for end in ends)], after)
