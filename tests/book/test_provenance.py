"""What made a page: marked as such, with the inputs that are there."""

from __future__ import annotations

from emolib.book.provenance import provenance
from emolib.study.study import load


def test_it_is_marked_and_names_study_subject_and_inputs(tmp_path):
    there = tmp_path / "a"
    there.write_text("x")
    made_by = provenance(load("smoke"), [there, tmp_path / "b"], subject="sub-01")
    page = made_by._repr_mimebundle_()["text/html"]
    assert 'class="emolib-table emolib-provenance"' in page
    assert '<th scope="row">study</th><td>smoke</td>' in page
    values = made_by.frame["value"]
    assert values.index[0] == "subject" and values["subject"] == "sub-01"
    assert values["inputs"].endswith("(1 files)")
    assert provenance(load("smoke")).frame["value"]["inputs"] == "none"
