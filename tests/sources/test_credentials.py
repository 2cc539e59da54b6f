"""C2PA manifests in text: found and decoded wherever they stand, and believed nowhere."""

import base64

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Annotator
from hf_provenance.sources.credentials import (
    Manifest,
    find_manifests,
    from_selectors,
    rows_with_manifests,
    to_selectors,
)

BEGIN, END = "-----BEGIN C2PA MANIFEST-----", "-----END C2PA MANIFEST-----"


def invisible(manifest, *, version=1, length=None, padding=b""):
    size = len(manifest) if length is None else length
    frame = b"C2PATXT\0" + bytes([version]) + size.to_bytes(4, "big") + manifest
    return "\ufeff" + to_selectors(frame + padding)


def armoured(manifest):
    return f"{BEGIN} data:application/c2pa;base64,{base64.b64encode(manifest).decode()} {END}"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_what_is_written_as_selectors_is_read_back(data):
    assert from_selectors(to_selectors(data)) == data


def test_each_byte_is_the_selector_that_c2pa_sets_for_it():
    assert to_selectors(b"\x00\x0f\x10\xff") == "\ufe00\ufe0f\U000e0100\U000e01ef"


@pytest.mark.parametrize("text", ["a", "\ufdff", "\ufe10", "\U000e00ef", "\U000e01f0"])
def test_what_is_no_selector_is_no_byte(text):
    with pytest.raises(ValueError, match="range"):
        from_selectors(text)


@settings(deadline=None)
@given(st.text(), st.binary(min_size=1, max_size=50), st.binary(max_size=9), st.text())
def test_an_invisible_manifest_is_found_between_other_text(before, data, padding, after):
    carrier = invisible(data, padding=padding)
    # A selector right behind it would belong to it.
    found = find_manifests(f"{before}{carrier}.{after}")
    assert found == [Manifest(data, len(before), len(before) + len(carrier))]


@pytest.mark.parametrize("around", [("# ", "\n"), ("/* ", " */"), ("", ""), ("<!-- ", " -->\r\n")])
@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=50))
def test_an_armoured_manifest_is_found_in_a_comment(around, data):
    before, after = "Café\n" + around[0], around[1] + "a = 1\n"
    found = find_manifests(before + armoured(data) + after)
    assert found == [Manifest(data, len(before), len(before) + len(armoured(data)))]


@settings(deadline=None)
@given(st.text())
def test_other_text_has_no_manifest(text):
    assert find_manifests(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "A smiley \u263a\ufe0f and \ufeff alone.",
        invisible(b""),
        invisible(b"data", version=2),
        invisible(b"data", length=5),
        "\ufeff" + to_selectors(b"C2PATXT\0\x01\0\0"),
        invisible(b"data").removeprefix("\ufeff"),
        invisible(b"data").replace("\ufeff", "\ufeff "),
        f"{BEGIN} https://a.example/m.c2pa {END}",
        f"{BEGIN} data:application/c2pa;base64,%% {END}",
        f"{BEGIN} data:application/c2pa;base64, {END}",
        f"{END} data:application/c2pa;base64,AAAA {BEGIN}",
        armoured(b"data") * 2,
        f"Manifests start with {BEGIN}.",
    ],
)
def test_what_is_no_whole_manifest_is_none(text):
    assert find_manifests(text) == []


def test_several_invisible_manifests_are_all_found():
    found = find_manifests(invisible(b"one") + "cats" + invisible(b"two"))
    assert [manifest.data for manifest in found] == [b"one", b"two"]


def test_a_long_text_of_half_blocks_is_read_in_no_time():
    assert find_manifests("a" * 2_000_000 + BEGIN + "b" * 2_000_000) == []
    assert find_manifests(BEGIN * 20_000) == []
    assert find_manifests("\ufeff" * 200_000) == []


def test_the_rows_that_have_a_manifest_are_told():
    texts = ["a", None, invisible(b"data"), BEGIN, "", armoured(b"data")]
    assert rows_with_manifests(pa.array(texts)).tolist() == [2, 5]
    assert rows_with_manifests(pa.chunked_array([texts[:3], texts[3:]])).tolist() == [2, 5]
    assert rows_with_manifests(pa.chunked_array([], pa.string())).tolist() == []


@pytest.mark.parametrize("carry", [invisible, armoured])
def test_a_manifest_that_nobody_validated_is_a_marker_and_no_origin(carry):
    rows = pa.table({"text": ["A cat. " + carry(b"data"), "A cat."]})
    found = Annotator(markers=True).labels(rows)
    assert found["prov_markers"].to_pylist() == ["c2pa_unvalidated", None]
    assert found["prov_origin"].to_pylist() == ["unknown", "unknown"]
    assert found["prov_origin_basis"].to_pylist() == ["default", "default"]


def test_a_manifest_in_what_a_user_says_is_no_marker():
    said = "A cat. " + invisible(b"data")
    talks = [[{"role": role, "content": said}] for role in ("user", "assistant")]
    found = Annotator(markers=True).labels(pa.table({"messages": talks}))
    assert found["prov_markers"].to_pylist() == [None, "c2pa_unvalidated"]
