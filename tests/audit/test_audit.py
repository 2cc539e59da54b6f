"""The whole audit: evaluation rows that are not human, or that training has met."""

import dataclasses
import json

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, Features, IterableDataset, Value

import hf_provenance as hfp
from audit.rows import TALES, ids, labelled, with_columns
from hf_provenance.audit.audit import audit
from hf_provenance.demo import ANNOTATOR, load_demo
from hf_provenance.errors import SchemaError, UsageError, VocabularyError

OTHERS = ["Nothing of the kind was ever written in these books about the sea and all its ships."]


def found(report, *kinds):
    return {finding.check: finding.rows for finding in report.findings if finding.kind in kinds}


def train(texts=OTHERS, **fields):
    return labelled(texts, **({"origin": "human"} | fields))


def exam(texts=TALES, **fields):
    return labelled(texts, **({"origin": "human"} | fields))


# purity


def test_an_evaluation_set_that_is_human_and_apart_has_no_findings():
    report = audit(train(), exam())
    assert report.findings == ()
    assert report.summary()["purity"]["accepted"] == len(TALES)


def test_rows_that_are_not_human_are_findings_by_their_label():
    origins = ["human", "synthetic", "mixed", "unknown"]
    report = audit(train(), exam(origin=origins))
    assert found(report, "purity") == {
        "origin_synthetic": 1,
        "origin_mixed": 1,
        "origin_unknown": 1,
    }


def test_a_finding_names_the_row_and_its_label():
    rows = exam(
        origin=["human", "synthetic", "human", "human"], generator=[None, "gpt", None, None]
    )
    (finding,) = audit(train(), rows).findings
    (evidence,) = finding.evidence
    assert (evidence.split, evidence.row, evidence.id) == ("evaluation", 1, ids(rows)[1])
    assert evidence.detail == "synthetic by gpt (column)"


def test_human_on_a_basis_that_was_not_accepted_is_a_finding():
    bases = ["declared", "column", "registry", "cutoff"]
    rows = with_columns(exam(), prov_origin_basis=bases)
    assert found(audit(train(), rows), "purity") == {"basis_registry": 1, "basis_cutoff": 1}
    assert found(audit(train(), rows, accept=bases), "purity") == {}
    assert found(audit(train(), rows, accept="declared"), "purity").keys() == {
        "basis_column",
        "basis_registry",
        "basis_cutoff",
    }


def test_a_basis_that_is_none_is_refused():
    with pytest.raises(VocabularyError, match="'hearsay'"):
        audit(train(), exam(), accept=["declared", "hearsay"])


def test_rows_that_nobody_has_labelled_are_a_finding():
    report = audit(train(), exam().select_columns(["text"]))
    assert found(report, "purity") == {"unlabelled": len(TALES)}


def test_provenance_columns_that_are_there_in_part_are_an_error():
    with pytest.raises(SchemaError, match="prov_method"):
        audit(train(), exam().remove_columns("prov_method"))


def test_a_label_outside_the_vocabulary_is_an_error():
    with pytest.raises(VocabularyError, match="evaluation"):
        audit(train(), with_columns(exam(), prov_origin=["person"] * 4))


def test_phrases_of_assistants_are_a_finding_whatever_the_label():
    rows = exam(
        ["As an AI language model, I cannot tell you a tale of my own.", TALES[0]], markers=True
    )
    report = audit(train(), rows)
    assert found(report, "purity") == {"markers": 1}
    assert report.summary()["purity"]["markers"] == 1


def test_phrases_that_nobody_looked_for_are_said_to_be_unchecked():
    report = audit(train(), exam())
    assert any("prov_markers" in each for each in report.not_checked)
    assert "markers" not in report.summary()["purity"]


def test_a_row_made_from_what_a_model_wrote_is_a_finding():
    source = train(["By a model."], origin="synthetic")
    rows = exam(TALES[:2], parents=[ids(source), None])
    report = audit(source, rows)
    assert found(report, "purity") == {"synthetic_parent": 1}
    assert report.rows["synthetic_parent"].to_pylist() == [ids(source)[0], None]


