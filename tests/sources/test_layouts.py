"""Layouts: taken by columns and kinds alone, and never for more than their columns tell."""

import pickle
import re
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.errors import LayoutError, SchemaError, UsageError
from hf_provenance.schema import METHODS, MODEL_METHODS, ORIGINS
from hf_provenance.sources.chats import USER
from hf_provenance.sources.fields import Col, values
from hf_provenance.sources.layouts import (
    KINDS,
    LAYOUTS,
    Layout,
    detect_layout,
    layout_named,
    read_layouts,
    why,
)
from sources.layout_rows import PUBLISHED, ROWS, arrow_schema, schema_of, table_of

NAMES = [layout.name for layout in LAYOUTS]
FIELDS = ("origin", "method", "generator", "source", "url", "language", "license", "authored")
CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SHAREGPT = pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))
CRAWLS = [layout for layout in LAYOUTS if layout.method == "web_crawl"]
TYPED_BY_PEOPLE = {"wildchat", "lmsys_chat", "chatbot_arena"}
C4 = [("text", pa.string()), ("timestamp", pa.string()), ("url", pa.string())]

every_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
every_schema = pytest.mark.parametrize(
    "entry", PUBLISHED, ids=[f"{each['layout']}-{each['dataset']}" for each in PUBLISHED]
)


def name_of(schema, layouts=LAYOUTS):
    layout = detect_layout(pa.schema(schema), layouts)
    return layout and layout.name


def replaced(schema, path, type_):
    """A schema without a dotted path, or with another type there."""
    first, *rest = path.split(".")
    fields = []
    for field in schema:
        if field.name != first:
            fields.append(field)
        elif rest:
            inner = replaced(pa.schema(list(field.type)), ".".join(rest), type_)
            fields.append(pa.field(first, pa.struct(list(inner))))
        elif type_ is not None:
            fields.append(pa.field(first, type_))
    return pa.schema(fields)


def columns_read(layout):
    fields = [getattr(layout, name) for name in FIELDS]
    fields += [*(layout.collected or ()), layout.parents]
    return [field for field in fields if isinstance(field, Col)]


class TestPublishedSchemas:
    @every_schema
    def test_are_detected_as_their_layout(self, entry):
        assert name_of(arrow_schema(entry)) == entry["layout"]

    @every_schema
    def test_are_detected_in_any_order_of_columns(self, entry):
        assert name_of(reversed(list(arrow_schema(entry)))) == entry["layout"]

    @every_schema
    def test_are_detected_whatever_the_order_of_the_list(self, entry):
        assert name_of(arrow_schema(entry), LAYOUTS[::-1]) == entry["layout"]

    @every_schema
    def test_are_detected_with_large_types_as_polars_writes_them(self, entry):
        large = {pa.string(): pa.large_string()}
        fields = [(each.name, large.get(each.type, each.type)) for each in arrow_schema(entry)]
        assert name_of(fields) == entry["layout"]

    @every_schema
    def test_say_where_and_when_they_were_read(self, entry):
        assert entry["source"].startswith("https://")
        assert date.fromisoformat(entry["date"]) <= date.today()

    def test_are_there_for_every_layout(self):
        assert {entry["layout"] for entry in PUBLISHED} == set(NAMES)

    @every_layout
    def test_without_a_required_column_are_another_layout(self, layout):
        for path, _ in layout.columns:
            assert name_of(replaced(schema_of(layout.name), path, None)) != layout.name

    @every_layout
    def test_with_another_type_in_a_required_column_are_another_layout(self, layout):
        for path, kind in layout.columns:
            if kind != "any":
                type_ = replaced(schema_of(layout.name), path, pa.duration("s"))
                assert name_of(type_) != layout.name

    @every_layout
    def test_fit_no_second_layout_but_one_that_asks_for_less(self, layout):
        others = [each for each in LAYOUTS if each.fits(schema_of(layout.name)) and each != layout]
        assert all(set(dict(each.columns)) < set(dict(layout.columns)) for each in others)


