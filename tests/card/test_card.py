from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from datasets import Dataset, DatasetDict
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from hf_provenance import annotate, build_card, col, save_to_folder, summarize
from hf_provenance.card.card import edit_card, render_body
from hf_provenance.card.facts import Facts
from hf_provenance.errors import CardError
from hf_provenance.splits import Buckets

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = [
    "|</details><script>alert(1)</script>",
    "a: b",
    "- [x](javascript:alert(1))",
    "`code` **bold** ![i](x)",
    "{{ 7 * 7 }}{% raw %}",
    'new\nline\r\n---\nkey: "v"',
    "<!-- hf_provenance:end -->",
    "# heading\u2028next",
    "\u202egnp.exe",
]


def people_and_models() -> DatasetDict:
    train = {
        "text": ["A long text that a person wrote.", "A model's text.", "Whose?", "Another one."],
        "by": ["person", "ai", None, "person"],
        "model": [None, "acme/writer-7b", None, None],
        "date": ["2021-05-06", "2026-02-03", None, "2022-11"],
        "language": ["en", "en", None, "de"],
    }
    rows = Dataset.from_dict(train)
    return annotate(
        DatasetDict(train=rows, test=rows.select([0])),
        origin=col("by", {"person": "human", "ai": "synthetic"}),
        generator=col("model"),
        method="user_content",
    )


def nobody_knows() -> Dataset:
    return annotate(Dataset.from_dict({"text": ["a", "b"]}))


def no_rows() -> Dataset:
    return annotate(Dataset.from_dict({"text": ["a"]})).select([])


def chats() -> Dataset:
    turns = [
        [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}],
        [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Like so."}],
    ]
    dataset = Dataset.from_dict({"messages": turns, "share": [0.66, 0.5], "n": [4, 5]})
    return annotate(
        dataset,
        origin="mixed",
        method="user_interaction",
        generator="acme/chat-1",
        synthetic_share=col("share"),
        tokens=col("n"),
        generation=1,
    )


@pytest.mark.parametrize("make", [people_and_models, nobody_knows, no_rows, chats])
def test_a_card_is_what_the_golden_file_says(make):
    written = str(build_card(summarize(make()), repo_id="owner/name", license="mit"))
    written = re.sub(r"hf_provenance \d+\.\d+\.\d+", "hf_provenance VERSION", written)
    golden = GOLDEN / f"card_{make.__name__}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(written.encode())
    assert written == golden.read_bytes().decode()


def rendered(card: str) -> str:
    body = re.sub(r"\A---\n.*?\n---\n", "", card, flags=re.DOTALL)
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(body)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["generator", "source", "language", "license", "url"])
def test_a_hostile_value_comes_out_as_text(value, name):
    dataset = Dataset.from_dict({"text": ["x"], "value": [value]})
    card = str(build_card(summarize(annotate(dataset, **{name: col("value")}))))
    data = DatasetCard(card).data
    assert data.provenance["rows"]["human"] == 0
    assert card.count("<!-- hf_provenance:end -->") == 1
    page = rendered(card)
    assert "<script" not in page
    assert "<strong>bold" not in page
    assert "<a href" not in page
    assert "49" not in page.split("<h3>Generators</h3>")[-1].split("</table>")[0]


def test_a_hostile_repo_id_cannot_leave_its_code_block():
    body = render_body(summarize(nobody_knows()), Facts(repo_id="x'; rm -rf ~ #"))
    assert "summarize 'x'\"'\"'; rm -rf ~ #'" in body


def test_the_yaml_block_is_read_by_the_hub_client_and_by_a_safe_loader():
    card = build_card(summarize(people_and_models()), pretty_name="no", license="1.10")
    block = yaml.safe_load(str(card).split("---\n")[1])
    assert block["pretty_name"] == "no"
    assert block["license"] == "1.10"
    assert block["provenance"]["collected"]["from"] == "2021-05-06"
    assert card.data.to_dict()["provenance"] == block["provenance"]


def test_a_base_keeps_its_text_and_its_values():
    base = "---\nlicense: apache-2.0  # ours\ntags: [cats]\n---\n\n# Cats\n\nHand-written.\n"
    card = build_card(summarize(people_and_models()), base=base, license="mit")
    text = str(card)
    assert "license: apache-2.0  # ours" in text
    assert text.index("# Cats") < text.index("Hand-written.") < text.index("## Provenance")
    assert card.data.tags == ["cats", "provenance", "synthetic"]


def test_changing_the_data_of_a_card_shows_in_its_text():
    card = build_card(summarize(nobody_knows()), base="---\nlicense: mit  # why\n---\n# T\n")
    assert "# why" in str(card)
    card.data.license = "apache-2.0"
    assert "license: apache-2.0" in str(card)


def test_a_card_on_its_own_card_changes_nothing():
    card = str(build_card(summarize(people_and_models())))
    assert str(build_card(summarize(people_and_models()), base=card)) == card


def test_a_base_may_be_a_card_object_or_bytes():
    summary = summarize(nobody_knows())
    base = "---\nlicense: mit\n---\n# T\n"
    for form in (base, base.encode(), DatasetCard(base)):
        assert build_card(summary, base=form).data.license == "mit"