def test_lineage_is_followed_through_both_datasets():
    model, told = "By a model.", "Told again."
    middle = train(["Retold."], parents=[ids(exam([model]))])
    rows = exam([model, told], origin=["synthetic", "human"], parents=[None, ids(middle)])
    report = audit(middle, rows)
    assert report.rows["synthetic_parent"].to_pylist() == [None, ids(middle)[0]]


def test_a_human_parent_is_no_finding():
    source = train(OTHERS)
    assert found(audit(source, exam(TALES[:1], parents=[ids(source)])), "purity") == {}


# overlap


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (TALES[0], "exact_copy"),
        (TALES[0].upper().replace(" ", "  "), "normalised_copy"),
        (f"Once more: {TALES[0]} The end.", "shared_run"),
        (" ".join(TALES[0].split()[:13]), "shared_run"),
    ],
)
def test_a_training_row_that_holds_an_evaluation_row_is_found(text, check):
    report = audit(train([*OTHERS, text]), exam())
    assert found(report, "overlap") == {check: 1}


def test_a_run_that_is_a_word_too_short_is_no_finding():
    text = " ".join(TALES[0].split()[:12])
    assert found(audit(train([text]), exam()), "overlap") == {}
    assert found(audit(train([text]), exam(), n=12), "overlap") == {"shared_run": 1}


@pytest.mark.parametrize("words", [5, 8, 12])
def test_a_short_row_is_found_where_it_stands_as_a_whole(words):
    short = " ".join(TALES[0].split()[:words])
    report = audit(train([f"They say: {TALES[0]}"]), exam([short]))
    assert found(report, "overlap") == {"whole_text": 1}


def test_a_short_row_of_which_a_part_is_shared_is_no_finding():
    short = " ".join(TALES[0].split()[:10])
    assert found(audit(train([f"{short[:-8]} or so."]), exam([short])), "overlap") == {}


def test_rows_without_text_have_met_nothing():
    assert found(audit(train(["", OTHERS[0]]), exam(["", TALES[0]])), "overlap") == {}


def test_the_evidence_of_an_overlap_shows_both_rows():
    learned = train(
        [f"Listen. {TALES[1]}"], collected="2021-05-06", url=["https://example.org/tales"]
    )
    (finding,) = audit(learned, exam()).of_kind("overlap")
    (evidence,) = finding.evidence
    assert TALES[1][evidence.start : evidence.end] == evidence.text == TALES[1][:-1]
    assert (evidence.row, evidence.train_id) == (1, ids(learned)[0])
    assert evidence.collected_from == "2021-05-06T00:00:00"
    assert evidence.url == "https://example.org/tales"


def test_a_row_in_several_splits_is_named_with_its_place():
    ds = DatasetDict(
        train=train([*OTHERS, TALES[3]]), validation=exam(TALES[:2]), test=exam(TALES[2:])
    )
    report = audit(ds, ds)
    assert [(e.split, e.row) for e in report.findings[0].evidence] == [("test", 1)]
    assert report.summary("test")["leaked"]["rows"] == 1
    assert report.summary("validation")["leaked"]["rows"] == 0


def test_the_summary_of_several_splits_asks_for_one():
    ds = DatasetDict(train=train(), validation=exam(TALES[:2]), test=exam(TALES[2:]))
    with pytest.raises(UsageError, match="validation, test"):
        audit(ds, ds).summary()
    with pytest.raises(UsageError, match="'dev'"):
        audit(ds, ds).summary("dev")


def test_training_rows_made_from_evaluation_rows_are_found_through_other_rows():
    rows = exam(TALES[:2])
    first, second = "Retold.", "Retold again."
    parents = [[ids(rows)[1]], ids(exam([first])), None]
    learned = train([first, second, *OTHERS], parents=parents)
    report = audit(learned, rows)
    (finding,) = report.of_kind("overlap")
    assert (finding.check, finding.side, finding.rows, finding.of) == ("derived", "train", 2, 3)
    assert [e.detail for e in finding.evidence] == ["made from it", "made from it in 2 steps"]
    assert {e.id for e in finding.evidence} == {ids(rows)[1]}
    assert report.rows["derived_rows"].to_pylist() == [0, 2]
    assert report.summary()["leaked"]["derived"] == 1