class TestEntries:
    @every_layout
    def test_say_where_the_columns_are_published(self, layout):
        assert re.fullmatch(r"https://\S+", layout.stated_at)

    @every_layout
    def test_say_when_that_was_read(self, layout):
        assert date.fromisoformat(layout.checked) <= date.today()

    @every_layout
    def test_say_what_the_columns_do_not_tell(self, layout):
        assert layout.cannot_know.endswith(".")
        assert len(layout.cannot_know) > 15

    @every_layout
    def test_are_hashable_and_come_back_from_pickle_equal(self, layout):
        assert pickle.loads(pickle.dumps(layout)) == layout
        assert hash(pickle.loads(pickle.dumps(layout))) == hash(layout)

    @every_layout
    def test_never_take_a_judge_for_an_author(self, layout):
        judges = re.compile(r"judge|winner|score|rating|quality|difficulty|guard|classif|embed")
        fields = [layout.origin, layout.generator]
        assert not [each for each in fields if isinstance(each, Col) and judges.search(each.name)]

    @every_layout
    def test_say_human_only_where_people_typed(self, layout):
        assert (("user", "human") in layout.roles) == (layout.name in TYPED_BY_PEOPLE)
        human = [name for name, origin in layout.parts if origin == "human"]
        assert human == (["prompt"] if layout.name == "arena_preferences" else [])
        assert layout.origin != "human"

    @every_layout
    def test_leave_system_and_tool_to_nobody(self, layout):
        assert {role for role, _ in layout.roles} <= {"user", "assistant"}

    @pytest.mark.parametrize("layout", CRAWLS, ids=[layout.name for layout in CRAWLS])
    def test_of_web_crawls_say_nothing_of_authors(self, layout):
        assert {layout.origin, layout.generator, *layout.roles, *layout.parts} == {None}

    def test_state_one_origin_of_all_rows_only_for_cosmopedia(self):
        assert [each.name for each in LAYOUTS if each.origin] == ["cosmopedia"]
        assert [each.name for each in LAYOUTS if each.method in MODEL_METHODS] == ["cosmopedia"]

    @every_layout
    def test_map_openly(self, layout):
        assert all(not each.closed for each in columns_read(layout) if each.mapping)


class TestTraps:
    @pytest.mark.parametrize("judged", ["quality", "difficulty", "guard", "classification"])
    def test_a_judge_alone_gives_no_generator(self, judged):
        schema = [("generation", pa.string()), (f"model_name_{judged}", pa.string())]
        assert name_of(schema) is None

    @pytest.mark.parametrize(
        "rated", ["ratings", "rationales", "generations", "scores", "feedback"]
    )
    def test_with_ratings_the_model_name_may_be_the_judge(self, rated):
        schema = [("generation", pa.string()), ("model_name", pa.string())]
        assert name_of(schema) == "distilabel"
        assert name_of([*schema, (rated, pa.list_(pa.string()))]) is None

    def test_judges_of_a_chat_give_no_generator(self):
        schema = [("messages", CHAT), ("model_name_quality", pa.string())]
        assert detect_layout(pa.schema(schema)).generator is None

    @pytest.mark.parametrize("column", ["model", "generator", "model_name", "judge"])
    def test_a_model_beside_a_plain_chat_is_not_taken_for_its_author(self, column):
        layout = detect_layout(pa.schema([("conversation", CHAT), (column, pa.string())]))
        assert (layout.name, layout.generator) == ("chat_conversation", None)

    def test_dolma_is_never_dated_by_when_it_was_added(self):
        assert "added" not in [each.name for each in columns_read(layout_named("dolma"))]

    def test_fineweb_edu_has_no_date(self):
        assert [each.name for each in layout_named("fineweb_edu").collected] == [
            "file_path",
            "dump",
        ]
        assert "date" not in schema_of("fineweb_edu").names

    @pytest.mark.parametrize("more", [[], [("category", pa.string())]], ids=["ultra", "no_robots"])
    def test_ultrachat_and_no_robots_say_nothing_of_authors(self, more):
        schema = [("prompt", pa.string()), ("prompt_id", pa.string()), ("messages", CHAT), *more]
        layout = detect_layout(pa.schema(schema))
        assert layout.name == "prompted_chats"
        assert {layout.origin, layout.generator, layout.method, *layout.roles} == {None}

    def test_no_robots_without_its_prompts_has_no_synthetic_users(self):
        layout = detect_layout(pa.schema([("messages", CHAT), ("category", pa.string())]))
        assert USER not in dict(layout.roles)

    @pytest.mark.parametrize("column", ["author", "model", "prompt", "subreddit", "id"])
    def test_more_columns_than_those_of_c4_are_not_c4(self, column):
        assert name_of([*C4, (column, pa.string())]) is None

    def test_a_chat_beside_the_columns_of_c4_is_not_c4(self):
        assert name_of([*C4, ("conversation", CHAT)]) is None

    def test_a_news_set_with_the_columns_of_culturax_is_no_crawl_by_its_columns(self):
        method = detect_layout(pa.schema([*C4, ("source", pa.string())])).method
        assert isinstance(method, Col)
        assert dict(method.mapping)["mC4"] == "web_crawl"
        assert not method.closed

    def test_pairs_of_chats_without_the_arenas_columns_have_no_human_users(self):
        assert layout_named("paired_chats").roles == (("assistant", "synthetic"),)

    def test_a_chat_of_texts_is_no_chat(self):
        assert name_of([("messages", pa.list_(pa.string()))]) is None
        assert name_of([("messages", pa.string())]) is None

    @pytest.mark.parametrize("type_", [CHAT, SHAREGPT, pa.large_list(CHAT.value_type)])
    def test_chats_of_both_kinds_are_chats(self, type_):
        assert name_of([("conversations", type_)]) == "chat_conversations"

    def test_an_empty_batch_of_untyped_columns_is_a_crawl_but_no_chat(self):
        untyped = [(name, pa.null()) for name in schema_of("fineweb").names]
        assert name_of(untyped) == "fineweb"
        assert name_of([("messages", pa.null()), ("source", pa.null())]) is None

    def test_no_columns_have_no_layout(self):
        assert detect_layout(pa.schema([])) is None
        assert detect_layout(pa.schema([("text", pa.string())])) is None