def test_a_template_of_the_users_gets_the_same_values():
    text = "{{ sentence }} {{ amounts.human | percent(total) }} {{ 'a|b' }}"
    body = render_body(summarize(people_and_models()), Facts(), text)
    assert re.match(r"Of every 100 bytes, .* unknown\. \d\d\.\d% a&#124;b", body)


def test_a_template_can_be_a_file(tmp_path):
    (tmp_path / "mine.jinja").write_text("rows: {{ summary.rows }}", "utf-8")
    card = build_card(summarize(nobody_knows()), template=tmp_path / "mine.jinja")
    assert "rows: 2" in str(card)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ nothing_of_the_kind }}", "the given template: 'nothing_of_the_kind' is undefined"),
        ("{% if %}", "the given template, line 1"),
        ("{{ ''.__class__.__mro__ }}", "the given template"),
        ("{{ 1 // 0 }}", "the given template: ZeroDivisionError"),
        ("{{ facts.card_data.update({'a': 1}) }}", "the given template"),
    ],
)
def test_a_template_that_fails_or_reaches_out_is_an_error(template, message):
    with pytest.raises(CardError, match=re.escape(message)):
        render_body(summarize(nobody_knows()), Facts(), template)


def test_a_template_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CardError, match="cannot be read"):
        build_card(summarize(nobody_knows()), template=tmp_path / "none.jinja")


def test_numbers_of_two_configs_stand_side_by_side():
    first = edit_card(summarize(nobody_knows()), Facts(config="extra"), None).content
    both = edit_card(summarize(people_and_models()), Facts(), first).content
    block = DatasetCard(both.decode()).data.provenance
    assert block["rows"]["human"] == 3
    assert block["configs"]["extra"]["rows"] == {
        "human": 0,
        "synthetic": 0,
        "mixed": 0,
        "unknown": 2,
    }
    assert "## Provenance of `extra`" in both.decode()


def test_problems_are_counted_on_the_card():
    dataset = Dataset.from_dict({"text": ["x", ""], "date": ["someday", "2999-01-01"]})
    body = render_body(summarize(annotate(dataset)), Facts())
    for code in ("date_unreadable", "date_future", "text_empty"):
        assert re.search(rf"^\| `{code}` \| 1 \|", body, re.MULTILINE)


def test_without_dates_there_is_no_date_section_and_the_card_says_so():
    body = render_body(summarize(nobody_knows()), Facts())
    assert "No row carries a usable collection date." in body
    assert "### Crawl date" not in body


def test_languages_of_a_sample_are_called_guesses_and_small_ones_left_out():
    facts = Facts(language_sample={"en": 90, "de": 6, "so": 4, "": 3})
    body = render_body(summarize(nobody_knows()), facts)
    assert "In a sample of 103 rows, chosen by hash, langdetect named en 87.4%, de 5.8%." in body
    assert "guesses" in body


def test_the_range_that_the_unknown_leaves_open_is_stated():
    body = render_body(summarize(nobody_knows()), Facts())
    assert "What models wrote lies between 0 and 100%" in body


def test_rows_without_any_text_are_counted_by_rows():
    empty = annotate(Dataset.from_dict({"text": ["", None], "g": ["m", None]}), generator=col("g"))
    card = str(build_card(summarize(empty)))
    assert "Of every 100 rows, none are labelled human, 50 synthetic, and 50 unknown." in card


def test_a_known_share_of_none_narrows_the_range():
    dataset = Dataset.from_dict({"text": ["aa", "bb"], "share": [0.0, 1.0]})
    body = render_body(summarize(annotate(dataset, synthetic_share=col("share"))), Facts())
    assert "what models wrote lies" not in body.lower()


def test_a_template_named_by_a_text_is_a_file(tmp_path):
    (tmp_path / "mine.jinja").write_text("rows: {{ summary.rows }}", "utf-8")
    body = render_body(summarize(nobody_knows()), Facts(), str(tmp_path / "mine.jinja"))
    assert body == "rows: 2"


def test_the_command_to_recompute_names_the_config():
    body = render_body(summarize(nobody_knows()), Facts(config="extra", repo_id="o/n"))
    assert "hf-provenance summarize o/n --config extra" in body


def test_the_timeline_comes_with_its_statement_in_words(tmp_path):
    save_to_folder(people_and_models(), tmp_path, figures=True, progress=False)
    text = (tmp_path / "README.md").read_text("utf-8")
    found = re.search(r"!\[(.*by year of collection.*)\]\(provenance/timeline\.png\)", text)
    assert found
    assert "2021" in found.group(1)


def test_without_the_extra_the_card_is_complete_in_text(tmp_path):
    save_to_folder(people_and_models(), tmp_path, figures=False, progress=False)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "timeline" not in text
    assert "### Crawl date" in text


def test_the_buckets_are_named_as_the_view_names_them():
    summary = summarize(people_and_models())
    assert summary.buckets == ()
    facts = Facts(buckets=Buckets.of("year"), views={})
    assert "### Crawl date" not in render_body(summary, facts)