def test_training_rows_that_state_no_parents_are_not_said_to_have_none():
    report = audit(train(), exam())
    assert "derived" not in report.summary()["leaked"]
    assert any("training split `train` were made from" in each for each in report.not_checked)


def test_rows_without_labels_are_looked_for_all_the_same():
    bare = exam().select_columns(["text"])
    report = audit(Dataset.from_dict({"text": [TALES[2]]}), bare)
    assert found(report, "overlap") == {"exact_copy": 1}
    assert report.findings[-1].evidence[0].train_id == ids(exam())[2]


# time


@pytest.mark.parametrize(
    ("collected", "check"),
    [
        ("2020-01-01", "copied_from_web"),
        ("2023-01-01", "leaked_into_web"),
        ("2022", "order_unknown"),
        (None, "order_unknown"),
    ],
)
def test_dates_tell_which_way_a_shared_text_went(collected, check):
    learned = train([TALES[0]], collected=collected)
    assert found(audit(learned, exam(), published="2022-05-01"), "time") == {check: 1}


def test_an_evaluation_row_may_have_been_copied_and_leaked():
    learned = train([f"{TALES[0]} {n}" for n in "ab"], collected=["2020-01-01", "2023-01-01"])
    report = audit(learned, exam(), published="2022-05-01")
    assert found(report, "time") == {"copied_from_web": 1, "leaked_into_web": 1}
    by_check = {f.check: f.evidence[0].train_id for f in report.of_kind("time")}
    assert by_check == dict(zip(("copied_from_web", "leaked_into_web"), ids(learned), strict=True))


def test_old_training_rows_without_an_overlap_are_no_finding():
    learned = train(OTHERS, collected="2020-01-01")
    report = audit(learned, exam(), published="2022-05-01")
    assert report.findings == ()
    assert report.collected["sides"] == {"before": 1, "after": 0, "straddling": 0, "undated": 0}


def test_the_overlap_does_not_depend_on_the_publication():
    learned = train([f"{tale} {n}" for n, tale in enumerate(TALES)],
                    collected=["2020-01-01", "2023-01-01", None, "2022"])  # fmt: skip
    plain, dated = (audit(learned, exam(), published=when) for when in (None, "2022-05-01"))
    assert plain.overlap.table.equals(dated.overlap.table)
    assert plain.rows["before"].null_count == len(TALES)


def test_a_publication_that_is_not_given_is_said_to_be_unchecked():
    assert any("published=" in each for each in audit(train(), exam()).not_checked)


# accumulation


def test_human_training_rows_that_were_replaced_are_a_finding():
    before = train(["By hand.", "By hand too."])
    after = train(["By hand.", "By a model."], origin=["human", "synthetic"])
    report = audit(after, exam(), previous=before)
    (finding,) = report.of_kind("accumulation")
    assert (finding.check, finding.rows, finding.of, finding.side) == (
        "human_replaced",
        1,
        2,
        "previous",
    )
    assert finding.evidence[0].id == ids(before)[1]


def test_human_training_rows_that_are_gone_are_a_finding():
    report = audit(train(["By hand."]), exam(), previous=train(["By hand.", "By hand too."]))
    assert found(report, "accumulation") == {"human_lost": 1}


def test_human_training_rows_that_were_kept_are_no_finding():
    before = train(["By hand."])
    after = train(["By hand.", "By a model."], origin=["human", "synthetic"])
    report = audit(after, exam(), previous=before)
    assert report.findings == ()
    assert report.accumulation.changes["synthetic"]["added"].rows == 1


def test_a_label_that_was_taken_back_is_a_finding():
    report = audit(train(["A."], origin="unknown"), exam(), previous=train(["A."]))
    assert found(report, "accumulation") == {"relabelled": 1}