OF_KIND = {
    "text": [pa.string(), pa.large_string(), pa.string_view(),
             pa.dictionary(pa.int8(), pa.string())],
    "texts": [pa.list_(pa.string()), pa.large_list(pa.large_string())],
    "chat": [CHAT, SHAREGPT],
    "date": [pa.string(), pa.timestamp("s"), pa.timestamp("us", "UTC"), pa.date32(),
             pa.int64(), pa.float64()],
    "number": [pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(5, 2)],
    "bool": [pa.bool_()],
    "struct": [pa.struct([("a", pa.int8())])],
    "list": [pa.list_(pa.int8()), CHAT],
    "any": [pa.int8(), CHAT, pa.binary()],
}  # fmt: skip


class TestKinds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_take_the_types_that_are_of_them(self, kind):
        assert all(KINDS[kind](type_) for type_ in OF_KIND[kind])

    @pytest.mark.parametrize(
        ("kind", "type_"),
        [
            ("text", pa.int64()),
            ("text", pa.binary()),
            ("texts", pa.string()),
            ("texts", pa.list_(pa.int8())),
            ("chat", pa.list_(pa.string())),
            ("chat", pa.string()),
            ("chat", CHAT.value_type),
            ("date", pa.bool_()),
            ("date", pa.float32()),
            ("number", pa.string()),
            ("number", pa.bool_()),
            ("bool", pa.int8()),
            ("struct", CHAT),
            ("list", pa.string()),
        ],
    )
    def test_refuse_other_types(self, kind, type_):
        assert not KINDS[kind](type_)

    @pytest.mark.parametrize("kind", KINDS)
    def test_take_a_column_of_nulls_for_plain_values_only(self, kind):
        assert KINDS[kind](pa.null()) == (kind in ("text", "date", "number", "bool", "any"))


