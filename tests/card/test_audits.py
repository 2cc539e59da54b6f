"""What a card says of the audits of evaluation splits."""

import pytest
import yaml
from audit.rows import TALES, labelled
from datasets import DatasetDict
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.audit.audit import audit
from hf_provenance.card.audits import read_audits
from hf_provenance.errors import CardError

QUIET = {"progress": False, "figures": False, "by": None}


@pytest.fixture(scope="module")
def ds():
    train = labelled(
        ["Nothing of the kind.", f"Listen. {TALES[0]}", TALES[1]], origin=["human"] * 3
    )
    origins = ["human", "human", "human", "synthetic"]
    return DatasetDict(train=train, test=labelled(TALES, origin=origins))


@pytest.fixture(scope="module")
def report(ds):
    return audit(ds, ds)


def card(ds, audits):
    return hfp.build_card(hfp.summarize(ds), audits=audits)


def test_a_card_says_what_an_audit_found_of_a_split(ds, report):
    said = card(ds, report).data.provenance["splits"]
    assert said == {"test": report.summary()}
    assert said["test"]["purity"]["accepted"] == 3
    assert said["test"]["leaked"]["rows"] == 2


def test_a_card_shows_evaluation_splits_in_a_table(ds, report):
    text = str(card(ds, report))
    assert "### Evaluation splits" in text
    assert "| `test` | 4 | 75.0% | **50.0%** | 1 | 1 | 0 | not checked | 0 |" in text
    assert "`test` was held against 3 training rows; 13 or more words in a row are a run." in text


def test_a_card_without_audits_has_no_such_part(ds):
    written = card(ds, None)
    assert "Evaluation splits" not in str(written)
    assert "splits" not in written.data.provenance


def test_reports_and_their_summaries_are_taken_alike(ds, report):
    cards = [card(ds, given) for given in (report, {"test": report}, {"test": report.summary()})]
    assert len({str(each) for each in cards}) == 1


def test_a_report_on_rows_without_a_split_name_is_taken_for_the_split_that_is_named(ds):
    train, test = (labelled(ds[name]["text"][:], origin="human") for name in ("train", "test"))
    rows = DatasetDict(train=train, test=test)
    assert card(rows, {"test": audit(train, test)}).data.provenance["splits"].keys() == {"test"}


def test_an_audit_of_other_rows_is_refused(ds, report):
    fewer = DatasetDict(train=ds["train"], test=ds["test"].select([0]))
    with pytest.raises(CardError, match="of 4 rows, and the split has 1"):
        card(fewer, report)


def test_an_audit_of_a_split_that_is_not_there_is_refused(ds, report):
    with pytest.raises(CardError, match="'dev'"):
        card(ds, {"dev": report})


def altered(summary, part, **values):
    return {"test": {**summary, part: {**summary[part], **values}}}


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("purity", {"rows": "4"}, "`purity.rows`"),
        ("purity", {"rows": True}, "`purity.rows`"),
        ("purity", {"human": -1}, "`purity.human`"),
        ("purity", {"human": 5}, "more rows than the split"),
        ("purity", {"accept": ["hearsay"]}, "`purity.accept`"),
        ("purity", {"accept": "column"}, "`purity.accept`"),
        ("purity", {"other": 1}, "other keys under `purity`"),
        ("leaked", {"shared_run": 7}, "do not add up"),
        ("leaked", {"takes": ["nothing"]}, "`leaked.takes`"),
    ],
)
def test_what_is_no_summary_of_an_audit_is_refused(report, part, values, said):
    with pytest.raises(CardError, match=said):
        read_audits(altered(report.summary(), part, **values))


@pytest.mark.parametrize(
    "given", [5, ["test"], {"test": 5}, {"test": {}}, {"test": {"purity": {}}}]
)
def test_what_is_no_audit_is_refused(given):
    with pytest.raises(CardError, match="report of `audit`"):
        read_audits(given)


def test_a_folder_with_an_audit_is_verified(tmp_path, ds, report):
    hfp.save_to_folder(ds, tmp_path / "repo", audits=report, **QUIET)
    found = hfp.verify(tmp_path / "repo")
    assert found.state == "true"
    assert any("met of `test`" in each for each in found.not_checked)


def test_a_human_share_of_an_audit_that_is_not_that_of_the_rows_is_false(tmp_path, ds, report):
    hfp.save_to_folder(ds, tmp_path, overwrite=True, audits=report, **QUIET)
    readme = tmp_path / "README.md"
    text = readme.read_text("utf-8")
    assert text.count("accepted: 3\n") == 1
    readme.write_text(text.replace("accepted: 3\n", "accepted: 4\n"), "utf-8")
    found = hfp.verify(tmp_path)
    assert found.state == "false"
    assert any("splits.test.purity.accepted: 4" in each.what for each in found.differences)


def test_an_audit_on_a_card_that_is_none_is_false(tmp_path, ds, report):
    hfp.save_to_folder(ds, tmp_path / "repo", audits=report, **QUIET)
    readme = tmp_path / "repo" / "README.md"
    text = readme.read_text("utf-8")
    readme.write_text(text.replace("shared_run: 1\n", "shared_run: many\n"), "utf-8")
    found = hfp.verify(tmp_path / "repo")
    assert found.state == "false"
    assert any("states no audits" in each.what for each in found.differences)


def test_what_is_written_anew_without_an_audit_says_nothing_of_one(tmp_path, ds, report):
    hfp.save_to_folder(ds, tmp_path / "repo", audits=report, **QUIET)
    hfp.save_to_folder(ds, tmp_path / "repo", overwrite=True, **QUIET)
    assert "leaked" not in (tmp_path / "repo" / "README.md").read_text("utf-8")
    assert hfp.verify(tmp_path / "repo").state == "true"


def test_an_audit_of_other_rows_leaves_no_folder(tmp_path, ds, report):
    with pytest.raises(CardError, match="audit it anew"):
        hfp.save_to_folder(
            DatasetDict(train=ds["train"], test=ds["train"]), tmp_path / "a", audits=report, **QUIET
        )
    assert not (tmp_path / "a").exists()


def front_matter(repo):
    text = DatasetCard.load(repo).content
    return yaml.safe_load(text.split("---")[1])["provenance"]


def test_a_push_takes_an_audit_along(hub, ds, report):
    hfp.push_to_hub(ds, "alice/tales", audits=report, **QUIET)
    assert front_matter("alice/tales")["splits"] == {"test": report.summary()}
    assert hfp.verify("alice/tales").state == "true"


def test_a_folder_is_pushed_with_its_audit(hub, tmp_path, ds, report):
    hfp.save_to_folder(ds, tmp_path / "repo", audits=report, **QUIET)
    hfp.push_to_hub(tmp_path / "repo", "alice/tales", **(QUIET | {"by": "auto"}))
    assert front_matter("alice/tales")["splits"] == {"test": report.summary()}


def test_an_append_says_nothing_of_an_audit_of_fewer_rows(hub, ds, report):
    hfp.push_to_hub(ds, "alice/tales", audits=report, **QUIET)
    more = DatasetDict(train=labelled(["More."], origin=["human"]))
    hfp.push_to_hub(more, "alice/tales", mode="append", **QUIET)
    assert "splits" not in front_matter("alice/tales")