# what is read


def streamed(rows):
    return rows.to_iterable_dataset()


def generated(rows):
    features = Features({"text": Value("string")})
    texts = [{"text": text} for text in rows["text"][:]]
    return IterableDataset.from_generator(lambda: iter(texts), features=features)


@pytest.mark.parametrize("given", [streamed, generated])
def test_streams_are_audited_as_datasets_are(given):
    rows = exam([*TALES[:2], "Why?"])
    report = audit(given(train([*OTHERS, TALES[1]])), given(rows))
    assert found(report, "overlap") == {"exact_copy": 1}
    assert [e.row for e in report.of_kind("overlap")[0].evidence] == [1]


def test_a_training_stream_is_read_once():
    reads = []

    def texts():
        reads.append(1)
        yield {"text": TALES[0]}

    features = Features({"text": Value("string")})
    stream = IterableDataset.from_generator(texts, features=features)
    audit(stream, exam(), published="2022")
    assert len(reads) == 1


def test_a_folder_and_files_are_audited_by_name(tmp_path):
    ds = DatasetDict(train=train([*OTHERS, TALES[0]]), test=exam())
    hfp.save_to_folder(ds, tmp_path / "repo", progress=False, figures=False)
    ds["train"].to_parquet(tmp_path / "train.parquet")
    ds["test"].select_columns("text").to_json(tmp_path / "test.jsonl")
    whole = audit(tmp_path / "repo", tmp_path / "repo")
    files = audit(str(tmp_path / "tr*.parquet"), tmp_path / "test.jsonl")
    assert found(whole, "overlap") == found(files, "overlap") == {"exact_copy": 1}
    assert whole.train == "repo (train)"


def test_text_columns_may_have_other_names_on_the_two_sides():
    learned = Dataset.from_dict({"body": [TALES[0]], "text": ["x"]})
    asked = Dataset.from_dict({"question": TALES, "text": ["y"] * 4})
    report = audit(learned, asked, text="body", evaluation_text="question")
    assert found(report, "overlap") == {"exact_copy": 1}


def test_rows_may_be_named_by_a_column_of_their_own():
    learned = Dataset.from_dict({"text": [TALES[0]], "key": ["t-7"], "day": ["2021-02-03"]})
    asked = Dataset.from_dict({"text": TALES, "key": list("abcd")})
    report = audit(learned, asked, id="key", date="day", published="2022")
    evidence = report.of_kind("time")[0].evidence[0]
    assert (evidence.id, evidence.train_id) == ("a", "t-7")
    assert evidence.collected_from == "2021-02-03T00:00:00"


def test_an_evaluation_set_without_rows_has_nothing_to_find():
    report = audit(train(), exam([]))
    assert (report.findings, report.rows.num_rows) == ((), 0)
    assert "Nothing was found" in report.to_markdown()


def test_training_data_without_rows_has_met_nothing():
    assert audit(train([]), exam(), published="2022").findings == ()


def test_what_cannot_be_found_in_short_rows_is_said():
    report = audit(train(), exam(["Why not?", "?!", *TALES]))
    assert any("1 evaluation rows of fewer than 5 words" in each for each in report.not_checked)
    assert any("1 evaluation rows in which" in each for each in report.not_checked)
    assert report.summary()["leaked"]["too_short"] == 2


# the report


@pytest.fixture(scope="module")
def demo():
    annotator = dataclasses.replace(ANNOTATOR, markers=True)
    raw = load_demo(streaming=True)
    ds = DatasetDict(
        {
            name: Dataset.from_list(list(split), features=split.features)
            for name, split in hfp.annotate(raw, annotator).items()
        }
    )
    return ds, audit(ds, ds, published="2022-11-30")


def planted(demo, split, kind, column):
    rows = demo[0][split]
    pairs = zip(rows["planted_kind"], rows[column], strict=True)
    return sorted(value for each, value in pairs if each == kind)