class TestDetection:
    MINE = Layout(
        name="mine", title="Mine", columns=(("text", "text"), ("by", "text")), origin=Col("by")
    )

    def test_takes_the_layout_that_asks_for_more(self):
        wide = Layout(name="wide", title="", columns=(*self.MINE.columns, ("at", "date")))
        schema = [("text", pa.string()), ("by", pa.string()), ("at", pa.date32())]
        assert name_of(schema, [self.MINE, wide]) == "wide"
        assert name_of(schema[:2], [self.MINE, wide]) == "mine"

    def test_takes_the_layout_with_more_columns_of_two_that_agree(self):
        short = Layout(name="short", title="", columns=(("a", "text"),))
        long = Layout(name="long", title="", columns=(("b", "text"), ("c", "text")))
        schema = [(name, pa.string()) for name in "abc"]
        assert name_of(schema, [short, long]) == "long"

    def test_takes_the_first_of_two_that_agree_and_are_as_long(self):
        one = Layout(name="one", title="", columns=(("a", "text"),), method="web_crawl")
        two = Layout(name="two", title="", columns=(("b", "text"),), method="social_media")
        schema = [("b", pa.string()), ("a", pa.string())]
        assert name_of(schema, [one, two]) == "one"
        assert name_of(schema, [two, one]) == "two"

    @pytest.mark.parametrize(
        "said",
        [
            {"origin": "synthetic"},
            {"origin": Col("a")},
            {"generator": "m"},
            {"method": "model_rewrite"},
            {"method": Col("a", (("x", "model_generation"),), closed=False)},
            {"method": Col("a")},
            {"parts": (("a", "human"),)},
            {"roles": (("user", "human"),)},
        ],
        ids=str,
    )
    def test_refuses_two_that_differ_on_authors(self, said):
        one = Layout(name="one", title="", columns=(("a", "text"),), **said)
        two = Layout(name="two", title="", columns=(("b", "text"),))
        with pytest.raises(LayoutError, match="'one' by 'a', and 'two' by 'b'"):
            detect_layout(pa.schema([("a", pa.string()), ("b", pa.string())]), [one, two])

    def test_refuses_two_of_the_same_columns_that_differ_on_authors(self):
        other = Layout(name="other", title="", columns=self.MINE.columns)
        with pytest.raises(SchemaError, match='layout="mine"'):
            detect_layout(pa.schema([("text", pa.string()), ("by", pa.string())]),
                          [other, self.MINE])  # fmt: skip

    def test_minds_a_column_that_must_not_be_there(self):
        alone = Layout(name="alone", title="", columns=(("a", "text"),), absent=("b",))
        assert name_of([("a", pa.string())], [alone]) == "alone"
        assert name_of([("a", pa.string()), ("b", pa.null())], [alone]) is None

    def test_reads_a_column_whose_name_has_a_dot_before_a_path(self):
        dotted = Layout(name="dotted", title="", columns=(("a.b", "text"),))
        struct = pa.struct([("b", pa.int8())])
        assert name_of([("a.b", pa.string()), ("a", struct)], [dotted]) == "dotted"
        assert name_of([("a", struct)], [dotted]) is None

    def test_an_error_survives_pickling(self):
        one = Layout(name="one", title="", columns=(("a", "text"),), generator="m")
        two = Layout(name="two", title="", columns=(("b", "text"),))
        with pytest.raises(LayoutError) as caught:
            detect_layout(pa.schema([("a", pa.string()), ("b", pa.string())]), [one, two])
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    @settings(max_examples=60)
    @given(st.data())
    def test_depends_on_nothing_but_the_columns(self, data):
        pool = [field for name in NAMES for field in schema_of(name)]
        chosen = data.draw(st.lists(st.sampled_from(pool), unique_by=lambda each: each.name))
        shuffled = data.draw(st.permutations(chosen))
        results = []
        for fields in (chosen, shuffled):
            try:
                results.append(name_of(fields))
            except LayoutError:
                results.append(LayoutError)
        assert results[0] == results[1]


class TestWhy:
    def test_names_the_layout_and_its_columns_with_types(self):
        sentence = why(layout_named("c4"), pa.schema(C4))
        assert sentence == (
            "The layout 'c4' (C4 and mC4) was taken by the columns 'text' (string), "
            "'timestamp' (string) and 'url' (string)."
        )

    def test_says_what_keeps_a_layout_from_fitting(self):
        schema = pa.schema([("text", pa.int8()), ("url", pa.string()), ("model", pa.string())])
        sentence = why(layout_named("c4"), schema)
        assert "does not fit" in sentence
        assert "'text' is of the kind text in this layout and has the type int8" in sentence
        assert "there is no column 'timestamp'" in sentence
        assert "there is a column 'model'" in sentence

    @every_layout
    def test_is_one_sentence_for_every_layout(self, layout):
        sentence = why(layout, schema_of(layout.name))
        assert sentence.startswith(f"The layout {layout.name!r} (")
        assert all(repr(path) in sentence for path, _ in layout.columns)


class TestNames:
    @every_layout
    def test_find_their_layout(self, layout):
        assert layout_named(layout.name) is layout

    def test_that_are_unknown_list_close_ones(self):
        with pytest.raises(UsageError, match="Did you mean 'wildchat'"):
            layout_named("wild-chat")

    def test_are_looked_up_first_come_first_served(self):
        mine = Layout(name="c4", title="Mine", columns=(("text", "text"),))
        assert layout_named("c4", [mine, *LAYOUTS]) is mine