def test_the_demo_has_the_impure_rows_that_were_planted(demo):
    _, report = demo
    named = {f.check: sorted(e.id for e in f.evidence) for f in report.of_kind("purity")}
    assert named == {
        "origin_synthetic": planted(demo, "test", "impure_synthetic", "prov_id"),
        "origin_unknown": planted(demo, "test", "impure_unknown", "prov_id"),
    }


def test_the_demo_has_the_copies_that_were_planted_and_no_others(demo):
    ds, report = demo
    by_row = dict(zip(ds["test"]["id"], report.rows["overlap"].to_pylist(), strict=True))
    kinds = dict(zip(ds["train"]["planted_of"], ds["train"]["planted_kind"], strict=True))
    kinds = {of: kind for of, kind in kinds.items() if kind not in (None, "model_rewrite")}
    seen = {}
    for of, kind in kinds.items():
        seen.setdefault(kind, []).append(by_row.pop(of))
    assert seen["exact"] == ["exact_copy"] * 20
    assert seen["case+ws"] == ["normalised_copy"] * 20
    assert seen["truncated-80"] + seen["embedded"] == ["shared_run"] * 40
    assert (seen["punct"].count(None), seen["near-2words"].count(None)) == (1, 2)
    assert set(by_row.values()) == {None}


def test_the_demo_has_the_model_rewrites_of_test_rows(demo):
    (finding,) = (each for each in demo[1].findings if each.check == "derived")
    assert sorted(e.train_id for e in finding.evidence) == planted(
        demo, "train", "model_rewrite", "prov_id"
    )


def test_a_report_is_plain_data(demo):
    report = demo[1].to_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["summary"]["test"]["leaked"]["rows"] == 117


def test_the_checks_of_overlap_add_up(demo):
    leaked = demo[1].summary()["leaked"]
    checks = ("exact_copy", "normalised_copy", "shared_run", "whole_text")
    assert leaked["rows"] == sum(leaked[check] for check in checks)


def test_a_report_for_people_shows_at_most_ten_examples_of_a_finding(demo):
    page = demo[1].to_markdown()
    section = page[page.index("## Overlap: shared_run") : page.index("## Overlap: derived")]
    assert section.count("\n| `test`") == 10
    assert f"{demo[1].summary()['leaked']['shared_run'] - 10} more." in section


def test_a_report_for_people_says_what_was_not_checked(demo):
    page = demo[1].to_markdown()
    assert all(f"{each[1:]}." in page for each in demo[1].not_checked)


def test_text_of_the_data_is_no_markup_in_a_report():
    tale = f"<b>bold</b> | `code` {TALES[0]}"
    page = audit(train([*OTHERS, tale]), exam([tale])).to_markdown()
    assert "<b>" not in page
    lines = [line for line in page.splitlines() if "bold" in line]
    assert lines
    assert all(line.count("|") == 6 for line in lines)


def test_a_report_is_one_line_to_a_prompt(demo):
    assert repr(demo[1]).startswith("AuditReport(test against train; found: origin_synthetic 5,")


def test_a_kind_of_finding_that_is_none_is_refused(demo):
    with pytest.raises(UsageError, match="'leaks'"):
        demo[1].of_kind("leaks")


def test_the_table_of_a_report_has_a_row_for_each_evaluation_row(demo):
    report = demo[1]
    assert report.rows.num_rows == 300
    assert isinstance(report.rows, pa.Table)
    assert report.rows["row"].to_pylist() == list(range(300))


def test_code_is_compared_with_its_symbols():
    code = "for i in range(10): total[i] += rows[i] * 2"
    words = "for i in range 10 total i rows i 2 and so on it goes"
    assert found(audit(train([words]), exam([code]), n=8), "overlap") != {}
    report = audit(train([words]), exam([code]), n=8, tokens="code")
    assert found(report, "overlap") == {}
    report = audit(train([f"{code}  # doubled"]), exam([code]), n=8, tokens="code")
    assert report.of_kind("overlap")[0].what.startswith("share 8 or more tokens in a row")