ENTRY = """
[[layout]]
name = "reviews"
text = ["text"]
method = { is = "user_content" }
collected = ["seen.at"]
source = { column = "path", pattern = "shop-[0-9]+" }
origin = { column = "by", values = { customer = "human", bot = "synthetic" } }

[layout.columns]
text = "text"
seen.at = "date"
path = "text"
by = "text"
"""
REVIEWS = [
    ("text", pa.string()),
    ("seen", pa.struct([("at", pa.timestamp("us", "UTC"))])),
    ("path", pa.string()),
    ("by", pa.string()),
]


class TestYourOwn:
    @pytest.fixture
    def read(self, tmp_path):
        def read(text):
            path = tmp_path / "mine.toml"
            path.write_text(text, "utf-8")
            return read_layouts(path)

        return read

    def test_is_read_from_one_entry(self, read):
        (layout,) = read(ENTRY)
        assert layout == Layout(
            name="reviews",
            title="reviews",
            columns=(("text", "text"), ("seen.at", "date"), ("path", "text"), ("by", "text")),
            text=("text",),
            origin=Col("by", (("bot", "synthetic"), ("customer", "human")), closed=False),
            method="user_content",
            collected=(Col("seen.at"),),
            source=Col("path", pattern="shop-[0-9]+"),
        )

    def test_is_detected_beside_the_known_ones(self, read):
        assert name_of(REVIEWS, (*read(ENTRY), *LAYOUTS)) == "reviews"

    def test_wins_by_being_named(self, read):
        layouts = (*read(ENTRY.replace('"reviews"', '"c4"')), *LAYOUTS)
        assert layout_named("c4", layouts).title == "c4"

    def test_that_differs_from_a_known_one_on_the_same_columns_is_for_the_caller_to_say(self, read):
        mine = read("""
            [[layout]]
            name = "answers"
            generator = { is = "our-model" }
            [layout.columns]
            text = "text"
            timestamp = "date"
            url = "text"
        """)
        with pytest.raises(LayoutError, match='layout="answers"'):
            detect_layout(pa.schema(C4), (*mine, *LAYOUTS))

    def test_may_name_columns_that_are_not_always_there(self, read):
        (layout,) = read(ENTRY.replace('method = { is = "user_content" }', 'optional = ["page"]\n'
                                       'url = "page"'))  # fmt: skip
        assert layout.url == Col("page")
        assert "page" not in dict(layout.columns)

    def test_may_map_truth_values_and_numbers(self, read):
        (layout,) = read("""
            [[layout]]
            name = "a"
            origin = { column = "ai", values = { true = "synthetic", false = "human" } }
            method = { column = "how", values = { 1 = "web_crawl", 2 = "other" } }
            [layout.columns]
            ai = "bool"
            how = "number"
        """)
        assert dict(layout.origin.mapping) == {True: "synthetic", False: "human"}
        assert dict(layout.method.mapping) == {1: "web_crawl", 2: "other"}

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("method", "metod", "`metod` is no key of a layout .did you mean 'method'"),
            ('"user_content"', '"user-content"', "`method` says 'user-content' .did you mean"),
            ('"human"', '"person"', "`origin` says 'person'"),
            ('= "date"', '= "time"', "'seen.at' is 'time', which is no kind"),
            ('["seen.at"]', '["seen.on"]', "`collected` names 'seen.on', which is no column"),
            ('["seen.at"]', "[1]", "`collected` is 1: give a column"),
            ('"shop-[0-9]+"', '"shop-("', "`source` has the pattern 'shop-.', which is no RE2"),
            ('"shop-[0-9]+"', "7", "`source` has the pattern 7, which is no RE2"),
            ("pattern =", "regex =", "a column has `pattern` or `values` at most"),
            ('{ is = "user_content" }', '{ is = "" }', "`method` is .* a constant is"),
            ('{ is = "user_content" }', "3", "`method` is 3: give a column"),
            ('text = ["text"]', 'text = ["body"]', "`text` names 'body'"),
            ('text = ["text"]', 'text = ["text", "text"]', "names a column twice"),
            ('text = ["text"]', "text = [3]", "give a list of column names"),
            ('text = ["text"]', 'roles = { user = "human" }', "need a column of the kind 'chat'"),
            ('text = ["text"]', 'parts = { by = "human" }', "`parts` names 'by'"),
            ('text = ["text"]', 'text = ["text"]\nparts = { text = "me" }', "'text' is 'me'"),
            ('text = ["text"]', "parts = 3", "`parts` is 3: give a table"),
            ('text = ["text"]', 'checked = "today"', "`checked` is 'today': give a day"),
            ('text = ["text"]', "title = 3", "`title` is 3: give a text"),
            ('text = ["text"]', "parents = 3", "`parents` is 3: give a column"),
            ("{ customer", '{ "" = "human", x = 3, customer', "'x' means 3, which is no text"),
            ('by = "text"', '"by." = "text"', "'by.', which is no column name"),
            ('by = "text"', 'by = "bool"', "'customer' of 'by', which is no bool"),
            ('by = "text"', 'by = "number"', "'customer' of 'by', which is no number"),
        ],
    )
    def test_is_checked_and_messages_name_file_entry_and_key(self, read, old, new, message):
        assert old in ENTRY
        with pytest.raises(UsageError, match=message) as caught:
            read(ENTRY.replace(old, new))
        assert "mine.toml, layout 'reviews': `" in str(caught.value)

    def test_may_not_name_an_unknown_role(self, read):
        with pytest.raises(
            UsageError, match=r"`roles` names 'usr', which is no role \(did you mean"
        ):
            read('[[layout]]\nname = "a"\nroles = { usr = "human" }\ncolumns = { c = "chat" }')

    @pytest.mark.parametrize("name", ['"auto"', '"My set"', "7", '""'])
    def test_needs_a_plain_name(self, read, name):
        with pytest.raises(UsageError, match=r"mine\.toml, layout 1: `name` is"):
            read(ENTRY.replace('"reviews"', name))

    def test_needs_columns(self, read):
        with pytest.raises(UsageError, match="layout 'a': `columns` should name the columns"):
            read('[[layout]]\nname = "a"')

    def test_needs_names_of_its_own(self, read):
        with pytest.raises(UsageError, match="'reviews' is taken twice"):
            read(ENTRY + ENTRY)

    @pytest.mark.parametrize("text", ["", "[layouts]", 'layout = "a"', "[layout]\nname = 3"])
    def test_needs_a_table_per_layout(self, read, text):
        with pytest.raises(UsageError, match=r"should hold tables \[\[layout\]\]"):
            read(text)

    def test_needs_tables(self, read):
        with pytest.raises(UsageError, match="layout 1: is no table"):
            read("layout = [1]")

    def test_needs_toml(self, read):
        with pytest.raises(UsageError, match=r"mine\.toml is no valid TOML"):
            read("[[layout]")

    def test_needs_a_file_that_can_be_read(self, tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_layouts(tmp_path / "none.toml")

    @given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
    def test_never_fails_with_any_other_error(self, tmp_path_factory, entry):
        lines = [f"{_quoted(key)} = {_quoted(value)}" for key, value in entry.items()]
        path = tmp_path_factory.mktemp("layouts") / "mine.toml"
        path.write_text("\n".join(["[[layout]]", 'name = "a"', *lines]), "utf-8")
        with pytest.raises(UsageError):
            read_layouts(path)


def _quoted(value):
    if isinstance(value, int):
        return str(value) if abs(value) < 2**62 else "0"
    return '"' + "".join(f"\\U{ord(each):08X}" for each in value) + '"'


class TestRows:
    @pytest.mark.parametrize("name", NAMES)
    def test_of_every_layout_are_there_and_detected(self, name):
        table = table_of(name)
        assert table.num_rows >= 2
        assert name_of(table.schema) == name

    @every_layout
    def test_give_a_value_for_every_required_field_in_some_row(self, layout):
        table = table_of(layout.name)
        for field in columns_read(layout):
            if field.name in dict(layout.columns):
                found = values(field, table).to_pylist()
                mapping = dict(field.mapping or ())
                assert [each for each in found if each is not None and each in (mapping or found)]

    def test_are_there_for_no_other_layout(self):
        assert set(ROWS) == set(NAMES)

    def test_of_dclm_name_their_crawl(self):
        source = values(layout_named("dclm").source, table_of("dclm"))
        assert source.to_pylist() == ["CC-MAIN-2014-10", None, None]

    def test_of_redpajama_name_their_crawl(self):
        source = values(layout_named("redpajama_v2").source, table_of("redpajama_v2"))
        assert source.to_pylist() == ["CC-MAIN-2014-35", "CC-MAIN-2014-35"]


def test_labels_of_all_layouts_are_in_the_vocabularies():
    for layout in LAYOUTS:
        origins = [origin for _, origin in (*layout.roles, *layout.parts)]
        methods = [layout.method] if isinstance(layout.method, str) else []
        if isinstance(layout.method, Col):
            methods = [label for _, label in layout.method.mapping]
        assert set(origins) <= set(ORIGINS)
        assert set(methods) <= set(METHODS)
